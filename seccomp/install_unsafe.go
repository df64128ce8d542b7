package seccomp

import (
	"errors"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// installOn puts the filter on the calling thread, for good, and returns what the kernel
// does: the listener, if it has one. It does so without no_new_privs where the thread
// may (CAP_SYS_ADMIN in its user namespace), so that setuid programs go on working,
// and else sets it first, as seccomp(2) asks. A launch's child does the same.
//
// Precondition: the runtime OS thread must be locked.
func (p Program) installOn(stops Stops) (int, error) {
	n, err := p.install(stops.Flags())
	if errors.Is(err, unix.EACCES) {
		if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
			return 0, os.NewSyscallError("prctl(NO_NEW_PRIVS)", err)
		}
		n, err = p.install(stops.Flags())
	}
	return n, os.NewSyscallError("seccomp(SET_MODE_FILTER)", err)
}

func (p Program) install(flags uintptr) (int, error) {
	if len(p) == 0 || len(p)%instruction != 0 {
		return 0, unix.EINVAL
	}
	prog := unix.SockFprog{
		Len:    uint16(p.Len()),
		Filter: (*unix.SockFilter)(unsafe.Pointer(unsafe.SliceData(p))),
	}
	n, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags, uintptr(unsafe.Pointer(&prog)))
	runtime.KeepAlive(p)
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}
