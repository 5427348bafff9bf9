/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * void *memcpy(void *dst, const void *src, size_t n)
 */
#include <linux/export.h>
#include <linux/linkage.h>

	.text
SYM_FUNC_START(memcpy)
	mov x3, x0
1:	cbz x2, 2f
	ldrb w4, [x1], #1
	strb w4, [x3], #1
	sub x2, x2, #1
	b 1b
2:	ret
SYM_FUNC_END(memcpy)
EXPORT_SYMBOL(memcpy)
