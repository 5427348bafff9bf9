/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Loads that may fault. A row of __ex_table says where to go on then.
 */
#ifndef _LINUX_UACCESS_H
#define _LINUX_UACCESS_H

#include <linux/errno.h>
#include <linux/types.h>
#include <asm/uaccess.h>

struct exception_table_entry {
	s32 insn;		/* relative to the field, as is the other */
	s32 fixup;
	s32 data;		/* EX_TYPE_*, and what it needs */
};
extern struct exception_table_entry __start___ex_table[], __stop___ex_table[];

/* 0, or -EFAULT; *val is not changed then */
static __always_inline int get_user_u32(u32 *val, const u32 *from)
{
	int err = 0;
	u32 tmp = *val;

	asm volatile("1: " ASM_LOAD32 "\n"
		     "2:\n"
		     ".pushsection .text.fixup,\"ax\"\n"
		     "3: " ASM_SET_EFAULT "\n"
		     ASM_JUMP_2B "\n"
		     ".popsection\n"
		     ".pushsection __ex_table,\"a\"\n"
		     ".balign 4\n"
		     ".long 1b - ., 3b - ., 1\n"
		     ".popsection"
		     : [err] "+r" (err), [val] "+r" (tmp) : [from] "r" (from) : "memory");
	*val = tmp;
	return err;
}

bool fixup_exception(unsigned long *pc);

#endif
