package seccomp

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// A filter cannot be taken off, so what installs one runs in a process of its
// own: this binary again, with installVar set.
const installVar = "TIERCEL_TEST_INSTALL"

func TestMain(m *testing.M) {
	if os.Getenv(installVar) != "" {
		fmt.Println(installAndCall())
		return
	}
	m.Run()
}

// installAndCall watches chroot, calls it and another one, and says what they gave.
func installAndCall() string {
	runtime.LockOSThread()
	prog, _, err := Compile(matching("chroot"), ByTrace)
	if err != nil {
		return err.Error()
	}
	if _, err := prog.installOn(ByTrace); err != nil {
		return err.Error()
	}
	watched, other := unix.Chroot("/nonexistent"), unix.Rmdir("/nonexistent")
	privs, err := unix.PrctlRetInt(unix.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)
	return fmt.Sprintf("chroot %v, rmdir %v, no_new_privs %d %v", watched, other, privs, err)
}

// inProcess runs installAndCall in a process with the credentials.
func inProcess(t *testing.T, credential *syscall.Credential) string {
	t.Helper()
	cmd := exec.Command("/proc/self/exe") // the binary's own folder is closed to other users
	cmd.Env = append(os.Environ(), installVar+"=1")
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: credential}
	out, err := cmd.Output() // under -cover the runtime complains on standard error
	require.NoError(t, err, "%s", out)
	return strings.TrimSpace(string(out))
}

// capable reports whether this process may install a filter without no_new_privs.
func capable(t *testing.T) bool {
	t.Helper()
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var sets [2]unix.CapUserData
	require.NoError(t, unix.Capget(&header, &sets[0]))
	return sets[0].Effective&(1<<unix.CAP_SYS_ADMIN) != 0
}

// Without a tracer a watched call gives ENOSYS.
const installed = "chroot function not implemented, rmdir no such file or directory, no_new_privs %d <nil>"

func TestInstallKeepsPrivilegesWhereItMay(t *testing.T) {
	if !capable(t) {
		t.Skip("needs CAP_SYS_ADMIN")
	}
	if got, want := inProcess(t, nil), fmt.Sprintf(installed, 0); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestInstallWithoutPrivilegesForgoesNewOnes(t *testing.T) {
	var nobody *syscall.Credential
	if capable(t) {
		if os.Geteuid() != 0 {
			t.Skip("needs root, to become a user without capabilities, or to be one")
		}
		nobody = &syscall.Credential{Uid: 65534, Gid: 65534}
	}
	if got, want := inProcess(t, nobody), fmt.Sprintf(installed, 1); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestInstallRefusesWhatIsNoProgram(t *testing.T) {
	for _, prog := range []Program{nil, {}, make(Program, instruction-1), make(Program, instruction+1)} {
		if _, err := prog.installOn(ByTrace); err == nil || !strings.Contains(err.Error(), "invalid argument") {
			t.Errorf("%d bytes: got %v, want invalid argument", len(prog), err)
		}
	}
}
