/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The entry: a stack, then C. This object has to be the first one in the image:
 * see scripts/head-object-list.txt.
 */
#include <linux/init.h>
#include <linux/linkage.h>

	__HEAD
SYM_FUNC_START(kernel_entry)
	la.pcrel $sp, init_stack_end
	la.pcrel $a0, __bss_start
	la.pcrel $a1, __bss_stop
1:	bgeu $a0, $a1, 2f
	st.d $zero, $a0, 0
	addi.d $a0, $a0, 8
	b 1b
2:	bl start_kernel
3:	idle 0
	b 3b
SYM_FUNC_END(kernel_entry)
