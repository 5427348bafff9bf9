/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The entry: a stack, then C.
 */
#include <linux/init.h>
#include <linux/linkage.h>

	__HEAD
SYM_FUNC_START(_start_kernel)
	csrw sie, zero
	la sp, init_stack_end
	la a0, __bss_start
	la a1, __bss_stop
1:	bgeu a0, a1, 2f
	sd zero, 0(a0)
	addi a0, a0, 8
	j 1b
2:	call start_kernel
3:	wfi
	j 3b
SYM_FUNC_END(_start_kernel)
