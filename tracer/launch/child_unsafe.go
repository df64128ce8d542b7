package launch

/*
#cgo CFLAGS: -std=gnu11 -Wall -Wextra
#include "child.h"
*/
import "C"

import (
	"unsafe"

	"golang.org/x/sys/unix"

	"tiercel/seccomp"
)

// The exit statuses of a launcher that could not run its command, as in shells.
const (
	ExitFailed   = C.LAUNCH_FAILED    // the launcher itself failed
	ExitNotExec  = C.LAUNCH_NOT_EXEC  // the command cannot be executed
	ExitNotFound = C.LAUNCH_NOT_FOUND // there is no such command
)

const (
	childName   = C.LAUNCH_CHILD
	nothingName = C.LAUNCH_NOTHING
	listens     = C.LAUNCH_LISTENS
)

// Ignores reports whether this process was started with the signal ignored, as by
// nohup(1). Package signal knows that of few signals.
func Ignores(s unix.Signal) bool {
	in := C.launch_at_start
	return in.ignored>>(s-1)&1 != 0
}

// orders returns what opens the gate: what the command is to have as this process was
// given it, the filters, and the user.
func orders(denied, filter seccomp.Program, stops seccomp.Stops, as *User) []byte {
	o := C.struct_launch_orders{inherited: C.launch_at_start, denied: C.uint64_t(denied.Len()), filter: C.uint64_t(filter.Len()), flags: C.uint64_t(stops.Flags())}
	var groups []byte
	if as != nil {
		o.changes_user, o.uid, o.gid, o.groups = 1, C.uint32_t(as.UID), C.uint32_t(as.GID), C.uint32_t(len(as.Groups))
		groups = as.groups()
	}
	b := append([]byte{}, unsafe.Slice((*byte)(unsafe.Pointer(&o)), unsafe.Sizeof(o))...)
	return append(append(append(b, denied...), filter...), groups...)
}
