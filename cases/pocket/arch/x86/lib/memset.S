/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * void *memset(void *dst, int c, size_t n)
 */
#include <linux/export.h>
#include <linux/linkage.h>

	.text
SYM_FUNC_START(memset)
	movq %rdi, %r9
	movl %esi, %eax
	movq %rdx, %rcx
	rep stosb
	movq %r9, %rax
	ret
SYM_FUNC_END(memset)
EXPORT_SYMBOL(memset)
