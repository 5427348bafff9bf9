// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Where to go on after a load that faulted.
 */
#include <linux/export.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/lib.h>
#include <linux/uaccess.h>

static unsigned long fixups;

static unsigned long insn_of(const struct exception_table_entry *e)
{
	return (unsigned long)&e->insn + e->insn;
}

bool fixup_exception(unsigned long *pc)
{
	struct exception_table_entry *e;

	for (e = __start___ex_table; e < __stop___ex_table; e++)
		if (insn_of(e) == *pc) {
			*pc = (unsigned long)&e->fixup + e->fixup;
			fixups++;
			return true;
		}
	return false;
}

static int __init check_table(void)
{
	u32 value = 0;

	return get_user_u32(&value, (const u32 *)__start___ex_table);
}
pure_initcall(check_table);
