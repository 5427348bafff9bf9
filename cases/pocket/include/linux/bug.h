/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * BUG() stops with a trap, and a row of __bug_table says where it is.
 */
#ifndef _LINUX_BUG_H
#define _LINUX_BUG_H

#include <linux/types.h>
#include <asm/bug.h>

struct bug_entry {
	s32 addr;		/* relative to this field */
	u16 line;
	u16 flags;
};
extern const struct bug_entry __start___bug_table[], __stop___bug_table[];

#define BUG() do {							\
	asm volatile("1: " ASM_TRAP "\n"				\
		     ".pushsection __bug_table,\"aw\"\n"		\
		     ".balign 4\n"					\
		     ".long 1b - .\n"					\
		     ".short %c0\n"					\
		     ".short %c1\n"					\
		     ".popsection"					\
		     : : "i" (__LINE__), "i" (0));			\
	__builtin_unreachable();					\
} while (0)

#define BUG_ON(cond) do { if (unlikely(cond)) BUG(); } while (0)

const struct bug_entry *find_bug(unsigned long addr);

#endif
