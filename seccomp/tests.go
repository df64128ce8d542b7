package seccomp

import (
	"cmp"
	"encoding/binary"
	"maps"
	"runtime"
	"slices"

	lib "github.com/seccomp/libseccomp-golang"
	"golang.org/x/sys/unix"

	"tiercel/engine/event"
)

// What is asked of arguments does not go by the library. It compares each
// argument once in a rule, cannot say that bits are not as they should be, asks of
// socketcall(2) what is asked of the call that it makes, whose arguments are in
// memory, and makes one of instructions that are alike but for the argument that
// was loaded before them (2.5.4, gen_bpf.c). So of rows of which just some calls
// stop, all end in a mark in the library's program, and each mark becomes a jump to
// the row's tests, behind the program's end.

// firstMark is what the data of marks begins at: above all rows.
const firstMark = 1 << 14

// mark is the action that stands for a row's tests.
func mark(row int) lib.ScmpAction { return lib.ActTrace.SetReturnCode(int16(firstMark + row)) }

// marked returns the row whose mark the instruction is.
func marked(op unix.SockFilter) (row int, ok bool) {
	row = int(op.K&unix.SECCOMP_RET_DATA) - firstMark
	return row, op.Code == returns && op.K&^unix.SECCOMP_RET_DATA == unix.SECCOMP_RET_TRACE && row >= 0
}

// narrow returns the program with the tests of the rows that it has marks for. The
// longest tests are left out where the kernel would not take all: loose is the
// rows of which all calls stop therefore.
func (s Stops) narrow(prog Program, tests map[int][]unix.SockFilter) (narrowed Program, loose []int) {
	ops, end := prog.instructions(), len(prog)/instruction
	starts := map[int]int{}
	for _, row := range byLength(tests) {
		if len(ops)+len(tests[row]) > MaxInstructions {
			loose = append(loose, row)
			continue
		}
		starts[row] = len(ops)
		ops = append(ops, tests[row]...)
	}
	for i := range ops[:end] {
		row, ok := marked(ops[i])
		if !ok {
			continue
		}
		ops[i] = unix.SockFilter{Code: returns, K: s.verdict(row)}
		if start, has := starts[row]; has {
			ops[i] = unix.SockFilter{Code: jumps, K: uint32(start - i - 1)}
		}
	}
	return programOf(ops), loose
}

func byLength(tests map[int][]unix.SockFilter) []int {
	return slices.SortedFunc(maps.Keys(tests), func(a, b int) int { return cmp.Or(len(tests[a])-len(tests[b]), a-b) })
}

// instructions returns the program one by one.
func (p Program) instructions() []unix.SockFilter {
	ops := make([]unix.SockFilter, len(p)/instruction)
	for i := range ops {
		b := p[i*instruction:]
		ops[i] = unix.SockFilter{Code: binary.NativeEndian.Uint16(b), Jt: b[2], Jf: b[3], K: binary.NativeEndian.Uint32(b[4:])}
	}
	return ops
}

func programOf(ops []unix.SockFilter) (p Program) {
	for _, op := range ops {
		p = binary.NativeEndian.AppendUint16(p, op.Code)
		p = append(p, op.Jt, op.Jf)
		p = binary.NativeEndian.AppendUint32(p, op.K)
	}
	return p
}

// The instructions that tests are made of.
const (
	loads   = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
	masks   = unix.BPF_ALU | unix.BPF_AND | unix.BPF_K
	equals  = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
	jumps   = unix.BPF_JMP | unix.BPF_JA
	returns = unix.BPF_RET | unix.BPF_K
)

// Where struct seccomp_data has the architecture and the arguments (uapi/linux/seccomp.h).
const (
	archAt = 4
	argsAt = 16
)

// native is what the data has for the architecture's own entry. Of a 32-bit one all
// calls stop: their arguments may be in memory, and of their registers the filter
// sees also the upper halves, which the call ignores and the caller chooses.
var native = map[string]uint32{"amd64": unix.AUDIT_ARCH_X86_64, "arm64": unix.AUDIT_ARCH_AARCH64}

// tests returns what decides whether a call of the row stops: where one of the
// clauses holds.
func (s Stops) tests(row int, where []event.Clause) []unix.SockFilter {
	stop := unix.SockFilter{Code: returns, K: s.verdict(row)}
	ops := []unix.SockFilter{{Code: loads, K: archAt}, {Code: equals, Jt: 1, K: native[runtime.GOARCH]}, stop}
	for _, c := range where {
		ops = append(ops, clauseTests(&c, stop)...)
	}
	return append(ops, unix.SockFilter{Code: returns, K: unix.SECCOMP_RET_ALLOW})
}

// maxConditions is how many of a clause are tested, the first ones: no jump over their tests is longer than 255.
const maxConditions = 40

// clauseTests returns the tests of a clause: where it holds, stop is carried out, else what is behind them.
func clauseTests(c *event.Clause, stop unix.SockFilter) []unix.SockFilter {
	ops := []unix.SockFilter{stop}
	for _, cond := range slices.Backward(c.All[:min(len(c.All), maxConditions)]) {
		ops = append(conditionTests(cond, uint8(len(ops))), ops...)
	}
	return ops
}

// conditionTests returns the tests of a condition. Where it does not hold, as many
// instructions behind them are skipped. An argument is loaded by halves: the lower one stands first.
func conditionTests(c event.Condition, skip uint8) (ops []unix.SockFilter) {
	at := uint32(argsAt + 8*c.Arg)
	var high []unix.SockFilter
	low := halfTests(at, uint32(c.Mask), uint32(c.Value))
	if c.Mask>>32 != 0 || c.Value>>32 != 0 {
		high = halfTests(at+4, uint32(c.Mask>>32), uint32(c.Value>>32))
	}
	equal, differs := uint8(0), skip
	if c.Not {
		equal, differs = skip, 0
	}
	if high != nil {
		high[len(high)-1].Jf = uint8(len(low)) + differs
	}
	low[len(low)-1].Jt, low[len(low)-1].Jf = equal, differs
	return append(high, low...)
}

// halfTests returns what compares a word of the data.
func halfTests(at, mask, value uint32) []unix.SockFilter {
	ops := []unix.SockFilter{{Code: loads, K: at}, {Code: masks, K: mask}, {Code: equals, K: value}}
	if mask == 1<<32-1 {
		return slices.Delete(ops, 1, 2)
	}
	return ops
}
