// The stub that a patched call site jumps to. Of it there is one copy a site, in
// pages of which the filter lets openat through; its second half is in pages of
// which calls stop as from anywhere. rcx and r11 are free, as a system call
// overwrites them, and rax holds a number that is known. The stack, with what a
// leaf function keeps below its pointer, is left alone.
	.section .rodata
	.globl pass, pass_all, pass_cmp, pass_ret, pass_end, stop, stop_cmp, stop_ret, stop_end

pass:	cmp $257, %eax			# openat; a site may make other calls
	jne pass + 0x4000
pass_all: // five bytes, in the way "all" a jump to 4
	test $0x600243, %edx		# not only read, or made, emptied, or just a path
	jne 9f
	cmpb $'/', (%rsi)		# of a relative path the folder would have to be known
	jne 9f
	mov %rsi, %rcx
	xor %eax, %eax			# of the last element, what it hashes to
1:	movzbl (%rcx), %r11d
	inc %rcx
	test %r11d, %r11d
	je 3f
	cmp $'/', %r11d
	je 2f
	imul $31, %eax, %eax
	add %r11d, %eax
	jmp 1b
2:	cmpb $'/', (%rcx)		# paths that are not plain: //, /., /..
	je 9f
	xor %eax, %eax
	cmpb $'.', (%rcx)
	jne 1b
	mov 1(%rcx), %al
	cmp $'.', %al
	jne 5f
	mov 2(%rcx), %al
5:	cmp $'/', %al
	je 9f
	test %al, %al
	je 9f
	xor %eax, %eax
	jmp 1b
3:	and $255, %eax
	bt %eax, 0x200040		# a name that a rule asks for
	jc 9f
	sub %rsi, %rcx
	cmp $9, %rcx
	jb 4f
	mov (%rsi), %rax		# beginnings that rules ask for
	movabs $0x6475732f6374652f, %rcx	# /etc/sud
	cmp %rcx, %rax
	je 9f
	movabs $0x6873732f6374652f, %rcx	# /etc/ssh
	cmp %rcx, %rax
	je 9f
	movabs $0x2f636f72702f, %rcx		# /proc/
	shl $16, %rax
	shr $16, %rax
	cmp %rcx, %rax
	je 9f
4:	mov $257, %eax
	syscall
pass_cmp: .byte 0x48, 0x3d, 0, 0, 0, 0	# the comparison that the jump at the site has overwritten
	jmp *pass_ret(%rip)
9:	mov $257, %eax
	jmp pass + 0x4000
pass_ret: .quad 0
pass_end:

stop:	syscall
stop_cmp: .byte 0x48, 0x3d, 0, 0, 0, 0
	jmp *stop_ret(%rip)
stop_ret: .quad 0
stop_end:
	.section .note.GNU-stack, "", @progbits
