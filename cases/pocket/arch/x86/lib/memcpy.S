/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * void *memcpy(void *dst, const void *src, size_t n)
 */
#include <linux/export.h>
#include <linux/linkage.h>

	.text
SYM_FUNC_START(memcpy)
	movq %rdi, %rax
	movq %rdx, %rcx
	rep movsb
	ret
SYM_FUNC_END(memcpy)
EXPORT_SYMBOL(memcpy)
