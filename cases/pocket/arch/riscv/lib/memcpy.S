/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * void *memcpy(void *dst, const void *src, size_t n)
 */
#include <linux/export.h>
#include <linux/linkage.h>

	.text
SYM_FUNC_START(memcpy)
	mv t0, a0
	add a2, a2, a1
1:	bgeu a1, a2, 2f
	lbu t1, 0(a1)
	sb t1, 0(t0)
	addi a1, a1, 1
	addi t0, t0, 1
	j 1b
2:	ret
SYM_FUNC_END(memcpy)
EXPORT_SYMBOL(memcpy)
