/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * void *memcpy(void *dst, const void *src, size_t n)
 */
#include <linux/export.h>
#include <linux/linkage.h>

	.text
SYM_FUNC_START(memcpy)
	move $t0, $a0
	add.d $a2, $a2, $a1
1:	bgeu $a1, $a2, 2f
	ld.bu $t1, $a1, 0
	st.b $t1, $t0, 0
	addi.d $a1, $a1, 1
	addi.d $t0, $t0, 1
	b 1b
2:	ret
SYM_FUNC_END(memcpy)
EXPORT_SYMBOL(memcpy)
