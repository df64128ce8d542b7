package tracer

// registers is struct user_regs_struct (asm/user_64.h), or of a process of 32 bits
// struct user_regs_struct32 (asm/user32.h).
type registers struct {
	b [27 * 8]byte
	n int // bytes that the kernel has filled
}

// Where the registers are of a call's arguments, its result and its number, in words.
var (
	places64 = [8]int{14, 13, 12, 7, 9, 8, 10, 15}
	places32 = [8]int{0, 1, 2, 3, 4, 5, 6, 11}
)

// showsResult is whether a thread that stops on its way out of a call shows the
// call's result as it is.
const showsResult = true

const (
	placeResult = 6
	placeNumber = 7
)

func (r *registers) is32() bool { return r.n < len(r.b) }

func (r *registers) place(i int) int {
	if r.is32() {
		return places32[i]
	}
	return places64[i]
}
