#include "textflag.h"

// func write()
// The kernel calls it with the signal in R0, with its siginfo in R1, in which write(2)
// wants it, and with a return address that restores all registers.
TEXT ·write(SB),NOSPLIT|NOFRAME,$0
	MOVD $·files(SB), R3
	ADD R0<<3, R3
	MOVW 0(R3), R0
	MOVW 4(R3), R2
	MOVD $64, R8 // write
	SVC
	RET

// func writeAddress() uintptr
TEXT ·writeAddress(SB),NOSPLIT,$0-8
	MOVD $·write(SB), R0
	MOVD R0, ret+0(FP)
	RET
