package seccomp

import (
	"runtime"

	lib "github.com/seccomp/libseccomp-golang"

	"tiercel/engine/event"
)

// Calls returns the rows of the calls that the needs watch. Who is stopped must
// go by it and not by the stop's data: a workload's own filter can stop a call
// with data of its choice.
func Calls(needs *event.Needs) map[event.Call]int {
	entries := arches()
	calls := map[event.Call]int{}
	for row := range event.Table {
		if !needs.Rows[row].Watch() {
			continue
		}
		for is32, arch := range entries {
			for _, name := range event.Table[row].Names() {
				if n, err := lib.GetSyscallFromNameByArch(name, arch); err == nil && n >= 0 {
					calls[event.Call{Number: uint32(n), Is32: is32}] = row
				}
			}
		}
	}
	return calls
}

// arches returns what the machine's entries are for, by whether it is the 32-bit one.
func arches() map[bool]lib.ScmpArch {
	all := map[bool]lib.ScmpArch{false: lib.ArchNative}
	if arch, ok := compatible[runtime.GOARCH]; ok {
		all[true] = arch
	}
	return all
}
