package tracer

import (
	"encoding/binary"
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// This file alone calls ptrace(2), wait4(2) of tracees, and process_vm_readv(2). The calls
// that do not block go around Go's scheduler; wait4(2) where it blocks does not, as a
// thread that blocks unknown to the scheduler holds up every garbage collection, unless
// a signal gets it out (pollAround).

// What tracees are seized with, for a result or for their lives. Their children inherit it.
const (
	traceOnce = unix.PTRACE_O_TRACESYSGOOD |
		unix.PTRACE_O_TRACEFORK | unix.PTRACE_O_TRACEVFORK | unix.PTRACE_O_TRACECLONE | unix.PTRACE_O_TRACEEXEC
	traceAll = traceOnce | unix.PTRACE_O_TRACESECCOMP | unix.PTRACE_O_EXITKILL
)

func ptrace(request, tid int, addr, data uintptr) unix.Errno {
	_, _, errno := unix.RawSyscall6(unix.SYS_PTRACE, uintptr(request), uintptr(tid), addr, data, 0, 0)
	return errno
}

func seize(tid int, options uintptr) unix.Errno { return ptrace(unix.PTRACE_SEIZE, tid, 0, options) }

// interrupt has a seized thread stop once it runs or sleeps where a signal could
// wake it. It reports false where the thread is none, or gone.
func interrupt(tid int) bool { return ptrace(unix.PTRACE_INTERRUPT, tid, 0, 0) == 0 }

// yield gives the processor to whoever else waits for it.
func yield() { _, _, _ = unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0) }

// resume continues a stopped thread by the request (PTRACE_CONT, PTRACE_SYSCALL,
// PTRACE_LISTEN, PTRACE_DETACH), delivering the signal if it is not 0. That the thread is gone
// (ESRCH) is an answer, not an error: its end is reported by wait.
func resume(request, tid int, sig unix.Signal) { ptrace(request, tid, 0, uintptr(sig)) }

// eventMessage returns what PTRACE_GETEVENTMSG says of the stop: a thread's number.
func eventMessage(tid int) (int, bool) {
	var msg uint64
	errno := ptrace(unix.PTRACE_GETEVENTMSG, tid, 0, uintptr(unsafe.Pointer(&msg)))
	return int(msg), errno == 0
}

// anyone is the thread to wait for where it may be any.
const anyone = -1

// wait returns the next change of a tracee or child, or with WNOHANG 0 where there
// is none. It asks once before it blocks. It returns ECHILD when there is none left to wait for.
func wait(who, options int) (tid int, status unix.WaitStatus, err error) {
	for {
		var ws int32
		r, _, errno := unix.RawSyscall6(unix.SYS_WAIT4, uintptr(who), uintptr(unsafe.Pointer(&ws)), unix.WALL|unix.WNOHANG, 0, 0, 0)
		if r == 0 && errno == 0 && options&unix.WNOHANG == 0 {
			r, _, errno = unix.Syscall6(unix.SYS_WAIT4, uintptr(who), uintptr(unsafe.Pointer(&ws)), unix.WALL, 0, 0, 0)
		}
		switch errno {
		case 0:
			return int(r), unix.WaitStatus(ws), nil
		case unix.EINTR:
		default:
			return 0, 0, errno
		}
	}
}

// briefly is how long poll waits as the scheduler does not know, at most.
const briefly = 5 * time.Millisecond

var severalProcessors = runtime.GOMAXPROCS(0) > 1

// poll waits as poll(2) does, milliseconds or with -1 for ever. At first it goes around Go's
// scheduler, where that has another processor to use: else its thread sysmon looks after
// who is in a system call, 1600 times a second where one comes after another, which takes a
// twentieth of a processor.
func poll(fds []unix.PollFd, wait int) error {
	brief := briefly
	if wait >= 0 {
		brief = min(brief, time.Duration(wait)*time.Millisecond)
	}
	if severalProcessors {
		n, errno := pollAround(fds, brief)
		if errno != 0 {
			return errno
		}
		if n > 0 || brief < briefly {
			return nil
		}
	}
	_, err := unix.Poll(fds, wait)
	return err
}

// pollAround waits as the scheduler does not know. A garbage collection need not wait for it:
// the signal by which Go has a goroutine give way breaks ppoll(2) off, and is sent until it does.
func pollAround(fds []unix.PollFd, wait time.Duration) (ready int, errno unix.Errno) {
	ts := unix.NsecToTimespec(int64(wait))
	n, _, errno := unix.RawSyscall6(unix.SYS_PPOLL, uintptr(unsafe.Pointer(unsafe.SliceData(fds))), uintptr(len(fds)),
		uintptr(unsafe.Pointer(&ts)), 0, 0, 0)
	return int(n), errno
}

// syscallInfo is the kernel's struct ptrace_syscall_info (uapi/linux/ptrace.h).
type syscallInfo struct {
	op   uint8
	_    [3]uint8
	arch uint32
	_    [2]uint64 // instruction and stack pointer
	data [8]uint64 // entry: number, six arguments, and at a seccomp stop the filter's data; exit: the result
}

// The ABI of 32-bit x86 and ARM, as the kernel names them (uapi/linux/audit.h).
const (
	arch386 = 0x40000003
	archARM = 0x40000028
)

func is32(arch uint32) bool { return arch == arch386 || arch == archARM }

// getSyscallInfo fills info for a thread in a system call stop (Linux 5.3).
func getSyscallInfo(tid int, info *syscallInfo) unix.Errno {
	return ptrace(unix.PTRACE_GET_SYSCALL_INFO, tid, unsafe.Sizeof(*info), uintptr(unsafe.Pointer(info)))
}

// readMemory reads from a tracee's memory into b. It returns how much it could
// read; an error only where that is nothing.
func readMemory(tid int, addr uint64, b []byte) (int, unix.Errno) {
	local := unix.Iovec{Base: unsafe.SliceData(b)}
	local.SetLen(len(b))
	remote := unix.RemoteIovec{Base: uintptr(addr), Len: len(b)}
	n, _, errno := unix.RawSyscall6(unix.SYS_PROCESS_VM_READV, uintptr(tid),
		uintptr(unsafe.Pointer(&local)), 1, uintptr(unsafe.Pointer(&remote)), 1, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), 0
}

// word returns the i-th pointer-sized word of b, of a process of 32 or 64 bits.
func word(b []byte, i int, is32 bool) uint64 {
	if is32 {
		return uint64(binary.NativeEndian.Uint32(b[4*i:]))
	}
	return binary.NativeEndian.Uint64(b[8*i:])
}

// addressOf returns a byte's address in this process.
func addressOf(b *byte) uint64 { return uint64(uintptr(unsafe.Pointer(b))) }

// pidfdInfo is the kernel's struct pidfd_info in its first form (uapi/linux/pidfd.h).
type pidfdInfo struct {
	mask uint64
	_    [13]uint32 // control group, numbers, users
	code int32
}

// The request for it, _IOWR(0xFF, 11, struct pidfd_info), and what is asked for.
const (
	pidfdGetInfo  = 0xc040ff0b
	pidfdInfoExit = 1 << 3
)

// exitInfo returns how a process ended that was waited for, by its pidfd (Linux 6.15).
func exitInfo(pidfd int) (status unix.WaitStatus, ok bool) {
	info := pidfdInfo{mask: pidfdInfoExit}
	_, _, errno := unix.RawSyscall(unix.SYS_IOCTL, uintptr(pidfd), pidfdGetInfo, uintptr(unsafe.Pointer(&info)))
	return unix.WaitStatus(info.code), errno == 0 && info.mask&pidfdInfoExit != 0
}
