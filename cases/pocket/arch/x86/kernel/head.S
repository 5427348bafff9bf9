/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The entry: a stack, then C. We are called in 64-bit mode.
 */
#include <linux/init.h>
#include <linux/linkage.h>

	__HEAD
SYM_FUNC_START(startup_64)
	cli
	leaq init_stack_end(%rip), %rsp
	xorl %ebp, %ebp
	leaq __bss_start(%rip), %rdi
	leaq __bss_stop(%rip), %rcx
	subq %rdi, %rcx
	xorl %eax, %eax
	rep stosb
	call start_kernel
1:	hlt
	jmp 1b
SYM_FUNC_END(startup_64)
