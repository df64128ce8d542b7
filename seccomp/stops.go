package seccomp

import (
	lib "github.com/seccomp/libseccomp-golang"
	"golang.org/x/sys/unix"

	"tiercel/engine/event"
)

// Stops is the way by which a watched call stops.
type Stops int

// The ways.
const (
	ByTrace  Stops = iota // RET_TRACE, the row's index as data: for who traces the process
	ByNotice              // RET_USER_NOTIF: for who has the filter's listener
)

// Flags are what a filter is installed with (seccomp(2)): by notice it has a listener, and
// a call that was received is not interrupted by signals any more, but by one that
// kills. A kernel that cannot do that (before Linux 5.19) refuses with EINVAL, and with
// EBUSY where the thread has a listener already.
func (s Stops) Flags() uintptr {
	if s == ByNotice {
		return unix.SECCOMP_FILTER_FLAG_NEW_LISTENER | unix.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
	}
	return 0
}

// action returns what becomes of a watched call of the row.
func (s Stops) action(row int) lib.ScmpAction {
	if s == ByNotice {
		return lib.ActNotify
	}
	return lib.ActTrace.SetReturnCode(int16(row))
}

// verdict is the action as a filter returns it.
func (s Stops) verdict(row int) uint32 {
	if s == ByNotice {
		return unix.SECCOMP_RET_USER_NOTIF
	}
	return unix.SECCOMP_RET_TRACE | uint32(row)
}

const whole = ^uint64(0)

func is(arg int, mask, value uint64) event.Clause {
	return event.Clause{All: []event.Condition{{Arg: arg, Mask: mask, Value: value}}}
}

// listens is the call by which a workload gets a listener of its own, which hides
// calls from a tracer, and cannot be had where we have one.
var listens = map[string][]event.Clause{"seccomp": {is(1, unix.SECCOMP_FILTER_FLAG_NEW_LISTENER, unix.SECCOMP_FILTER_FLAG_NEW_LISTENER)}}

// lives is the calls that who is notified must see whatever the rules ask for, as
// nothing is traced for good: those that make processes (of clone(2), no threads)
// and images, that install handlers of signals that others send, and that begin to trace.
var lives = map[string][]event.Clause{
	"fork": {{}}, "vfork": {{}}, "clone": {is(0, unix.CLONE_THREAD, 0)}, "clone3": {{}},
	"execve": {{}}, "execveat": {{}},
	"rt_sigaction": {handles()},
	"ptrace":       {is(0, whole, unix.PTRACE_TRACEME), is(0, whole, unix.PTRACE_ATTACH), is(0, whole, unix.PTRACE_SEIZE)},
}

// ofOneself is the signals that a thread gets for what it does itself, as it waits in
// no call then. Most programs that handle any handle these, to say why they end.
var ofOneself = []unix.Signal{unix.SIGILL, unix.SIGTRAP, unix.SIGABRT, unix.SIGBUS, unix.SIGFPE, unix.SIGSEGV, unix.SIGPIPE, unix.SIGSYS}

// handles is the rt_sigaction(2) that sets how another signal is dealt with.
func handles() event.Clause {
	all := []event.Condition{{Arg: 1, Mask: whole, Not: true}}
	for _, sig := range ofOneself {
		all = append(all, event.Condition{Arg: 0, Mask: 1<<32 - 1, Value: uint64(sig), Not: true})
	}
	return event.Clause{All: all}
}

// where returns clauses of which one must hold for a call of the row to stop; an
// empty one is any call, and without a clause none stops.
func (s Stops) where(needs *event.Needs, row int) []event.Clause {
	name := event.Table[row].Name
	some := append(needs.Where(row), listens[name]...)
	if s == ByNotice {
		some = append(some, lives[name]...)
	}
	return some
}

// isAny reports a clause that holds of any call.
func isAny(c event.Clause) bool { return len(c.All) == 0 }
