package seccomp

import (
	"runtime"

	lib "github.com/seccomp/libseccomp-golang"

	"tiercel/engine/event"
)

// Call is a system call as the kernel numbers it: by its number, and whether it
// came by the 32-bit entry.
type Call struct {
	Number uint32
	Is32   bool
}

// Calls returns the rows of the calls that the needs watch. Who is stopped must
// go by it and not by the stop's data: a workload's own filter can stop a call
// with data of its choice.
func Calls(needs *event.Needs) map[Call]int {
	arches := map[bool]lib.ScmpArch{false: lib.ArchNative}
	if arch, ok := compatible[runtime.GOARCH]; ok {
		arches[true] = arch
	}
	calls := map[Call]int{}
	for row := range event.Table {
		if !needs.Rows[row].Watch() {
			continue
		}
		for is32, arch := range arches {
			for _, name := range event.Table[row].Names() {
				if n, err := lib.GetSyscallFromNameByArch(name, arch); err == nil && n >= 0 {
					calls[Call{uint32(n), is32}] = row
				}
			}
		}
	}
	return calls
}
