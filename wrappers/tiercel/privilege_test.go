package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// dropped makes a process of this test one that drops its privileges and prints what its threads have left.
const dropped = "TIERCEL_TEST_DROPPED"

// inChild runs this test alone in a process of its own, and returns what that printed.
func inChild(t *testing.T) string {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), dropped+"=1")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return string(out)
}

// manyThreads has threads in calls that block, so that there are some that run no Go code.
func manyThreads(t *testing.T) {
	t.Helper()
	var ready sync.WaitGroup
	for range 8 {
		ready.Add(1)
		go func() {
			var fds [2]int
			if err := unix.Pipe(fds[:]); err != nil {
				panic(err)
			}
			ready.Done()
			_, _ = unix.Read(fds[0], make([]byte, 1)) // for ever
		}()
	}
	ready.Wait()
}

func TestPrivilegesAreDroppedInEveryThread(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("wants root: an ordinary user has nothing to drop")
	}
	if os.Getenv(dropped) == "" {
		checkDropped(t, inChild(t))
		return
	}
	other := exec.Command("cat") // it ends with its input: there is no privilege left to kill it
	other.Env, other.SysProcAttr = []string{"SECRET=1"}, &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	input, err := other.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, other.Start())
	defer func() { _, _ = input.Close(), other.Wait() }()
	manyThreads(t)
	require.NoError(t, dropPrivileges(zerolog.Nop()))
	tasks, err := filepath.Glob("/proc/self/task/*/status")
	require.NoError(t, err)
	for _, path := range tasks {
		status, err := os.ReadFile(path)
		require.NoError(t, err)
		fmt.Printf("thread\n%s", status)
	}
	got, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
	require.NoError(t, err)
	fmt.Printf("dumpable %d\n", got)
	env, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", other.Process.Pid))
	fmt.Printf("another user's environment: %q, %v\n", env, err)
}

func checkDropped(t *testing.T, out string) {
	const kept = 1<<unix.CAP_BPF | 1<<unix.CAP_SYS_PTRACE | 1<<unix.CAP_DAC_READ_SEARCH
	threads := strings.Count(out, "thread\n")
	if threads < 8 {
		t.Fatalf("got %d threads, want 8 or more:\n%s", threads, out)
	}
	have, err := effective()
	require.NoError(t, err)
	left := fmt.Sprintf("%016x", have&kept)
	for name, want := range map[string]string{"CapInh": "0000000000000000", "CapPrm": left, "CapEff": left, "CapBnd": "0000000000000000", "CapAmb": "0000000000000000", "NoNewPrivs": "1"} {
		found := regexp.MustCompile(`(?m)^`+name+`:\t(.*)$`).FindAllStringSubmatch(out, -1)
		if len(found) != threads {
			t.Errorf("%s: got %d lines, want one of each of %d threads", name, len(found), threads)
		}
		for _, m := range found {
			if m[1] != want {
				t.Errorf("%s: got %s, want %s", name, m[1], want)
			}
		}
	}
	for _, want := range []string{"dumpable 0\n", `another user's environment: "SECRET=1\x00", <nil>`} {
		if !strings.Contains(out, want) {
			t.Errorf("got %s, want %q in it", out, want)
		}
	}
}

func TestTheCapabilityThatBpfIsUsedByLasts(t *testing.T) {
	const bpf, perfmon, ptrace, admin = 1 << unix.CAP_BPF, 1 << unix.CAP_PERFMON, 1 << unix.CAP_SYS_PTRACE, 1 << unix.CAP_SYS_ADMIN
	for have, want := range map[uint64]uint64{
		bpf | perfmon | ptrace | admin: bpf | ptrace,
		perfmon | ptrace | admin:       ptrace | admin, // as in a container that is given no more
		bpf | perfmon:                  bpf,
	} {
		if got := lasting(have); got != want {
			t.Errorf("of %b: got %b, want %b", have, got, want)
		}
	}
}
