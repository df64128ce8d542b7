package integration

import (
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// mayTake is the memory that a watch may have taken a moment after its start, in
// kilobytes. For eBPF the kernel's types are read.
var mayTake = map[string]int{traced: 25_000, noticed: 25_000, byEBPF: 40_000}

func TestAWatchTakesLittleMemory(t *testing.T) {
	underEach(t, func(t *testing.T, way string) {
		out, err := underWatch(way, "sh", "-c", "sleep 0.3; grep VmHWM /proc/$PPID/status").Output()
		require.NoError(t, err)
		words := strings.Fields(string(out))
		require.Len(t, words, 3)
		peak, err := strconv.Atoi(words[1])
		require.NoError(t, err)
		if peak > mayTake[way] {
			t.Errorf("got %d kB at most, want no more than %d", peak, mayTake[way])
		}
	})
}

// What the start of a watch costs: true watched, each time beside true bare.
func BenchmarkStart(b *testing.B) {
	for _, way := range ways {
		b.Run(way, func(b *testing.B) {
			if err := refusal(way); err != nil {
				b.Skipf("no command can be watched by %s: %v", way, err)
			}
			var bare time.Duration
			for b.Loop() {
				b.StopTimer()
				begin := time.Now()
				require.NoError(b, exec.Command("true").Run())
				bare += time.Since(begin)
				b.StartTimer()
				require.NoError(b, underWatch(way, "true").Run())
			}
			b.ReportMetric(float64(bare.Nanoseconds())/float64(b.N), "bare-ns/op")
		})
	}
}
