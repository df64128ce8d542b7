package keeper

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"tiercel/engine/event"
	"tiercel/seccomp"
)

// superviseVar makes the test binary a supervisor, in the mode that it names.
const superviseVar = "TIERCEL_TEST_SUPERVISE"

func TestMain(m *testing.M) {
	Keep()
	if mode := os.Getenv(superviseVar); mode != "" {
		if err := supervise(Mode(mode)); err != nil {
			os.Stderr.WriteString(err.Error())
		}
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// supervise has a shell under a filter that watches openat run what the argument
// says, with a keeper. It answers until it is killed.
func supervise(mode Mode) error {
	l, err := startFiltered()
	if err != nil {
		return err
	}
	k, err := Start(l, mode)
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

// startFiltered starts the shell from a thread that has the filter, which the shell inherits.
func startFiltered() (l seccomp.Listener, err error) {
	var needs event.Needs
	needs.Rows[event.Lookup("openat")].Match = true
	prog, _, err := seccomp.Compile(&needs, seccomp.ByNotice)
	if err != nil {
		return -1, err
	}
	installed := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the filter is for good
		l, err = prog.InstallListener()
		installed <- err
		_, _ = syscall.ForkExec("/bin/sh", []string{"sh", "-c", os.Args[1]}, &syscall.ProcAttr{Env: os.Environ(), Files: []uintptr{0, 1, 2}}) // else the test waits in vain, and says so
		select {}
	}()
	return l, <-installed
}

// orphaned runs a script under a supervisor, kills that once the file ready is
// there, and returns what the script has written when all who could write are gone.
func orphaned(t *testing.T, mode Mode, script string) string {
	t.Helper()
	if err := seccomp.ProbeListener(); err != nil {
		t.Skipf("needs notifications that no signal interrupts: %v", err)
	}
	var out bytes.Buffer
	cmd := exec.Command("/proc/self/exe", script)
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = t.TempDir(), &out, os.Stderr, 20*time.Second
	cmd.Env = append(os.Environ(), superviseVar+"="+string(mode))
	require.NoError(t, cmd.Start())
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(filepath.Join(cmd.Dir, "ready")); err == nil {
			break
		}
		require.True(t, time.Now().Before(end), "the workload never was ready")
	}
	require.NoError(t, cmd.Process.Kill())
	require.EqualError(t, cmd.Wait(), "signal: killed", "what is left keeps the output open")
	return out.String()
}

func TestTheWorkloadGoesOnWhereItIsToOutlive(t *testing.T) {
	script := `n=0; i=0; : >ready; sleep 0.3; while [ $i -lt 40 ]; do : </dev/null && n=$((n+1)); i=$((i+1)); done; echo $n of $i`
	if got := orphaned(t, Continue, script); got != "40 of 40\n" {
		t.Errorf("got %q, want 40 of 40 opens", got)
	}
}

func TestTheWorkloadEndsWithItsSupervisor(t *testing.T) {
	script := `(setsid sh -c 'echo $$ >one; sleep 1000' &) ; sh -c 'echo $$ >two; exec sleep 1000' & sleep 0.2; : >ready; sleep 1000; echo not ended`
	if got := orphaned(t, Kill, script); got != "" {
		t.Errorf("got %q, want nothing, and an end", got)
	}
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
	require.EqualValues(t, 4711, other.received())
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
		cmd := exec.Command("sleep", "1000")
		require.NoError(t, cmd.Start())
		killTree(cmd.Process.Pid, c.at())
		require.NoError(t, cmd.Process.Signal(unix.SIGTERM))
		require.EqualError(t, cmd.Wait(), c.want, c.name)
	}
}
