package tracer

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"tiercel/engine/event"
	"tiercel/seccomp"
)

// needsNotices skips where calls cannot be told of by notifications.
func needsNotices(t *testing.T) {
	t.Helper()
	if err := seccomp.ProbeListener(); err != nil {
		t.Skipf("needs notifications that no signal interrupts: %v", err)
	}
}

// Each process that is alive wants a descriptor to tell of its end, and how it ended
// is not known of one that had none and was waited for.
func TestMoreProcessesThanDescriptorsAreFollowedToTheirEnds(t *testing.T) {
	needsNotices(t)
	var limit unix.Rlimit
	require.NoError(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &limit))
	require.NoError(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 64, Max: limit.Max}))
	defer func() { require.NoError(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &limit)) }()
	script := "i=0; while [ $i -lt 150 ]; do sleep 60 & p=\"$p $!\" i=$((i + 1)); done; kill -9 $p; wait; exit 3"
	tr, events, err := runThrough(t, seccomp.ByNotice, watching(), verdict(event.Drop), "sh", "-c", script)
	require.NoError(t, err)
	if got := len(rows(events, "procexit")); tr.ExitCode() != 3 || got != 151 || len(tr.threads) != 0 {
		t.Errorf("got status %d, %d ends, and %d threads left, want 3, 151, and none", tr.ExitCode(), got, len(tr.threads))
	}
}

// compiled returns the program of a C source below testdata.
func compiled(t *testing.T, name string) string {
	t.Helper()
	if _, err := exec.LookPath("cc"); err != nil {
		t.Skip("needs a C compiler")
	}
	path := filepath.Join(t.TempDir(), name)
	out, err := exec.Command("cc", "-Wall", "-pthread", "-o", path, filepath.Join("testdata", name+".c")).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return path
}

// To seize a thread whose process executes is to wait for that, and it waits for
// the ends of the threads that are seized already to be told.
func TestAThreadExecutesWhileTheCallsOfOthersAreFollowed(t *testing.T) {
	needsNotices(t)
	program := compiled(t, "exec")
	tr, events, err := runThrough(t, seccomp.ByNotice, watching("open", "openat", "execve"), verdict(event.Watch), program, "50")
	require.NoError(t, err)
	if got := len(rows(events, "execve")); tr.ExitCode() != 5 || got != 51 || len(tr.Counters().Blind) != 0 {
		t.Errorf("got status %d, %d execve, blind %v, want 5, 51 and none", tr.ExitCode(), got, tr.Counters().Blind)
	}
}

func TestAThreadWhoseForkFailedIsNotTraced(t *testing.T) {
	needsNotices(t)
	tr, _, err := runThrough(t, seccomp.ByNotice, watching("open", "openat"), verdict(event.Drop), compiled(t, "fork"))
	require.NoError(t, err)
	if tr.ExitCode() != 0 {
		t.Errorf("got status %d, want 0", tr.ExitCode())
	}
}

func TestAGarbageCollectionDoesNotWaitForPoll(t *testing.T) {
	if !severalProcessors {
		t.Skip("needs two processors: with one, poll does not go around the scheduler")
	}
	var ends [2]int
	require.NoError(t, unix.Pipe2(ends[:], unix.O_CLOEXEC))
	const long = 20 * time.Second
	over, begin := make(chan unix.Errno), time.Now()
	go func() {
		_, errno := pollAround([]unix.PollFd{{Fd: int32(ends[0]), Events: unix.POLLIN}}, long)
		over <- errno
	}()
	for errno := unix.Errno(0); errno == 0; {
		runtime.GC()
		select {
		case errno = <-over:
			require.Equal(t, unix.EINTR, errno)
		default:
		}
	}
	require.Less(t, time.Since(begin), long/2)
	require.NoError(t, errors.Join(unix.Close(ends[0]), unix.Close(ends[1])))
}

// Any number can be named, and what is noted of it is let go with its process.
func TestNothingIsNotedOfWhoIsNotFollowed(t *testing.T) {
	d := New(Config{Needs: &event.Needs{}, Stops: seccomp.ByNotice}).door.(*noticed)
	th, stop := &thread{tid: 2, pid: 2}, &Stop{TID: 2}
	for _, tid := range []int{1 << 30, os.Getpid(), 0, -1} {
		require.False(t, d.makeWay(th, stop, tid))
		require.Nil(t, th.attaches)
	}
}

func TestTheCallsThatWaitAreRows(t *testing.T) {
	if waits()[-1] {
		t.Error("got a name that is no row's")
	}
}
