#include "textflag.h"

// func write()
// The kernel calls it with the signal in DI, with its siginfo in SI, in which write(2)
// wants it, and with a return address that restores all registers.
TEXT ·write(SB),NOSPLIT|NOFRAME,$0
	LEAQ ·files(SB), AX
	LEAQ (AX)(DI*8), AX
	MOVLQSX 0(AX), DI
	MOVLQSX 4(AX), DX
	MOVL $1, AX // write
	SYSCALL
	RET

// func writeAddress() uintptr
TEXT ·writeAddress(SB),NOSPLIT,$0-8
	MOVQ $·write(SB), AX
	MOVQ AX, ret+0(FP)
	RET
