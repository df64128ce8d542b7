package seccomp

import (
	"runtime"

	lib "github.com/seccomp/libseccomp-golang"

	"tiercel/engine/event"
)

// maxNumber is above all numbers of calls that any architecture has.
const maxNumber = 640

// multiplexed is where the numbers are that stand for calls by socketcall(2): not the kernel's.
const multiplexed = 1 << 16

// Multiplexed returns what stands in Calls for the call that i386's socketcall(2)
// makes with that first argument.
func Multiplexed(subcall uint64) event.Call {
	return event.Call{Number: multiplexed + uint32(min(subcall, multiplexed-1)), Is32: true}
}

// The i386 numbers of calls whose arguments are in memory: those of socketcall(2),
// which stands for several, and the first mmap.
const (
	Socketcall = 102
	OldMmap    = 90
)

// Calls returns the rows of the calls that the needs watch. Who is stopped must
// go by it and not by the stop's data: a workload's own filter can stop a call
// with data of its choice.
func Calls(needs *event.Needs, stops Stops) map[event.Call]int {
	calls, rows := map[event.Call]int{}, map[string]int{}
	for row := range event.Table {
		if stops.where(needs, row) != nil {
			for _, name := range event.Table[row].Names() {
				rows[name] = row
				addByName(calls, row, name)
			}
		}
	}
	if arch, ok := compatible[runtime.GOARCH]; ok {
		addByNumber(calls, rows, arch)
	}
	return calls
}

// addByName adds the calls that have the name. Of those that an architecture can
// make by socketcall(2) the library has the numbers -101 to -120 (seccomp-syscalls.h).
func addByName(calls map[event.Call]int, row int, name string) {
	for is32, arch := range arches() {
		switch n, err := lib.GetSyscallFromNameByArch(name, arch); {
		case err != nil:
		case n >= 0:
			calls[event.Call{Number: uint32(n), Is32: is32}] = row
		case n < -100 && n >= -120:
			calls[Multiplexed(uint64(-100-n))] = row
		}
	}
}

// addByNumber adds the 32-bit calls that have numbers of their own beside that of a
// multiplexer, to which the library does not resolve their names.
func addByNumber(calls map[event.Call]int, rows map[string]int, arch lib.ScmpArch) {
	for n := range uint32(maxNumber) {
		name, err := lib.ScmpSyscall(n).GetNameByArch(arch)
		if row, ok := rows[name]; err == nil && ok {
			calls[event.Call{Number: n, Is32: true}] = row
		}
	}
}

// arches returns what the machine's entries are for, by whether it is the 32-bit one.
func arches() map[bool]lib.ScmpArch {
	all := map[bool]lib.ScmpArch{false: lib.ArchNative}
	if arch, ok := compatible[runtime.GOARCH]; ok {
		all[true] = arch
	}
	return all
}
