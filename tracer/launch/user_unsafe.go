package launch

import "golang.org/x/sys/unix"

// Package syscall's calls of these names change all threads: those that a tracer
// has not seized are refused the calls (ENOSYS) by the filter. The command comes
// of one thread, and takes its user from it.

func setresuid(uid int) unix.Errno {
	_, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, uintptr(uid), uintptr(uid), uintptr(uid))
	return errno
}

func setresgid(gid int) unix.Errno {
	_, _, errno := unix.RawSyscall(unix.SYS_SETRESGID, uintptr(gid), uintptr(gid), uintptr(gid))
	return errno
}
