package keeper

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

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
	for _, pid := range []int{7, 300, 1 << 30} {
		table.set(pid, 1)
	}
	table.set(7, 0)
	var got []int
	other.each(func(pid int) { got = append(got, pid) })
	if len(got) != 1 || got[0] != 300 {
		t.Errorf("got %v, want 300: beyond the table is nobody", got)
	}
}

func TestWhoHasNoFilterIsNotKilled(t *testing.T) {
	cmd := exec.Command("sleep", "1000")
	require.NoError(t, cmd.Start())
	killTree(cmd.Process.Pid)
	time.Sleep(50 * time.Millisecond)
	b, err := os.ReadFile("/proc/" + strconv.Itoa(cmd.Process.Pid) + "/status")
	require.NoError(t, err)
	if !strings.Contains(string(b), "State:\tS") {
		t.Error("a process without a filter was killed")
	}
	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()
}
