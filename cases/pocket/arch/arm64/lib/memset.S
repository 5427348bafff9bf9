/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * void *memset(void *dst, int c, size_t n)
 */
#include <linux/export.h>
#include <linux/linkage.h>

	.text
SYM_FUNC_START(memset)
	mov x3, x0
1:	cbz x2, 2f
	strb w1, [x3], #1
	sub x2, x2, #1
	b 1b
2:	ret
SYM_FUNC_END(memset)
EXPORT_SYMBOL(memset)
