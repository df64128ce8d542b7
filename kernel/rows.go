package kernel

import (
	"maps"
	"slices"

	"tiercel/engine/event"
)

// The sizes that bpf/source.h has, and what stands for no parameter there.
const (
	maxRows  = 512
	maxCalls = 1024
	nameSize = 60
	noParam  = 0xff
)

// What of the workload's memory a parameter is, as bpf/source.h numbers it.
const (
	inRegister = iota
	asWord
	asString
	asStrings
	asSockAddr
	asMsgName
)

var kinds = map[event.Type]uint8{
	event.Path: asString, event.String: asString, event.Strings: asStrings, event.SockAddr: asSockAddr, event.MsgName: asMsgName,
}

// What a call changes of what is read for it, as bpf/source.h numbers it.
const (
	baseMoves      = 1
	descriptorEnds = 2
)

// encode returns a row as the programs have it.
func encode(index int, need *event.RowNeed) sourceRow {
	row := &event.Table[index]
	r := sourceRow{
		Facts: uint64(need.Facts), Effect: uint16(row.Effect), Match: bit(need.Match), State: bit(need.State),
		AtEntry: bit(row.When == event.Entry), Held: held(row), Valuable: bit(isValuable(row)), Connects: bit(row.Name == "connect"), Fd: param(row.DescriptorParam()),
		Path: noParam, Params: uint8(len(row.Params)),
	}
	for i := range row.Params {
		p := &row.Params[i]
		to := &r.Param[i]
		to.Kind, to.Dir, to.Path = kinds[p.Type], noParam, bit(p.Type == event.Path)
		if p.In != nil {
			to.Kind, to.Arg, to.Index = asWord, uint8(p.In.Arg), uint8(p.In.Index)
		}
		if i > 0 && row.Params[i-1].Type == event.DirFD {
			to.Dir = uint8(i - 1)
		}
	}
	encodeClauses(&r, need)
	return r
}

// encodeClauses adds what a rule can match at all. A clause that is not to be
// had here is left out together with all others: then anything may match.
func encodeClauses(r *sourceRow, need *event.RowNeed) {
	if len(need.Only) > len(r.Clause) {
		return
	}
	for i, c := range need.Only {
		to := &r.Clause[i]
		for j, cond := range c.All {
			if j == len(to.All) {
				break // the first ones alone let more through
			}
			to.All[j].Mask, to.All[j].Value, to.All[j].Arg, to.All[j].Not = cond.Mask, cond.Value, uint8(cond.Arg), bit(cond.Not)
			to.N++
		}
		to.Path = bit(c.Path && looksAtPath(need))
	}
	r.Clauses = uint8(len(need.Only))
	if need.Paths != nil {
		r.Path = uint8(need.Paths.Param)
	}
}

// looksAtPath reports whether the programs can look at the row's path: names fit into what they look up.
func looksAtPath(need *event.RowNeed) bool {
	return need.Paths != nil && !slices.ContainsFunc(need.Paths.Names, func(name string) bool { return len(name) >= nameSize })
}

func bit(b bool) uint8 {
	if b {
		return 1
	}
	return 0
}

func param(i int) uint8 {
	if i < 0 || i >= 6 {
		return noParam
	}
	return uint8(i)
}

func held(row *event.Row) uint8 {
	switch {
	case row.ReadsDescriptorFirst():
		return descriptorEnds
	case row.MovesBase():
		return baseMoves
	}
	return 0
}

// connecting are the calls by which a process comes to talk to another machine.
var connecting = []string{"connect", "accept", "accept4", "bind", "listen"}

// isValuable reports whether events of the row are kept when others are shed:
// what tells of images, processes, credentials, connections and the kernel itself.
func isValuable(row *event.Row) bool {
	switch row.Class {
	case event.Proc, event.User, event.System:
		return true
	}
	return slices.Contains(connecting, row.Name)
}

// numbers is which calls are looked at, by the kernel's numbers.
type numbers struct {
	rows           [2 * maxCalls]uint16 // row + 1, by entry and number
	watched, early [maxCalls / 64]uint64
}

// The numbers of i386 that stand for several calls, and those of restart_syscall(2).
const (
	socketcall    = 102
	restart       = 219
	restartCompat = 0
)

// socketCalls are the calls that socketcall(2) makes, by its first argument (uapi/linux/net.h).
var socketCalls = []string{1: "socket", "bind", "connect", "listen", "accept", "getsockname", "getpeername", "socketpair", "send", "recv",
	"sendto", "recvfrom", "shutdown", "setsockopt", "getsockopt", "sendmsg", "recvmsg", "accept4", "recvmmsg", "sendmmsg"}

// restarted are the calls that the kernel goes on with by restart_syscall(2) after a signal.
var restarted = []string{"nanosleep", "clock_nanosleep", "poll", "futex"}

// firstX32 is the first of x32Calls by its number.
const firstX32 = 512

// x32Calls are the calls that have numbers of their own by the x32 entry
// (arch/x86/entry/syscalls/syscall_64.tbl); no other call has these.
var x32Calls = []string{"rt_sigaction", "rt_sigreturn", "ioctl", "readv", "writev", "recvfrom", "sendmsg", "recvmsg", "execve", "ptrace",
	"rt_sigpending", "rt_sigtimedwait", "rt_sigqueueinfo", "sigaltstack", "timer_create", "mq_notify", "kexec_load", "waitid",
	"set_robust_list", "get_robust_list", "vmsplice", "move_pages", "preadv", "pwritev", "rt_tgsigqueueinfo", "recvmmsg", "sendmmsg",
	"process_vm_readv", "process_vm_writev", "setsockopt", "getsockopt", "io_setup", "io_submit", "execveat", "preadv2", "pwritev2"}

func numbersOf(needs *event.Needs, calls map[event.Call]int) *numbers {
	n := &numbers{}
	for call, row := range calls {
		if needs.Rows[row].Watch() && call.Number < maxCalls-uint32(len(socketCalls)) {
			n.add(call, row)
		}
	}
	for i, name := range x32Calls {
		if row := event.Lookup(name); needs.Rows[row].Watch() {
			n.add(event.Call{Number: uint32(firstX32 + i)}, row)
		}
	}
	for i, name := range socketCalls {
		if row := event.Lookup(name); name != "" && needs.Rows[row].Watch() {
			n.rows[2*maxCalls-1-i] = uint16(row + 1)
			set(&n.watched, socketcall)
		}
	}
	return n
}

// Unseen returns the names of the calls that the needs watch and that nothing here has a number for.
func Unseen(needs *event.Needs, calls map[event.Call]int) (names []string) {
	numbered := map[uint16]bool{}
	for _, row := range numbersOf(needs, calls).rows {
		numbered[row] = true
	}
	for i := range event.Table {
		if needs.Rows[i].Watch() && event.Table[i].When != event.Pseudo && !numbered[uint16(i+1)] {
			names = append(names, event.Table[i].Name)
		}
	}
	return names
}

func (n *numbers) add(call event.Call, index int) {
	row := &event.Table[index]
	at := call.Number
	if call.Is32 {
		at += maxCalls
	}
	n.rows[at] = uint16(index + 1)
	set(&n.watched, call.Number)
	if row.When == event.Entry || held(row) != 0 {
		set(&n.early, call.Number)
	}
	if slices.Contains(restarted, row.Name) {
		set(&n.watched, restart)
		set(&n.watched, restartCompat)
	}
}

func set(bits *[maxCalls / 64]uint64, number uint32) { bits[number/64] |= 1 << (number % 64) }

// paths returns the starts and last elements of paths that the row's rules ask for, under its key.
func paths(key uint32, need *event.RowNeed) (prefixes []sourcePrefix, names []sourceName) {
	if !looksAtPath(need) {
		return nil, nil
	}
	starts := map[string]bool{}
	for _, text := range need.Paths.Texts {
		starts[text+"\x00"] = true
	}
	for _, text := range need.Paths.Prefixes {
		starts[text] = true
	}
	for _, text := range slices.Sorted(maps.Keys(starts)) {
		p := sourcePrefix{Row: key}
		p.Bits = 8 * uint32(4+copy(p.Text[:], text))
		prefixes = append(prefixes, p)
	}
	for _, text := range need.Paths.Names {
		name := sourceName{Row: key}
		copy(name.Text[:], text)
		names = append(names, name)
	}
	return prefixes, names
}
