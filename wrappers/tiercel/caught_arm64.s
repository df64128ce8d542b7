#include "textflag.h"

// func note()
// The kernel calls it with the signal's siginfo in R1, in which write(2) wants it,
// and with a return address that restores all registers.
TEXT ·note(SB),NOSPLIT|NOFRAME,$0
	MOVD ·notes(SB), R0
	MOVD $128, R2
	MOVD $64, R8 // write
	SVC
	RET

// func noteAddress() uintptr
TEXT ·noteAddress(SB),NOSPLIT,$0-8
	MOVD $·note(SB), R0
	MOVD R0, ret+0(FP)
	RET
