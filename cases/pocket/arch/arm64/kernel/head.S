/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The entry: a stack, then C.
 */
#include <linux/init.h>
#include <linux/linkage.h>

	__HEAD
SYM_FUNC_START(primary_entry)
	msr daifset, #0xf
	adrp x0, init_stack_end
	add x0, x0, :lo12:init_stack_end
	mov sp, x0
	mov x29, xzr
	adrp x0, __bss_start
	add x0, x0, :lo12:__bss_start
	adrp x1, __bss_stop
	add x1, x1, :lo12:__bss_stop
1:	cmp x0, x1
	b.hs 2f
	str xzr, [x0], #8
	b 1b
2:	bl start_kernel
3:	wfi
	b 3b
SYM_FUNC_END(primary_entry)
