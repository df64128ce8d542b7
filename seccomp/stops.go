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

// action returns what becomes of a watched call of the row.
func (s Stops) action(row int) lib.ScmpAction {
	if s == ByNotice {
		return lib.ActNotify
	}
	return lib.ActTrace.SetReturnCode(int16(row))
}

// all is conditions that hold together.
type all []lib.ScmpCondition

func is(arg uint, mask, value uint64) lib.ScmpCondition {
	return lib.ScmpCondition{Argument: arg, Op: lib.CompareMaskedEqual, Operand1: mask, Operand2: value}
}

const whole = ^uint64(0)

// listens is the call by which a workload gets a listener of its own, which hides
// calls from a tracer, and cannot be had where we have one.
var listens = map[string][]all{"seccomp": {{is(1, unix.SECCOMP_FILTER_FLAG_NEW_LISTENER, unix.SECCOMP_FILTER_FLAG_NEW_LISTENER)}}}

// lives is the calls that who is notified must see whatever the rules ask for, as
// nothing is traced for good: those that make processes (of clone(2), no threads)
// and images, that install signal handlers, and that begin to trace.
var lives = map[string][]all{
	"fork": {nil}, "vfork": {nil}, "clone": {{is(0, unix.CLONE_THREAD, 0)}}, "clone3": {nil},
	"execve": {nil}, "execveat": {nil},
	"rt_sigaction": {{{Argument: 1, Op: lib.CompareNotEqual}}},
	"ptrace":       {{is(0, whole, unix.PTRACE_TRACEME)}, {is(0, whole, unix.PTRACE_ATTACH)}, {is(0, whole, unix.PTRACE_SEIZE)}},
}

// where returns on which conditions a call of the row stops; none is any call of
// the row, and nil that none does.
func (s Stops) where(needs *event.Needs, row int) (any []all) {
	name := event.Table[row].Name
	any = listens[name]
	if s == ByNotice {
		any = append(any, lives[name]...)
	}
	if !needs.Rows[row].Watch() {
		return any
	}
	var conds all
	for _, c := range needs.Where(row) {
		conds = append(conds, is(uint(c.Arg), c.Mask, c.Value))
	}
	if conds == nil { // all calls
		return []all{nil}
	}
	return append([]all{conds}, any...)
}
