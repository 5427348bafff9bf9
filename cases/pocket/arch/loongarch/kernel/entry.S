/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * From a trap or a system call into C, and back.
 */
#include <linux/linkage.h>

	.text
SYM_FUNC_START(handle_exception)
	addi.d $sp, $sp, -32
	st.d $ra, $sp, 0
	st.d $a0, $sp, 8
	st.d $a1, $sp, 16
	csrrd $a0, 0x5
	srli.d $a0, $a0, 16
	csrrd $a1, 0x6
	bl do_trap
	csrwr $a0, 0x6
	ld.d $a1, $sp, 16
	ld.d $a0, $sp, 8
	ld.d $ra, $sp, 0
	addi.d $sp, $sp, 32
	ertn
SYM_FUNC_END(handle_exception)

SYM_FUNC_START(handle_bp)
	addi.d $sp, $sp, -16
	st.d $ra, $sp, 0
	csrrd $a0, 0x6
	bl do_breakpoint
	csrwr $a0, 0x6
	ld.d $ra, $sp, 0
	addi.d $sp, $sp, 16
	ertn
SYM_FUNC_END(handle_bp)

SYM_FUNC_START(handle_syscall)
	addi.d $sp, $sp, -16
	st.d $ra, $sp, 0
	move $a3, $a2
	move $a2, $a1
	move $a1, $a0
	move $a0, $a7
	bl do_syscall_entry
	ld.d $ra, $sp, 0
	addi.d $sp, $sp, 16
	ertn
SYM_FUNC_END(handle_syscall)
