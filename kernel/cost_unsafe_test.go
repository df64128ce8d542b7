package kernel

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

func getppid() { unix.RawSyscall(unix.SYS_GETPPID, 0, 0, 0) }

// open opens a file by its path, which ends with a NUL, and closes it.
func open(path []byte) {
	dir := unix.AT_FDCWD
	fd, _, errno := unix.RawSyscall6(unix.SYS_OPENAT, uintptr(dir), uintptr(unsafe.Pointer(unsafe.SliceData(path))), unix.O_RDONLY, 0, 0, 0)
	if errno == 0 {
		unix.RawSyscall(unix.SYS_CLOSE, fd, 0, 0)
	}
}
