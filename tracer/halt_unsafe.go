package tracer

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// childInfo is the kernel's struct siginfo as waitid(2) fills it.
type childInfo struct {
	signo, errno, code int32
	_                  int32
	pid, uid, status   int32
	_                  [25]int32
}

// stopInfo returns what a stop of a child is, and by which signal; 0 where there is none.
func stopInfo(pid, options int) (code, status int32) {
	var info childInfo
	_, _, errno := unix.RawSyscall6(unix.SYS_WAITID, unix.P_PID, uintptr(pid), uintptr(unsafe.Pointer(&info)),
		uintptr(unix.WSTOPPED|unix.WNOHANG|options), 0, 0)
	if errno != 0 {
		return 0, 0
	}
	return info.code, info.status
}
