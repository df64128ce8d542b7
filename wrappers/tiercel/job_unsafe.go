package main

import (
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// action is the kernel's struct sigaction, which begins with the handler. All zero it is the default (SIG_DFL).
type action [4]uint64

// endBy does to this process what the signal does by itself. It returns where
// that is not the end, and somebody has had the process go on. (What package
// signal resets keeps Go's handler, which drops it.)
func endBy(s unix.Signal) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	old, err := setAction(s, &action{})
	if err != nil {
		return err
	}
	if err := unix.Tgkill(os.Getpid(), unix.Gettid(), s); err != nil { // to this thread, so that it is over when the call is
		return os.NewSyscallError("tgkill", err)
	}
	_, err = setAction(s, &old)
	return err
}

// setAction sets what a signal does, unless that is nil, and returns what it did before.
func setAction(s unix.Signal, a *action) (old action, err error) {
	const setSize = 8
	_, _, errno := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(s), uintptr(unsafe.Pointer(a)), uintptr(unsafe.Pointer(&old)), setSize, 0, 0)
	if errno != 0 {
		return old, os.NewSyscallError("rt_sigaction", errno)
	}
	return old, nil
}
