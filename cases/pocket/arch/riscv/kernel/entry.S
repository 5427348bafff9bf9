/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * From a trap or a system call into C, and back.
 */
#include <linux/linkage.h>

	.text
SYM_FUNC_START(handle_exception)
	addi sp, sp, -32
	sd ra, 0(sp)
	sd a0, 8(sp)
	sd a1, 16(sp)
	csrr a0, scause
	csrr a1, sepc
	call do_trap
	csrw sepc, a0
	ld a1, 16(sp)
	ld a0, 8(sp)
	ld ra, 0(sp)
	addi sp, sp, 32
	sret
SYM_FUNC_END(handle_exception)

SYM_FUNC_START(handle_breakpoint)
	addi sp, sp, -16
	sd ra, 0(sp)
	csrr a0, sepc
	call do_breakpoint
	csrw sepc, a0
	ld ra, 0(sp)
	addi sp, sp, 16
	sret
SYM_FUNC_END(handle_breakpoint)

SYM_FUNC_START(handle_syscall)
	addi sp, sp, -16
	sd ra, 0(sp)
	mv a3, a2
	mv a2, a1
	mv a1, a0
	mv a0, a7
	call do_syscall_entry
	ld ra, 0(sp)
	addi sp, sp, 16
	sret
SYM_FUNC_END(handle_syscall)
