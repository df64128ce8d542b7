package sigaction

import (
	"errors"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// Held calls what starts a process, to which no signal comes before it lets them
// through itself: the mask of signals is left by execve(2). Ended on its way there, it
// would leave who waits for it; and Go starts processes as vfork(2) does: one that a
// terminal stops before its execve has us wait in the kernel, where nothing but its end
// or its going on reaches us, and no shell learns of that stop.
func Held(start func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	all, was := unix.Sigset_t{Val: [16]uint64{1<<64 - 1}}, unix.Sigset_t{}
	if err := unix.PthreadSigmask(unix.SIG_SETMASK, &all, &was); err != nil {
		return os.NewSyscallError("rt_sigprocmask", err)
	}
	err := start()
	return errors.Join(err, os.NewSyscallError("rt_sigprocmask", unix.PthreadSigmask(unix.SIG_SETMASK, &was, nil)))
}
