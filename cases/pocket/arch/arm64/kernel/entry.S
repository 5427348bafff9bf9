/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * From a trap or a system call into C, and back.
 */
#include <linux/linkage.h>

	.text
SYM_FUNC_START(el1_sync)
	stp x0, x1, [sp, #-32]!
	stp x29, x30, [sp, #16]
	mrs x0, esr_el1
	lsr x0, x0, #26
	mrs x1, elr_el1
	bl do_trap
	msr elr_el1, x0
	ldp x29, x30, [sp, #16]
	ldp x0, x1, [sp], #32
	eret
SYM_FUNC_END(el1_sync)

SYM_FUNC_START(el1_dbg)
	stp x29, x30, [sp, #-16]!
	mrs x0, elr_el1
	bl do_breakpoint
	msr elr_el1, x0
	ldp x29, x30, [sp], #16
	eret
SYM_FUNC_END(el1_dbg)

SYM_FUNC_START(el0_svc)
	stp x29, x30, [sp, #-16]!
	mov x3, x2
	mov x2, x1
	mov x1, x0
	mov x0, x8
	bl do_syscall_entry
	ldp x29, x30, [sp], #16
	eret
SYM_FUNC_END(el0_svc)
