package seccomp

import (
	"errors"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// The kernel's list of actions and the trial agree, but where a profile refuses what the kernel has.
func TestAListenerIsFoundOutByTrying(t *testing.T) {
	b, err := os.ReadFile("/proc/sys/kernel/seccomp/actions_avail")
	if err != nil {
		t.Skipf("wants the kernel's list of actions: %v", err)
	}
	listed := slices.Contains(strings.Fields(string(b)), "user_notif")
	switch err := ProbeListener(); {
	case err == nil && !listed:
		t.Error("got a listener of a kernel that lists none")
	case err != nil && listed && !errors.Is(err, unix.EPERM) && !errors.Is(err, unix.EBUSY):
		t.Errorf("got %v, want a listener, or that it is refused", err)
	}
}

func TestTryingAListenerLeavesNoFilterOnTheCaller(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	state := func() string {
		b, err := os.ReadFile("/proc/thread-self/status")
		require.NoError(t, err)
		return strings.Join(regexp.MustCompile(`(?m)^(Seccomp|NoNewPrivs).*$`).FindAllString(string(b), -1), "; ")
	}
	before := state()
	if err := ProbeListener(); err != nil {
		t.Skipf("wants a listener: %v", err)
	}
	if after := state(); after != before {
		t.Errorf("got %s, want %s", after, before)
	}
}

func TestWhatASignalBrokeOffIsAskedAgain(t *testing.T) {
	answers := []unix.Errno{unix.EINTR, unix.EINTR, unix.ENOENT, 0}
	asked := 0
	errno := again(func() unix.Errno {
		asked++
		return answers[asked-1]
	})
	if errno != unix.ENOENT || asked != 3 {
		t.Errorf("got %v after %d times, want ENOENT after 3", errno, asked)
	}
}
