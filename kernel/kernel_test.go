package kernel

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"tiercel/engine/event"
)

// deedsName is in the environment of a process that these tests watch, and says what it does.
const deedsName = "TIERCEL_TEST_DEEDS"

// deeds are what a watched process can do, before it says that it is ready and waits.
var deeds = map[string]func(folder string){"sockets": useSockets, "files": useFiles}

// What does a deed must be the process's first thread, as /proc is asked of that. On
// a busy machine main may start elsewhere, unless its thread is locked before.
func init() {
	if deeds[os.Getenv(deedsName)] != nil {
		runtime.LockOSThread()
	}
}

func TestMain(m *testing.M) {
	Keep()
	if os.Args[0] == workerName {
		work()
		return
	}
	if do := deeds[os.Getenv(deedsName)]; do != nil {
		do(os.Args[1])
		_, _ = os.Stdout.WriteString("ready\n")
		_, _ = unix.Read(0, make([]byte, 1)) // not by os.Stdin, which opens what polls
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// calls are the numbers of the calls that these tests watch.
var calls = map[event.Call]int{
	{Number: unix.SYS_CHDIR}:      event.Lookup("chdir"),
	{Number: unix.SYS_SETSOCKOPT}: event.Lookup("setsockopt"),
	{Number: unix.SYS_OPENAT}:     event.Lookup("openat"),
	{Number: unix.SYS_SOCKET}:     event.Lookup("socket"),
	{Number: unix.SYS_UNLINKAT}:   event.Lookup("unlinkat"),
	{Number: unix.SYS_FCHMOD}:     event.Lookup("fchmod"),
}

// everything is a gate that lets all events pass.
type everything struct{}

func (everything) Decide(event.Event) event.Verdict { return event.Watch }

// needUsable skips where the probe cannot be loaded.
func needUsable(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("eBPF programs are loaded as root")
	}
	if err := Supported(); err != nil {
		t.Skipf("eBPF cannot be used here: %v", err)
	}
}

// watch is a probe at work, and the events that came of it.
type watch struct {
	probe  *Probe
	ended  chan error
	events []event.Event
}

// newWatch loads a probe that watches what this process starts, or skips the test.
func newWatch(t *testing.T, needs *event.Needs) *watch {
	t.Helper()
	needUsable(t)
	p, err := New(Config{Needs: needs, Calls: calls, Gate: everything{}, Tree: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.Close()) })
	w := &watch{probe: p, ended: make(chan error, 1)}
	ring := event.NewRing(1 << 20)
	go func() {
		var drained sync.WaitGroup
		drained.Go(func() {
			_ = ring.Drain(context.Background(), func(ev event.Event) { w.events = append(w.events, slices.Clone(ev)) })
		})
		err := p.Run(context.Background(), ring)
		drained.Wait()
		w.ended <- err
	}()
	return w
}

// await returns the events of the process, once it has ended.
func (w *watch) await(t *testing.T, pid int) (events []event.Event) {
	t.Helper()
	require.NoError(t, <-w.ended)
	require.Zero(t, w.probe.Counters().Lost)
	for _, ev := range w.events {
		if ev.PID() == pid && ev.Row().When != event.Pseudo {
			events = append(events, ev)
		}
	}
	return events
}

// subject is a process that does something, and waits until it is told to end.
type subject struct {
	pid int
	end func()
}

// start starts one and waits until it has done what it does. It is the second
// image of its process, as a command that is launched is.
func start(t *testing.T, name, folder string) *subject {
	t.Helper()
	cmd := exec.Command("env", os.Args[0], folder)
	cmd.Env = []string{deedsName + "=" + name, "PATH=" + os.Getenv("PATH"), "MARK=here"}
	cmd.Dir = folder
	cmd.Stderr = os.Stderr
	hold, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	end := sync.OnceFunc(func() {
		_ = hold.Close()
		_ = cmd.Wait() // what it was told is to end
	})
	t.Cleanup(end)
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "ready\n", line)
	return &subject{cmd.Process.Pid, end}
}
