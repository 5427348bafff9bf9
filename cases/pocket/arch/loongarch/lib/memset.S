/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * void *memset(void *dst, int c, size_t n)
 */
#include <linux/export.h>
#include <linux/linkage.h>

	.text
SYM_FUNC_START(memset)
	move $t0, $a0
	add.d $a2, $a2, $a0
1:	bgeu $t0, $a2, 2f
	st.b $a1, $t0, 0
	addi.d $t0, $t0, 1
	b 1b
2:	ret
SYM_FUNC_END(memset)
EXPORT_SYMBOL(memset)
