package sigaction

import (
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// Unstopped calls what starts a process, which gets a terminal's stop (SIGTSTP) only
// once it lets it through itself: the mask of signals is left by execve(2). Go starts
// processes as vfork(2) does: one that is stopped before its execve has us wait in
// the kernel, where nothing but its end or its going on reaches us, and no shell
// learns of that stop.
func Unstopped(start func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	stop, was := unix.Sigset_t{Val: [16]uint64{1 << (unix.SIGTSTP - 1)}}, unix.Sigset_t{}
	if err := unix.PthreadSigmask(unix.SIG_BLOCK, &stop, &was); err != nil {
		return os.NewSyscallError("rt_sigprocmask", err)
	}
	err := start()
	if failed := unix.PthreadSigmask(unix.SIG_SETMASK, &was, nil); err == nil && failed != nil {
		err = os.NewSyscallError("rt_sigprocmask", failed)
	}
	return err
}
