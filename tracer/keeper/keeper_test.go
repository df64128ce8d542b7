package keeper

import (
	"bytes"
	"errors"
	"fmt"
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

	"tiercel/engine/event"
	"tiercel/seccomp"
	"tiercel/tracer/launch"
	"tiercel/tracer/sigaction"
)

// superviseVar makes the test binary a supervisor, in the mode that it names.
const superviseVar = "TIERCEL_TEST_SUPERVISE"

func TestMain(m *testing.M) {
	Keep()
	if number := os.Getenv(takeVar); number != "" {
		os.Exit(takeFor(number))
	}
	if mode := os.Getenv(superviseVar); mode != "" {
		if err := supervise(Mode(mode)); err != nil {
			os.Stderr.WriteString(err.Error())
		}
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// supervise has a shell under a filter that watches openat run what the argument
// says, with a keeper, whose number is in the file keeper. It answers until it is killed.
func supervise(mode Mode) error {
	_, l, err := startFiltered(os.Args[1])
	if err != nil {
		return err
	}
	k, err := Start(mode)
	if err == nil {
		err = k.Keep(l)
	}
	if err == nil {
		err = k.Note("a note")
	}
	if err == nil {
		err = os.WriteFile("keeper", []byte(strconv.Itoa(k.PID)+"\n"), 0o600)
	}
	for err == nil {
		var n seccomp.Notification
		if _, err = l.Receive(&n); err == nil {
			k.Received(n.ID)
			k.Add(int(n.TID))
			err = l.Continue(n.ID)
		}
	}
	return err
}

// startFiltered starts a shell that runs a script under the filter.
func startFiltered(script string) (child *launch.Child, l seccomp.Listener, err error) {
	var needs event.Needs
	needs.Rows[event.Lookup("openat")].Match = true
	prog, _, err := seccomp.Compile(&needs, seccomp.ByNotice)
	if err != nil {
		return nil, -1, err
	}
	if child, err = launch.Start(launch.Command{Path: "/bin/sh", Argv: []string{"sh", "-c", script}}); err != nil {
		return nil, -1, err
	}
	if err = errors.Join(child.Ready(), child.Open(prog, seccomp.ByNotice)); err == nil {
		l, err = child.Listener()
	}
	return child, l, err
}

// supervisor returns the command of a supervisor of a script, in an empty folder that is its user's.
func supervisor(t *testing.T, mode Mode, uid int, script string) *exec.Cmd {
	t.Helper()
	if err := seccomp.ProbeListener(); err != nil {
		t.Skipf("needs notifications that no signal interrupts: %v", err)
	}
	dir, err := os.MkdirTemp("", "keeper-")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	cmd := exec.Command("/proc/self/exe", script)
	cmd.Dir, cmd.Stderr, cmd.WaitDelay = dir, os.Stderr, 20*time.Second
	cmd.Env = append(os.Environ(), superviseVar+"="+string(mode))
	if uid != os.Getuid() {
		require.NoError(t, os.Chown(dir, uid, uid))
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
	}
	return cmd
}

// within waits until something is so.
func within(t *testing.T, limit time.Duration, so func() bool, what string) {
	t.Helper()
	for end := time.Now().Add(limit); !so(); time.Sleep(5 * time.Millisecond) {
		require.True(t, time.Now().Before(end), what)
	}
}

// orphaned runs a script under a supervisor, kills that once the file ready is
// there, and returns what the script has written when all who could write are gone,
// and the keeper with them.
func orphaned(t *testing.T, mode Mode, script string) string {
	t.Helper()
	var out bytes.Buffer
	cmd := supervisor(t, mode, os.Getuid(), script)
	cmd.Stdout = &out
	require.NoError(t, cmd.Start())
	within(t, 20*time.Second, func() bool {
		_, err := os.Stat(filepath.Join(cmd.Dir, "ready"))
		return err == nil
	}, "the workload never was ready")
	number, err := os.ReadFile(filepath.Join(cmd.Dir, "keeper"))
	require.NoError(t, err)
	killed := time.Now()
	require.NoError(t, cmd.Process.Kill())
	require.EqualError(t, cmd.Wait(), "signal: killed")
	require.Less(t, time.Since(killed), cmd.WaitDelay, "what is left keeps the output open")
	within(t, 5*time.Second, func() bool { return !runs(t, strings.TrimSpace(string(number))) }, "the keeper stays")
	return out.String()
}

// runs reports whether a process is there, and more than a zombie.
func runs(t *testing.T, pid string) bool {
	b, err := os.ReadFile("/proc/" + pid + "/stat")
	if !errors.Is(err, os.ErrNotExist) && !errors.Is(err, unix.ESRCH) {
		require.NoError(t, err)
	}
	return err == nil && !bytes.Contains(b, []byte(") Z "))
}

func TestTheWorkloadGoesOnWhereItIsToOutlive(t *testing.T) {
	script := `until [ -s keeper ]; do sleep 0.01; done; n=0; i=0; : >ready; sleep 0.3; while [ $i -lt 40 ]; do : </dev/null && n=$((n+1)); i=$((i+1)); done; echo $n of $i`
	if got := orphaned(t, Continue, script); got != "40 of 40\n" {
		t.Errorf("got %q, want 40 of 40 opens", got)
	}
}

func TestTheWorkloadEndsWithItsSupervisor(t *testing.T) {
	script := `(setsid sh -c 'echo $$ >one; sleep 1000' &) ; sh -c 'echo $$ >two; exec sleep 1000' & until [ -s keeper ]; do sleep 0.01; done; sleep 0.2; : >ready; sleep 1000; echo not ended`
	if got := orphaned(t, Kill, script); got != "" {
		t.Errorf("got %q, want nothing, and an end", got)
	}
}

// nobody is the user of the workload, and of its supervisor, that has no privilege.
const nobody = 65534

func TestTheWorkloadCannotTakeTheListenerFromTheKeeper(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root: runs a supervisor as another user")
	}
	script := `until [ -s keeper ]; do sleep 0.01; done; ls /proc/$(cat keeper)/fd 2>&1; echo tried; kill -9 $PPID`
	out, err := supervisor(t, Kill, nobody, script).Output()
	require.EqualError(t, err, "signal: killed")
	if !strings.Contains(string(out), "Permission denied") || !strings.Contains(string(out), "tried") {
		t.Errorf("got %q, want that the keeper's descriptors are closed", out)
	}
}

// kept returns a workload that waits in its first call, and its keeper, which kills it at
// our death. What has become of it is for the caller to say.
func kept(t *testing.T) (child *launch.Child, l seccomp.Listener, k *Keeper) {
	t.Helper()
	child, l, err := startFiltered("sleep 1000")
	require.NoError(t, err)
	t.Cleanup(child.Close)
	k, err = Start(Kill)
	require.NoError(t, err)
	require.NoError(t, k.Keep(l))
	return child, l, k
}

// requireKilled waits for the workload's end.
func requireKilled(t *testing.T, child *launch.Child, when string) {
	t.Helper()
	code, err := child.Wait()
	require.NoError(t, err)
	require.Equal(t, 128+9, code, when)
}

func TestAKeeperThatWasEndedIsMissed(t *testing.T) {
	child, l, k := kept(t)
	require.NoError(t, unix.Kill(k.PID, unix.SIGKILL))
	within(t, 5*time.Second, func() bool { return !runs(t, strconv.Itoa(k.PID)) }, "the keeper stays")
	require.ErrorIs(t, k.EndRest(), ErrGone)
	require.NoError(t, unix.Kill(child.PID, unix.SIGKILL)) // before its execve is refused, which it would tell of
	require.NoError(t, l.Close())
	_, err := child.Wait()
	require.NoError(t, err)
}

// Whatever asks programs to end, or stops them, comes to a whole control group at times.
func TestNoSignalKeepsAKeeperFromItsWork(t *testing.T) {
	for _, when := range []string{"before", "after"} {
		child, l, k := kept(t)
		require.NoError(t, l.Close())
		k.Add(child.PID)
		if when == "after" {
			require.NoError(t, unix.Kill(k.PID, unix.SIGSTOP))
			require.NoError(t, k.alive.Close()) // it does not know yet that its supervisor has ended
		}
		for s := unix.Signal(1); s <= sigaction.Last; s++ {
			if s != unix.SIGKILL && s != unix.SIGSTOP && s != unix.SIGCONT {
				require.NoError(t, unix.Kill(k.PID, s))
			}
		}
		if when == "before" {
			require.NoError(t, k.alive.Close())
		}
		require.NoError(t, unix.Kill(k.PID, unix.SIGCONT))
		requireKilled(t, child, when)
		require.True(t, k.wait(), when)
	}
}

// resident is what a keeper may take while it waits, in KiB: a C program's page or two, not Go's runtime.
const resident = 2048

func TestAKeeperThatWaitsTakesLittleMemory(t *testing.T) {
	child, l, k := kept(t)
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", k.PID))
	require.NoError(t, err)
	_, line, _ := strings.Cut(string(b), "VmRSS:")
	got := 0
	_, err = fmt.Sscan(line, &got)
	require.NoError(t, err)
	t.Logf("%d KiB resident", got)
	if got == 0 || got > resident {
		t.Errorf("got %d KiB, want %d at the most", got, resident)
	}
	require.NoError(t, unix.Kill(child.PID, unix.SIGKILL))
	_, err = child.Wait()
	require.NoError(t, err)
	require.NoError(t, errors.Join(l.Close(), k.Dismiss()))
}

// The keeper is on its way, and the command waits for the answer to its execve.
func TestTheWorkloadEndsThoughTheSupervisorDiesBeforeTheKeeperKeeps(t *testing.T) {
	child, l, err := startFiltered("sleep 1000")
	require.NoError(t, err)
	defer child.Close()
	k, err := Start(Kill)
	require.NoError(t, err)
	require.NoError(t, unix.Sendmsg(int(k.alive.Fd()), []byte{given}, unix.UnixRights(int(l)), nil, 0))
	require.NoError(t, k.alive.Close())
	code, err := child.Wait()
	require.NoError(t, err)
	require.Equal(t, 128+9, code)
	require.True(t, k.wait())
}

func TestToTellOfAProcessCostsNoAllocation(t *testing.T) {
	_, table, err := newTable()
	require.NoError(t, err)
	k := &Keeper{table: table}
	if n := testing.AllocsPerRun(100, func() { k.Add(4711); k.Remove(4711) }); n != 0 {
		t.Errorf("got %v allocations, want none", n)
	}
}

func TestTheTableHasWhoWasAddedAndNotRemoved(t *testing.T) {
	f, table, err := newTable()
	require.NoError(t, err)
	other, err := openTable(int(f.Fd()))
	require.NoError(t, err)
	for _, pid := range []int{7, 300, 30000, 1 << 30} {
		table.set(pid, uint64(pid))
	}
	table.set(7, 0)
	table.receive(4711)
	var got []int
	require.NoError(t, other.each(int(f.Fd()), func(pid int, when uint64) { got = append(got, pid, int(when)) }))
	require.Equal(t, []int{300, 300, 30000, 30000}, got, "beyond the table is nobody, and 0 is no process")
	require.EqualValues(t, 4711, other.get(0))
}

func TestAListOfAllProcessesTakesMemoryForThoseOfTheWorkload(t *testing.T) {
	f, table, err := newTable()
	require.NoError(t, err)
	table.set(300, 1)
	require.NoError(t, table.each(int(f.Fd()), func(int, uint64) {}))
	var st unix.Stat_t
	require.NoError(t, unix.Fstat(int(f.Fd()), &st))
	if got := st.Blocks * 512; got > 8192 {
		t.Errorf("got %d bytes, want a page or two", got)
	}
}

// The limit is that of a shell's ulimit -f; Go would end at the signal that says it is exceeded.
func TestTheTableFitsInWhatFilesMayBe(t *testing.T) {
	var was unix.Rlimit
	require.NoError(t, unix.Getrlimit(unix.RLIMIT_FSIZE, &was))
	t.Cleanup(func() { require.NoError(t, unix.Setrlimit(unix.RLIMIT_FSIZE, &was)) })
	for _, limit := range []uint64{0, 5001} {
		require.NoError(t, unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: limit, Max: was.Max}))
		f, table, err := newTable()
		require.NoError(t, err)
		table.set(1, 1)
		table.set(30000, 1)
		var got []int
		require.NoError(t, table.each(int(f.Fd()), func(pid int, _ uint64) { got = append(got, pid) }))
		if len(got) != int(min(limit, 1)) {
			t.Errorf("limit %d: got %v", limit, got)
		}
		require.NoError(t, table.close())
	}
}

func TestWhoHasANumberThatWasAnothersIsNotKilled(t *testing.T) {
	for _, c := range []struct {
		name string
		at   func() uint64
		want string
	}{
		{"added before it started", func() uint64 { return now() - uint64(time.Minute) }, "signal: terminated"},
		{"added since", now, "signal: killed"},
	} {
		child, l, k := kept(t)
		cmd := exec.Command("sleep", "1000")
		require.NoError(t, cmd.Start())
		k.table.set(cmd.Process.Pid, c.at())
		k.Add(child.PID)
		require.NoError(t, errors.Join(l.Close(), k.Leave()))
		requireKilled(t, child, c.name)
		within(t, 5*time.Second, func() bool { return !runs(t, strconv.Itoa(k.PID)) }, "the keeper stays")
		require.NoError(t, cmd.Process.Signal(unix.SIGTERM))
		require.EqualError(t, cmd.Wait(), c.want, c.name)
	}
}
