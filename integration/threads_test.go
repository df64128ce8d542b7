package integration

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// crowd is how many threads a process has at once, how many calls it makes
// meanwhile, and how many threads it has one after the other: in make test a few,
// with TIERCEL_STORM all (make test-storm).
func crowd() (threads, calls, later int) {
	if os.Getenv("TIERCEL_STORM") != "" {
		return 10_000, 10_000, 200_000
	}
	return 1_000, 2_000, 5_000
}

// What tiercel keeps of a thread is small, and it keeps none that is gone.
func TestThreadsTakeLittleMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	program := compiled(t, "threads")
	threads, calls, later := crowd()
	underEach(t, func(t *testing.T, way string) {
		cmd := exec.Command(filepath.Join(binaries, "tiercel"), "run", "--", program, strconv.Itoa(threads), strconv.Itoa(calls), strconv.Itoa(later))
		var out bytes.Buffer
		cmd.Env, cmd.Stdout, cmd.Stderr = append(os.Environ(), environment(way)...), &out, os.Stderr
		require.NoError(t, cmd.Run())
		var got struct { // resident, in KiB; and in microseconds
			Before, With, After, Later int
			Call, Thread               float64
		}
		require.NoError(t, json.Unmarshal(out.Bytes(), &got))
		t.Logf("%d threads, then %d in turn: %+v", threads, later, got)
		if got.Before == 0 || got.With > got.Before+4<<10+threads {
			t.Errorf("%d threads took from %d to %d KiB, want at most 1 KiB each", threads, got.Before, got.With)
		}
		if got.Later > got.After+8<<10 {
			t.Errorf("%d threads in turn took from %d to %d KiB, want no more", later, got.After, got.Later)
		}
	})
}
