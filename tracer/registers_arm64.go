package tracer

// registers is struct user_pt_regs (asm/ptrace.h), of which a call's result takes
// the place of its first argument.
type registers struct {
	b [34 * 8]byte
	n int // bytes that the kernel has filled
}

// showsResult is whether a thread that stops on its way out of a call shows the
// call's result as it is. Here the kernel has prepared the call to be started again
// before it stops the thread (do_signal, arch/arm64/kernel/signal.c).
const showsResult = false

const (
	placeResult = 0
	placeNumber = 8
)

// is32 is told by the size: that of an ARM process's struct pt_regs is less.
func (r *registers) is32() bool { return r.n < len(r.b) }

func (r *registers) place(i int) int {
	if r.is32() && i == placeNumber {
		return 7
	}
	return i
}
