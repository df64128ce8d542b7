package seccomp

import (
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func TestCallsAreRefusedByEveryEntry(t *testing.T) {
	prog, err := Refuse("io_uring_setup", "chroot")
	require.NoError(t, err)
	const enosys = unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)
	for _, e := range entries {
		for name, nr := range numbers(t, e.header) {
			want := uint32(unix.SECCOMP_RET_ALLOW)
			if name == "io_uring_setup" || name == "chroot" {
				want = enosys
			}
			if got := run(t, prog, data{nr: nr, arch: e.arch}); got != want {
				t.Errorf("%s of %s: got %#x, want %#x", name, e.name, got, want)
			}
		}
	}
	if got := run(t, prog, data{nr: numbers(t, "unistd_64.h")["io_uring_setup"] | x32, arch: unix.AUDIT_ARCH_X86_64}); got != enosys {
		t.Errorf("x32: got %#x, want %#x", got, enosys)
	}
}

func TestWhatIsNoCallCannotBeRefused(t *testing.T) {
	if _, err := Refuse("no_such_call"); err == nil {
		t.Error("got no error, want one")
	}
}
