package integration

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// storm has eight shells run so many short processes each.
const storm = `
i=0
while [ $i -lt 8 ]; do
	sh -c 'n=0; while [ $n -lt '$1' ]; do /bin/true; n=$((n + 1)); done' 2>/dev/null &
	i=$((i + 1))
done
wait
echo done
`

// each is how many processes a shell of the storm runs: a tenth of the whole,
// unless TIERCEL_STORM asks for all ten thousand (make test-storm).
func each() int {
	if os.Getenv("TIERCEL_STORM") != "" {
		return 1250
	}
	return 125
}

func TestAStormOfProcessesThatAreKilledLeavesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	underEach(t, func(t *testing.T, way string) {
		dir := t.TempDir()
		var out bytes.Buffer
		cmd := exec.Command(filepath.Join(binaries, "tiercel"), "run", "--stats=ledger", "-o", "json=alerts", "--", "sh", "-c", storm, "storm", strconv.Itoa(each()))
		cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = dir, &out, os.Stderr, time.Second
		cmd.Env = append(os.Environ(), environment(way)...)
		require.NoError(t, cmd.Start())
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		seen := rain(t, cmd.Process.Pid, ended)
		if out.String() != "done\n" {
			t.Errorf("got %q, want the shells to be done", &out)
		}
		seen.check(t)
		checkLedger(t, filepath.Join(dir, "ledger"), 6*each())
	})
}

// weather is what was seen of tiercel during a storm.
type weather struct {
	killed  int
	memory  []int       // resident, in KiB, as time went on
	files   []int       // open
	zombies map[int]int // children that nobody waited for: in how many looks each
}

// rain kills processes of the storm at random until tiercel has ended, and looks at it meanwhile.
func rain(t *testing.T, pid int, ended chan error) (w weather) {
	t.Helper()
	w.zombies = map[int]int{}
	deadline := time.After(5 * time.Minute)
	for look := 0; ; look++ {
		select {
		case err := <-ended:
			require.NoError(t, err)
			return w
		case <-deadline:
			require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
			t.Fatalf("hangs after %d kills", w.killed)
		case <-time.After(2 * time.Millisecond):
		}
		for _, drop := range dropsUnder(pid) {
			if rand.IntN(2) == 0 && syscall.Kill(drop, syscall.SIGKILL) == nil {
				w.killed++
			}
		}
		if look%4 == 0 && w.killed > 0 { // it has started
			w.look(pid)
		}
	}
}

// dropsUnder returns the short processes: those of the shells of the command of tiercel.
func dropsUnder(pid int) (drops []int) {
	for _, command := range children(pid) {
		for _, shell := range children(command) {
			drops = append(drops, children(shell)...)
		}
	}
	return drops
}

// children returns the processes that the threads of one have made.
func children(pid int) (pids []int) {
	tasks, _ := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*/children")
	for _, path := range tasks {
		b, _ := os.ReadFile(path) // gone with its thread
		for _, s := range strings.Fields(string(b)) {
			n, _ := strconv.Atoi(s) // the kernel writes numbers
			pids = append(pids, n)
		}
	}
	return pids
}

func (w *weather) look(pid int) {
	files, _ := os.ReadDir("/proc/" + strconv.Itoa(pid) + "/fd") // gone at its end, as the rest
	resident, _ := strconv.Atoi(statusOf(pid, "VmRSS"))
	if len(files) == 0 || resident == 0 {
		return
	}
	w.files, w.memory = append(w.files, len(files)), append(w.memory, resident)
	for _, child := range children(pid) {
		if statusOf(child, "State") == "Z" {
			w.zombies[child]++
		}
	}
}

// statusOf returns the first word of a line of a process's status; nothing where it is gone.
func statusOf(pid int, key string) string {
	b, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	_, rest, _ := strings.Cut(string(b), "\n"+key+":")
	if words := strings.Fields(rest); len(words) > 0 {
		return words[0]
	}
	return ""
}

// check wants as much of memory and descriptors in the storm's last quarter as in its second.
func (w *weather) check(t *testing.T) {
	t.Helper()
	n := len(w.memory)
	require.GreaterOrEqual(t, n, 4, "looks at tiercel: one for each quarter at least")
	t.Logf("%d killed; resident %d KiB, then %d; descriptors %d, then %d", w.killed,
		most(w.memory[n/4:n/2]), most(w.memory[3*n/4:]), most(w.files[n/4:n/2]), most(w.files[3*n/4:]))
	if before, after := most(w.memory[n/4:n/2]), most(w.memory[3*n/4:]); after > before+8<<10 {
		t.Errorf("resident memory grew from %d to %d KiB", before, after)
	}
	if before, after := most(w.files[n/4:n/2]), most(w.files[3*n/4:]); after > before+16 {
		t.Errorf("open descriptors grew from %d to %d", before, after)
	}
	for pid, looks := range w.zombies {
		if looks > 10 {
			t.Errorf("process %d was a zombie in %d looks", pid, looks)
		}
	}
	if w.killed < each()/5 {
		t.Errorf("got %d kills, want at least %d", w.killed, each()/5)
	}
}

func most(of []int) (m int) {
	for _, n := range of {
		m = max(m, n)
	}
	return m
}

// checkLedger wants every event of a ledger accounted for, and none lost. Of a
// process that was killed before it ran, ptrace may tell the end before the start: then it is not told of.
func checkLedger(t *testing.T, path string, processes int) {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	var ledger struct {
		Processes int
		Blind     []any
		Events    struct{ Seen, Filtered, Queued, Lost int }
	}
	require.NoError(t, json.Unmarshal(b, &ledger))
	if e := ledger.Events; e.Seen != e.Filtered+e.Queued+e.Lost || e.Lost != 0 || len(ledger.Blind) > 0 || ledger.Processes < processes {
		t.Errorf("got %+v, want at least %d processes, seen = filtered + queued, and nothing lost or unseen", ledger, processes)
	}
}
