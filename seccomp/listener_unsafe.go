package seccomp

import (
	"errors"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Notification is a call that waits for a listener's answer: the kernel's struct
// seccomp_notif (uapi/linux/seccomp.h).
type Notification struct {
	ID    uint64
	TID   uint32 // as the listener's own PID namespace numbers it
	Flags uint32
	Data  struct {
		Number  int32
		Arch    uint32
		Pointer uint64 // of the instruction
		Args    [6]uint64
	}
}

// answer is the kernel's struct seccomp_notif_resp.
type answer struct {
	id    uint64
	val   int64
	err   int32
	flags uint32
}

// restartCall is the kernel's ERESTARTNOINTR (include/linux/errno.h): the call is
// started again, whatever signal has come.
const restartCall = 513

// Listener is the descriptor that a filter's notifications come by.
type Listener int

// Synchronous has calls and answers from now on wake the other side on the
// processor that they run on, or where the kernel places it. The former costs a
// fraction of waking another processor (Linux 6.6). It reports whether the kernel can.
func (l Listener) Synchronous(on bool) bool {
	flags := uintptr(0)
	if on {
		flags = unix.SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP
	}
	return again(func() unix.Errno {
		_, _, errno := unix.RawSyscall(unix.SYS_IOCTL, uintptr(l), unix.SECCOMP_IOCTL_NOTIF_SET_FLAGS, flags)
		return errno
	}) == 0
}

// again makes a call that waits for the kernel's lock of the notifications until no
// signal has come meanwhile: the kernel does not start it again (mutex_lock_interruptible
// in kernel/seccomp.c).
func again(call func() unix.Errno) unix.Errno {
	for {
		if errno := call(); errno != unix.EINTR {
			return errno
		}
	}
}

// Receive waits for a call. It reports false where the call that woke it is gone.
func (l Listener) Receive(n *Notification) (bool, error) {
	for {
		*n = Notification{} // the kernel refuses one that is not empty
		_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(l), unix.SECCOMP_IOCTL_NOTIF_RECV, uintptr(unsafe.Pointer(n)))
		switch errno {
		case 0:
			return true, nil
		case unix.ENOENT:
			return false, nil
		case unix.EINTR:
		default:
			return false, os.NewSyscallError("ioctl(NOTIF_RECV)", errno)
		}
	}
}

// Continue lets a call run. That it is gone is no error.
func (l Listener) Continue(id uint64) error {
	return l.send(&answer{id: id, flags: unix.SECCOMP_USER_NOTIF_FLAG_CONTINUE})
}

// Restart has the call not run but begin anew, once its thread has dealt with the
// signal, or the stop, that waits for it. Without one the thread would see the kernel's ERESTARTNOINTR.
func (l Listener) Restart(id uint64) error {
	return l.send(&answer{id: id, err: -restartCall})
}

func (l Listener) send(a *answer) error {
	errno := again(func() unix.Errno {
		_, _, errno := unix.RawSyscall(unix.SYS_IOCTL, uintptr(l), unix.SECCOMP_IOCTL_NOTIF_SEND, uintptr(unsafe.Pointer(a)))
		return errno
	})
	if errno != 0 && !errors.Is(errno, unix.ENOENT) {
		return os.NewSyscallError("ioctl(NOTIF_SEND)", errno)
	}
	return nil
}

// Valid reports whether the call still waits: what was read of its thread before was that thread's.
func (l Listener) Valid(id uint64) bool {
	return l.look(id) == 0
}

func (l Listener) look(id uint64) unix.Errno {
	return again(func() unix.Errno {
		_, _, errno := unix.RawSyscall(unix.SYS_IOCTL, uintptr(l), unix.SECCOMP_IOCTL_NOTIF_ID_VALID, uintptr(unsafe.Pointer(&id)))
		return errno
	})
}

// Is reports whether the descriptor is a listener at all. Notification 0 is none that waits.
func (l Listener) Is() bool {
	return l.look(0) == unix.ENOENT
}

// Close gives the listener up: if nobody else has it, its calls give ENOSYS from now on.
func (l Listener) Close() error { return unix.Close(int(l)) }
