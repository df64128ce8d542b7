package tracer

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tiercel/engine/event"
	"tiercel/engine/event/procfs"
	"tiercel/seccomp"
	"tiercel/tracer/keeper"
	"tiercel/tracer/launch"
)

// leaveVar makes the test binary a supervisor of a shell's script, which is to be killed.
const leaveVar = "TIERCEL_TEST_LEAVE"

func superviseScript(script string) error {
	command, err := launch.Find([]string{"sh", "-c", script})
	if err != nil {
		return err
	}
	needs := watching("openat")
	filter, _, err := seccomp.Compile(needs, seccomp.ByNotice)
	if err != nil {
		return err
	}
	child, err := launch.Start(command)
	if err != nil {
		return err
	}
	tr := New(Config{Child: child, Needs: needs, Filter: filter, Gate: verdict(event.Watch), Linger: true, Stops: seccomp.ByNotice, OnDeath: keeper.Continue})
	ring := event.NewRing(0)
	go func() { _ = ring.Drain(context.Background(), func(event.Event) {}) }() // it ends with the process
	return tr.Run(context.Background(), ring)
}

// eventually waits until something is so.
func eventually(t *testing.T, so func() bool, what string) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !so(); time.Sleep(5 * time.Millisecond) {
		require.True(t, time.Now().Before(end), what)
	}
}

// leave starts a script under a supervisor, kills that, and takes what is left.
func leave(t *testing.T, script string) (taken *keeper.Taken, pid int, dir string) {
	t.Helper()
	needsNotices(t)
	dir = t.TempDir()
	cmd := exec.Command("/proc/self/exe")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), leaveVar+"="+script)
	require.NoError(t, cmd.Start())
	eventually(t, func() bool {
		b, err := os.ReadFile(filepath.Join(dir, "pid"))
		pid, _ = strconv.Atoi(strings.TrimSpace(string(b)))
		return err == nil && pid > 0
	}, "the script never began")
	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait() // it was killed
	mem, err := os.Open("/proc/" + strconv.Itoa(pid) + "/mem")
	if err != nil {
		goesOn(t, dir)
		t.Skipf("needs to trace what it has not started, which Yama may refuse: %v", err)
	}
	require.NoError(t, mem.Close())
	taken, err = keeper.Take([]int{pid})
	require.NoError(t, err)
	return taken, pid, dir
}

// holding opens a file over and over, as long as pid is there, and has a handler.
const holding = `trap : USR1; echo $$ >pid; while [ -e pid ]; do : </dev/null; done; echo ended >end`

func TestWhatWasTakenOverIsWatchedAndLeftUntraced(t *testing.T) {
	taken, pid, dir := leave(t, holding)
	tr := New(Config{Taken: taken, Needs: watching("openat"), Gate: verdict(event.Watch), Stops: seccomp.ByNotice, OnDeath: keeper.Continue})
	ctx, end := context.WithCancel(context.Background())
	defer end()
	ring := event.NewRing(0)
	drained, ran := make(chan []event.Event), make(chan error)
	go func() {
		var events []event.Event
		_ = ring.Drain(context.Background(), func(ev event.Event) { events = append(events, append(event.Event(nil), ev...)) }) // this context does not end
		drained <- events
	}()
	go func() { ran <- tr.Run(ctx, ring) }()
	eventually(t, func() bool { tracer, _ := procfs.Tracer(pid); return tracer != 0 }, "what has a handler is not held")
	time.Sleep(200 * time.Millisecond)
	end()
	require.NoError(t, <-ran)
	tracer, alive := procfs.Tracer(pid)
	require.True(t, alive)
	require.Zero(t, tracer, "it is let go before this process ends")

	events := <-drained
	opens := rows(events, "openat")
	require.NotEmpty(t, opens)
	require.Equal(t, pid, opens[0].PID())
	var told []int
	for _, ev := range events {
		if ev.RowIndex() == event.RowProcInfo {
			told = append(told, ev.PID())
		}
	}
	require.Contains(t, told, pid)
	require.Equal(t, procfs.Ancestors(pid), told, "makers before what they made")
	blind := tr.Counters().Blind
	require.Len(t, blind, 1)
	require.Equal(t, []any{pid, whyUnwatched, taken.Since}, []any{blind[0].PID, blind[0].Why, blind[0].From})
	require.Greater(t, blind[0].To, blind[0].From)

	goesOn(t, dir)
}

// goesOn has what holds end, which is its last deed in the folder.
func goesOn(t *testing.T, dir string) {
	t.Helper()
	require.NoError(t, os.Remove(filepath.Join(dir, "pid")))
	eventually(t, func() bool { _, err := os.Stat(filepath.Join(dir, "end")); return err == nil }, "the workload does not go on")
}

func TestTheFilterOfWhatWasTakenIsKnown(t *testing.T) {
	taken, _, dir := leave(t, holding)
	defer taken.Close()
	stops, err := Filtered(taken)
	require.NoError(t, err)
	require.Equal(t, seccomp.Watches(watching("openat"), seccomp.ByNotice), stops)
	goesOn(t, dir)
	_, err = Filtered(&keeper.Taken{})
	require.ErrorContains(t, err, "read what the filter stops")
}
