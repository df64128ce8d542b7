package tracer

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// These are as those of unix, but for names that end with a NUL: they allocate nothing.

// openPath opens a folder, as a place to start from.
func openPath(name []byte) (fd int, errno unix.Errno) {
	at := unix.AT_FDCWD
	r, _, errno := unix.RawSyscall6(unix.SYS_OPENAT, uintptr(at), uintptr(unsafe.Pointer(&name[0])), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0, 0, 0)
	return int(r), errno
}

func openat2(at int, name []byte, how *unix.OpenHow) (fd int, errno unix.Errno) {
	r, _, errno := unix.RawSyscall6(unix.SYS_OPENAT2, uintptr(at), uintptr(unsafe.Pointer(&name[0])), uintptr(unsafe.Pointer(how)), unsafe.Sizeof(*how), 0, 0)
	return int(r), errno
}

// statx tells what kind of file a descriptor is of, and of which mount, as the kernel has it.
func statx(fd int, file *unix.Statx_t) unix.Errno {
	empty := [1]byte{}
	_, _, errno := unix.RawSyscall6(unix.SYS_STATX, uintptr(fd), uintptr(unsafe.Pointer(&empty)), unix.AT_EMPTY_PATH|unix.AT_STATX_DONT_SYNC, unix.STATX_TYPE|unix.STATX_MNT_ID,
		uintptr(unsafe.Pointer(file)), 0)
	return errno
}
