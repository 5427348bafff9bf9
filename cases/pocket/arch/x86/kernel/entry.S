/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * From a trap or a system call into C, and back.
 */
#include <linux/linkage.h>

	.text
SYM_FUNC_START(entry_trap)
	pushq %rax
	movq 16(%rsp), %rsi
	movq 8(%rsp), %rdi
	call do_trap
	movq %rax, 16(%rsp)
	popq %rax
	addq $8, %rsp
	iretq
SYM_FUNC_END(entry_trap)

SYM_FUNC_START(entry_breakpoint)
	movq (%rsp), %rdi
	call do_breakpoint
	movq %rax, (%rsp)
	iretq
SYM_FUNC_END(entry_breakpoint)

SYM_FUNC_START(entry_SYSCALL_64)
	pushq %rcx
	pushq %r11
	movq %rdx, %rcx
	movq %rsi, %rdx
	movq %rdi, %rsi
	movq %rax, %rdi
	call do_syscall_entry
	popq %r11
	popq %rcx
	sysretq
SYM_FUNC_END(entry_SYSCALL_64)
