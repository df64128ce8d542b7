package kernel

import (
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"tiercel/engine/event"
)

// refusedVar makes a process of this test one that prints what is refused to it.
const refusedVar = "TIERCEL_TEST_REFUSED"

// Who has no capability is refused each tracepoint, by the kernel's own error.
func TestChecksTellWhatTheKernelRefuses(t *testing.T) {
	if os.Getenv(refusedVar) != "" {
		for _, c := range Checks() {
			if strings.HasPrefix(c.Name, tracepointCheck) && !errors.Is(c.Err, unix.EPERM) {
				t.Errorf("%s: got %v, want %v", c.Name, c.Err, unix.EPERM)
			}
		}
		if !errors.Is(Supported(), unix.EPERM) {
			t.Errorf("all: got %v, want %v", Supported(), unix.EPERM)
		}
		return
	}
	cmd := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env, cmd.Dir = append(os.Environ(), refusedVar+"=1"), "/"
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "--- PASS")
}

// Each tracepoint that programs are attached to has a check, and where all are passed the source loads.
func TestWhereTheChecksArePassedTheSourceLoads(t *testing.T) {
	if os.Geteuid() != 0 || Supported() != nil {
		t.Skipf("wants root and a kernel for it: %v", Supported())
	}
	p, err := New(Config{Needs: &event.Needs{}, Gate: everything{}, Tree: true})
	require.NoError(t, err)
	links := len(p.links)
	require.NoError(t, p.Close())
	passed := 0
	for _, c := range Checks() {
		if strings.HasPrefix(c.Name, tracepointCheck) && c.Err == nil {
			passed++
		}
	}
	if want := links + 1; passed != want { // the one that begins calls is attached only where a row needs it
		t.Errorf("got %d tracepoints, want %d", passed, want)
	}
}

func TestCallsThatNoNumberLeadsToAreUnseen(t *testing.T) {
	needs := &event.Needs{}
	for _, name := range []string{"openat", "send", "timerfd"} {
		needs.Rows[event.Lookup(name)].Match = true
	}
	needs.Rows[event.RowSpawn].Match = true
	got := Unseen(needs, map[event.Call]int{{Number: unix.SYS_OPENAT}: event.Lookup("openat")})
	if want := []string{"timerfd"}; !slices.Equal(got, want) { // send(2) is made by socketcall(2)
		t.Errorf("got %v, want %v", got, want)
	}
}
