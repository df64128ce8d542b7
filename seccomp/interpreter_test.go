package seccomp

import (
	"encoding/binary"
	"fmt"
	"testing"

	"golang.org/x/sys/unix"
)

// data is a struct seccomp_data.
type data struct {
	nr, arch uint32
	ip       uint64
	args     [6]uint64
}

func (d data) bytes() []byte {
	b := binary.LittleEndian.AppendUint32(nil, d.nr)
	b = binary.LittleEndian.AppendUint32(b, d.arch)
	b = binary.LittleEndian.AppendUint64(b, d.ip)
	for _, a := range d.args {
		b = binary.LittleEndian.AppendUint64(b, a)
	}
	return b
}

// run interprets a filter as the kernel does (Documentation/networking/filter.rst), and returns its action.
func run(t testing.TB, prog Program, d data) uint32 {
	t.Helper()
	if len(prog) == 0 || len(prog)%instruction != 0 {
		t.Fatalf("a program of %d bytes", len(prog))
	}
	packet, a := d.bytes(), uint32(0)
	for pc := 0; pc < len(prog)/instruction; {
		op := decode(prog[pc*instruction:])
		pc++
		switch op.code {
		case unix.BPF_RET | unix.BPF_K:
			return op.k
		case unix.BPF_LD | unix.BPF_W | unix.BPF_ABS:
			a = binary.LittleEndian.Uint32(packet[op.k:])
		case unix.BPF_ALU | unix.BPF_AND | unix.BPF_K:
			a &= op.k
		default:
			pc += op.jump(t, a)
		}
	}
	t.Fatal("the program has no end")
	return 0
}

// sockFilter is a struct sock_filter.
type sockFilter struct {
	code   uint16
	jt, jf uint8
	k      uint32
}

func decode(b []byte) sockFilter {
	return sockFilter{binary.LittleEndian.Uint16(b), b[2], b[3], binary.LittleEndian.Uint32(b[4:])}
}

// jump returns how many instructions a jump skips.
func (op sockFilter) jump(t testing.TB, a uint32) int {
	t.Helper()
	taken := false
	switch op.code {
	case unix.BPF_JMP | unix.BPF_JA:
		return int(op.k)
	case unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K:
		taken = a == op.k
	case unix.BPF_JMP | unix.BPF_JGT | unix.BPF_K:
		taken = a > op.k
	case unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K:
		taken = a >= op.k
	case unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K:
		taken = a&op.k != 0
	default:
		t.Fatalf("an instruction that no filter needs: %+v", op)
	}
	if taken {
		return int(op.jt)
	}
	return int(op.jf)
}

// action is an action as a person reads it.
func action(word uint32) string {
	value := word & unix.SECCOMP_RET_DATA
	switch word &^ unix.SECCOMP_RET_DATA {
	case unix.SECCOMP_RET_ALLOW:
		return "allow"
	case unix.SECCOMP_RET_TRACE:
		return fmt.Sprintf("trace %d", value)
	case unix.SECCOMP_RET_ERRNO:
		return "errno " + unix.ErrnoName(unix.Errno(value))
	}
	return fmt.Sprintf("%#x", word)
}

func TestInterpreter(t *testing.T) {
	program := func(ops ...sockFilter) (p Program) {
		for _, op := range ops {
			p = binary.LittleEndian.AppendUint16(p, op.code)
			p = append(p, op.jt, op.jf)
			p = binary.LittleEndian.AppendUint32(p, op.k)
		}
		return p
	}
	prog := program(
		sockFilter{unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, 0, 0, 16}, // the lower half of the first argument
		sockFilter{unix.BPF_ALU | unix.BPF_AND | unix.BPF_K, 0, 0, 0xff},
		sockFilter{unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, 0, 1, 7},
		sockFilter{unix.BPF_RET, 0, 0, unix.SECCOMP_RET_TRACE | 9},
		sockFilter{unix.BPF_JMP | unix.BPF_JGT | unix.BPF_K, 1, 0, 100},
		sockFilter{unix.BPF_RET, 0, 0, unix.SECCOMP_RET_ALLOW},
		sockFilter{unix.BPF_RET, 0, 0, unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)},
	)
	for first, want := range map[uint64]string{0xff07: "trace 9", 8: "allow", 100: "allow", 101: "errno ENOSYS"} {
		if got := action(run(t, prog, data{args: [6]uint64{first}})); got != want {
			t.Errorf("%d: got %s, want %s", first, got, want)
		}
	}
}
