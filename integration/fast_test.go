package integration

import (
	"bytes"
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// capturer returns the program that runs a command with its opens captured in
// process, and in other ways: the experiment that FAST.md tells of.
func capturer(t testing.TB) string {
	t.Helper()
	if runtime.GOARCH != "amd64" {
		t.Skip("needs x86_64: the experiment has its machine code")
	}
	if err := refusal(noticed); err != nil {
		t.Skipf("no command can be watched by %s: %v", noticed, err)
	}
	return compiled(t, "fast/fast", "-no-pie", filepath.Join("testdata", "fast", "page.S"))
}

// outcomeOf runs a command, and returns what it printed and how it ended.
func outcomeOf(t *testing.T, command ...string) string {
	t.Helper()
	var out bytes.Buffer
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = t.TempDir(), &out, &out
	if err := cmd.Run(); err != nil {
		out.WriteString(err.Error())
	}
	return strings.TrimSpace(out.String())
}

// What is wrong with in-process capture, each by a program that by notification does
// what it does bare. Where one of these fails, FAST.md is to be thought over.
func TestInProcessCaptureIsUnsound(t *testing.T) {
	fast, deeds := capturer(t), compiled(t, "fast/deeds")
	low := compiled(t, "fast/deeds", "-no-pie", "-Wl,--section-start=.early=0x200000") // where the pages would be
	for _, c := range []struct {
		name, program, deed string
		differs             string // how it comes out in process, if not as bare
		told, captured      bool   // whether it is seen to open what the test of the pages does not pass: by notification, in process
	}{
		{"what does nothing of the kind is seen", deeds, "opens", "", true, true},
		{"a jump to the instruction that passes is unseen", deeds, "jump", "", true, false},
		{"code mapped in the place of the pages is unseen", deeds, "map", "", true, false},
		{"a program that was linked to be in their place is unseen", low, "opens", "", true, false},
		{"a bad pointer kills", deeds, "pointer", "exit status 139", false, false},
		{"a thread in another call of the site comes back into the jump", deeds, "thread", "read 0", false, false},
		{"who unwinds the stack gets no further than the pages", deeds, "backtrace", "cut off", false, false},
		{"a program's code is not what it was", deeds, "text", "changed", false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			bare := outcomeOf(t, c.program, c.deed)
			if got, seen := captured(t, fast, "notify", c.program, c.deed); got != bare || seen != c.told {
				t.Errorf("by notification: got %q, seen %v, want %q, %v", got, seen, bare, c.told)
			}
			got, seen := captured(t, fast, "fast", c.program, c.deed)
			if want := cmp.Or(c.differs, bare); got != want || seen != c.captured {
				t.Errorf("in process: got %q, seen %v, want %q, %v", got, seen, want, c.captured)
			}
		})
	}
}

// captured runs a command in one of the experiment's ways, and returns how it comes
// out, and whether it was seen to open the file that no one is to read unseen.
func captured(t *testing.T, fast, way string, command ...string) (outcome string, secret bool) {
	t.Helper()
	ledger := filepath.Join(t.TempDir(), "ledger")
	outcome = outcomeOf(t, append([]string{fast, way, ledger}, command...)...)
	b, err := os.ReadFile(ledger)
	require.NoError(t, err)
	return outcome, bytes.Contains(b, []byte("seen /etc/shadow\n"))
}

// BenchmarkInProcessCapture tells how much longer a load takes in each of the
// experiment's ways than bare: the ratio of medians of runs in turn.
func BenchmarkInProcessCapture(b *testing.B) {
	fast, deeds := capturer(b), compiled(b, "fast/deeds")
	for _, load := range []struct{ name, script string }{
		{"open", deeds + " cost"},
		{"find", "find /usr/share -xdev"},
		{"sh", "i=0; while [ $i -lt 100 ]; do /bin/true; i=$((i + 1)); done"},
		{"cc", "printf '#include <stdio.h>\n#include <stdlib.h>\n' >x.c; for i in 1 2 3 4 5 6 7 8; do cc -c x.c; done"},
	} {
		b.Run(load.name, func(b *testing.B) {
			took := map[string][]time.Duration{}
			for b.Loop() {
				for _, way := range []string{"bare", "floor", "inject", "notify", "fast", "all"} {
					took[way] = append(took[way], timedRun(b, fast, way, load.script))
				}
			}
			bare := middle(took["bare"])
			for _, way := range []string{"floor", "inject", "notify", "fast", "all"} {
				b.ReportMetric(float64(middle(took[way]))/float64(bare), way+"/bare")
			}
		})
	}
}

// timedRun returns how long a script takes in one of the ways.
func timedRun(b *testing.B, fast, way, script string) time.Duration {
	words := []string{fast, way, "-", "sh", "-c", script}
	if way == "bare" {
		words = words[3:]
	}
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Dir = b.TempDir()
	begun := time.Now()
	require.NoError(b, cmd.Run())
	return time.Since(begun)
}

func middle(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}
