/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _LINUX_LINKAGE_H
#define _LINUX_LINKAGE_H

#include <linux/stringify.h>
#include <asm/linkage.h>

#ifdef __ASSEMBLY__

#define SYM_FUNC_START(name)		\
	.globl name ASM_NL		\
	.balign 4 ASM_NL		\
	name:

#define SYM_FUNC_END(name)		\
	.type name, %function ASM_NL	\
	.size name, . - name

#define SYM_DATA_START(name)		\
	.globl name ASM_NL		\
	name:

#define SYM_DATA_END(name)		\
	.type name, %object ASM_NL	\
	.size name, . - name

#endif

/* What separates assembly instructions on one line */
#ifndef ASM_NL
#define ASM_NL ;
#endif

#endif
