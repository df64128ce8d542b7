package procfs

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// readlink is readlink(2) of a name below /proc that ends with a NUL. It goes around Go's
// scheduler, as the kernel asks nobody else for it.
func readlink(name, room []byte) (n int, errno unix.Errno) {
	at := unix.AT_FDCWD
	r, _, errno := unix.RawSyscall6(unix.SYS_READLINKAT, uintptr(at), uintptr(unsafe.Pointer(unsafe.SliceData(name))),
		uintptr(unsafe.Pointer(unsafe.SliceData(room))), uintptr(len(room)), 0, 0)
	return int(r), errno
}
