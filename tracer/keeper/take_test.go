package keeper

import (
	"bufio"
	"bytes"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"tiercel/engine/event/procfs"
	"tiercel/seccomp"
)

// takeVar makes the test binary one that takes the workload of a process, and says what comes of it.
const takeVar = "TIERCEL_TEST_TAKE"

func takeFor(number string) int {
	pid, err := strconv.Atoi(number)
	if err == nil {
		_, err = Take([]int{pid})
	}
	if err != nil {
		os.Stdout.WriteString(err.Error())
		return 1
	}
	return 0
}

// left is a workload that its supervisor has left to a keeper.
type left struct {
	pid, keeper int
	dir         string
	out         *bytes.Buffer
	supervisor  *exec.Cmd
}

// counting opens a file over and over until stop is there, and says how often that worked.
const counting = `echo $$ >pid; n=0; i=0; while [ -e pid ] && [ ! -e stop ]; do : </dev/null && n=$((n+1)); i=$((i+1)); done; [ $i -gt 0 ] && [ $n = $i ] && echo all`

// leave runs a script, which says its number, under a supervisor, and kills that.
// The script ends with its folder, however the test does.
func leave(t *testing.T, script string) *left {
	t.Helper()
	l := &left{out: &bytes.Buffer{}, supervisor: supervisor(t, Continue, os.Getuid(), script)}
	l.supervisor.Stdout, l.dir = l.out, l.supervisor.Dir
	require.NoError(t, l.supervisor.Start())
	for name, number := range map[string]*int{"pid": &l.pid, "keeper": &l.keeper} {
		within(t, 20*time.Second, func() bool {
			b, err := os.ReadFile(filepath.Join(l.dir, name))
			*number, _ = strconv.Atoi(strings.TrimSpace(string(b)))
			return err == nil && *number > 0
		}, "the workload never was ready")
	}
	require.NoError(t, l.supervisor.Process.Kill())
	return l
}

// end has the script end, and returns what it has written.
func (l *left) end(t *testing.T) string {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(l.dir, "stop"), nil, 0o600))
	require.EqualError(t, l.supervisor.Wait(), "signal: killed")
	return l.out.String()
}

// endUnder does the same while a listener that was taken has its calls run.
func (l *left) endUnder(t *testing.T, taken seccomp.Listener) string {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(l.dir, "stop"), nil, 0o600))
	answers(t, taken)
	return l.end(t)
}

// answers lets calls run until there is nobody to make any. That none comes means that one has had no answer.
func answers(t *testing.T, l seccomp.Listener) {
	t.Helper()
	fds := []unix.PollFd{{Fd: int32(l), Events: unix.POLLIN}}
	var call seccomp.Notification
	for fds[0].Revents&unix.POLLHUP == 0 {
		n, err := unix.Poll(fds, 20_000)
		if !errors.Is(err, unix.EINTR) {
			require.NoError(t, err)
			require.NotZero(t, n, "the workload waits for an answer that does not come")
		}
		if fds[0].Revents&unix.POLLIN != 0 {
			ok, err := l.Receive(&call)
			require.NoError(t, err)
			if ok {
				require.NoError(t, l.Continue(call.ID))
			}
		}
	}
	require.NoError(t, l.Close())
}

// receive receives a call.
func receive(t *testing.T, l seccomp.Listener) {
	t.Helper()
	var call seccomp.Notification
	within(t, 20*time.Second, func() bool {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(l), Events: unix.POLLIN}}, 100)
		require.NoError(t, err)
		if n == 0 {
			return false
		}
		ok, err := l.Receive(&call)
		require.NoError(t, err)
		return ok
	}, "no call comes")
}

func TestAWorkloadIsTakenFromItsKeeper(t *testing.T) {
	w := leave(t, counting)
	before := uint64(time.Now().UnixNano())
	for range 2 { // who does not confirm leaves it to the keeper, and to the next
		taken, err := Take([]int{w.pid})
		require.NoError(t, err)
		require.Equal(t, []int{w.pid}, taken.Processes)
		require.Equal(t, "a note", taken.Note)
		require.InDelta(t, before, taken.Since, float64(5*time.Second))
		time.Sleep(50 * time.Millisecond)
		taken.Close()
		require.NoError(t, taken.Listener.Close())
	}
	taken, err := Take([]int{w.pid})
	require.NoError(t, err)
	require.NoError(t, taken.Confirm())
	within(t, 5*time.Second, func() bool { return !runs(t, strconv.Itoa(w.keeper)) }, "the keeper stays")
	require.Equal(t, "all\n", w.endUnder(t, taken.Listener))
}

func TestNoKeeperHasWhatIsOfNoWorkload(t *testing.T) {
	one, two := leave(t, counting), leave(t, counting)
	_, err := Take([]int{os.Getpid()})
	require.ErrorIs(t, err, ErrNone)
	_, err = Take([]int{one.pid, two.pid})
	require.ErrorContains(t, err, "is not of the workload that")
	require.Equal(t, "all\n", one.end(t))
	require.Equal(t, "all\n", two.end(t))
}

// What was made while nobody watched is known by the calls that it makes.
func TestAnOrphanIsOfTheWorkload(t *testing.T) {
	w := leave(t, `echo $$ >pid; until [ -e orphan ]; do sleep 0.01; done; (sh -c 'echo $$ >child; while [ -e pid ] && [ ! -e stop ]; do read line <child; sleep 0.01; done; echo all' &) ; exec sleep 0.1`)
	require.NoError(t, os.WriteFile(filepath.Join(w.dir, "orphan"), nil, 0o600))
	within(t, 20*time.Second, func() bool { return !runs(t, strconv.Itoa(w.pid)) }, "the first process stays")
	b, err := os.ReadFile(filepath.Join(w.dir, "child"))
	require.NoError(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	require.NoError(t, err)
	taken, err := Take([]int{pid})
	require.NoError(t, err)
	require.Contains(t, taken.Processes, pid)
	taken.Close()
	require.Equal(t, "all\n", w.end(t))
}

func TestAnotherUserIsRefused(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root: asks as another user")
	}
	w := leave(t, counting)
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), takeVar+"="+strconv.Itoa(w.pid))
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := cmd.Output()
	require.Error(t, err)
	require.Equal(t, "its keeper refuses: it is another user's", string(out))
	require.Equal(t, "all\n", w.end(t))
}

func TestWhoIsOfTheWorkloadIsRefused(t *testing.T) {
	exe, err := os.Executable()
	require.NoError(t, err)
	w := leave(t, `echo $$ >pid; until [ -e go ]; do sleep 0.01; done; `+takeVar+`=$$ `+exe+`; echo; while [ -e pid ] && [ ! -e stop ]; do sleep 0.01; done`)
	require.NoError(t, os.WriteFile(filepath.Join(w.dir, "go"), nil, 0o600))
	require.Contains(t, w.end(t), "its keeper refuses: who asks is under more seccomp filters")
}

// A process that says it is a keeper does not get at what is others': root would end it for it.
func TestWhatAUsersKeeperNamesIsThatUsersOwn(t *testing.T) {
	w := leave(t, counting)
	uid := os.Getuid()
	require.True(t, mayBeOf(w.pid, uid))
	require.Equal(t, uid == 0, mayBeOf(w.pid, 0))
	require.False(t, mayBeOf(w.pid, uid+1) && uid != 0, "another user's")
	require.False(t, mayBeOf(os.Getpid(), uid), "it is under no filter of ours")
	require.Equal(t, "all\n", w.end(t))
}

func TestNobodyWaitsForAKeeperThatHasEnded(t *testing.T) {
	w := leave(t, counting)
	taken, err := Take([]int{w.pid})
	require.NoError(t, err)
	require.NoError(t, unix.Kill(w.keeper, unix.SIGSTOP))
	receive(t, taken.Listener) // in its place: a call that it does not answer
	require.NoError(t, unix.Kill(w.keeper, unix.SIGKILL))
	if err := taken.Confirm(); err != nil {
		t.Errorf("got %v, want none: it answers no more", err)
	}
	require.Equal(t, "all\n", w.endUnder(t, taken.Listener))
	if _, err := Take([]int{os.Getpid()}); !errors.Is(err, ErrNone) {
		t.Errorf("got %v, want %v", err, ErrNone)
	}
}

// The keeper lets calls run by itself, and has another process offer the workload.
func TestAKeeperOutlivesWhatItOffersBy(t *testing.T) {
	w := leave(t, counting)
	first, err := Take([]int{w.pid})
	require.NoError(t, err)
	offers := procfs.Children(w.keeper)
	require.Len(t, offers, 1)
	require.NoError(t, unix.Kill(offers[0], unix.SIGKILL))
	require.ErrorContains(t, first.Confirm(), "it goes on")
	first.Close()
	require.NoError(t, first.Listener.Close())
	second, err := Take([]int{w.pid})
	require.NoError(t, err)
	require.Equal(t, first.Since, second.Since, "when the supervisor had died")
	require.NotEqual(t, offers, procfs.Children(w.keeper))
	second.Close()
	require.NoError(t, second.Listener.Close())
	require.Equal(t, "all\n", w.end(t))
	within(t, 5*time.Second, func() bool { return !runs(t, strconv.Itoa(w.keeper)) }, "the keeper stays")
}

// Two keepers go on where a supervisor died just before it had the first one end. Both
// are to end, and the first knows more.
func TestAKeeperThatEndsWhenItIsAskedHasNothing(t *testing.T) {
	for _, said := range []string{"", "x", `x{"PID":`} {
		l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(t.TempDir(), "keeper"), Net: "unix"})
		require.NoError(t, err)
		ended := make(chan error, 1)
		go func() {
			conn, err := l.AcceptUnix()
			if err == nil {
				_, err = bufio.NewReader(conn).ReadString('\n')
				_, failed := conn.Write([]byte(said))
				err = errors.Join(err, failed, conn.Close())
			}
			ended <- err
		}()
		conn, err := net.DialUnix("unix", nil, l.Addr().(*net.UnixAddr))
		require.NoError(t, err)
		_, _, err = exchange(conn, request{[]int{1}})
		require.ErrorIs(t, err, ErrNone, said)
		require.NoError(t, errors.Join(<-ended, conn.Close(), l.Close()))
	}
}

func TestAllKeepersOfAWorkloadEnd(t *testing.T) {
	w := leave(t, counting)
	first, err := Take([]int{w.pid})
	require.NoError(t, err)
	second, err := Start(Continue)
	require.NoError(t, err)
	second.Add(w.pid)
	require.NoError(t, second.Keep(first.Listener))
	require.NoError(t, second.Leave())
	first.Close()
	require.NoError(t, first.Listener.Close())

	var both *Taken
	within(t, 5*time.Second, func() bool {
		both, err = Take([]int{w.pid})
		require.NoError(t, err)
		if len(both.from) < 2 {
			both.Close()
			require.NoError(t, both.Listener.Close())
		}
		return len(both.from) == 2
	}, "the second keeper does not offer")
	require.Equal(t, []any{"a note", first.Since}, []any{both.Note, both.Since})
	require.NoError(t, both.Confirm())
	within(t, 5*time.Second, func() bool { return !runs(t, strconv.Itoa(w.keeper)) && !runs(t, strconv.Itoa(second.PID)) }, "a keeper stays")
	done := make(chan string)
	go func() { done <- w.end(t) }()
	answers(t, both.Listener)
	require.Equal(t, "all\n", <-done)
}

func TestAKeeperWithoutAListenerEndsWithItsSupervisor(t *testing.T) {
	for _, mode := range []Mode{Continue, Kill} {
		k, err := Start(mode)
		require.NoError(t, err)
		k.Add(os.Getpid())
		require.NoError(t, k.Leave())
		within(t, 5*time.Second, func() bool { return !runs(t, strconv.Itoa(k.PID)) }, "it stays")
	}
}
