package main

import (
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/psx"
)

// inAllThreads makes a call in every thread of this process: capabilities are a
// thread's own, and Go has no such thing for programs with C in them.
func inAllThreads(name string, call, a, b, c uintptr) error {
	if _, _, errno := psx.Syscall6(call, a, b, c, 0, 0, 0); errno != 0 {
		return os.NewSyscallError(name, errno)
	}
	return nil
}

// setCapabilities leaves these, a bit each, and none to be inherited.
func setCapabilities(keep uint64) error {
	low, high := uint32(keep), uint32(keep>>32)
	head := &unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	data := &[2]unix.CapUserData{{Effective: low, Permitted: low}, {Effective: high, Permitted: high}}
	var pin runtime.Pinner // the addresses go through functions that do not know them as such
	defer pin.Unpin()
	pin.Pin(head)
	pin.Pin(data)
	return inAllThreads("capset", unix.SYS_CAPSET, uintptr(unsafe.Pointer(head)), uintptr(unsafe.Pointer(data)), 0)
}
