#include "textflag.h"

// func note()
// The kernel calls it with the signal's siginfo in SI, in which write(2) wants it,
// and with a return address that restores all registers.
TEXT ·note(SB),NOSPLIT|NOFRAME,$0
	MOVQ ·notes(SB), DI
	MOVL $128, DX
	MOVL $1, AX // write
	SYSCALL
	RET

// func noteAddress() uintptr
TEXT ·noteAddress(SB),NOSPLIT,$0-8
	MOVQ $·note(SB), AX
	MOVQ AX, ret+0(FP)
	RET
