// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Traps: known ones are repaired or explained, the rest is the end.
 */
#include <linux/bug.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/syscalls.h>
#include <linux/uaccess.h>
#include <asm/traps.h>

static const char *const trap_names[] = {
	"fetch misaligned",
	"fetch access",
	"illegal instruction",
	"breakpoint",
	"load misaligned",
	"load access",
	"store misaligned",
};
static unsigned long trap_count[ARRAY_SIZE(trap_names)];

void __init trap_init(void)
{
	trap_count[0] = 0;
}

/* Called from entry.S. What is returned is where to go on. */
unsigned long do_trap(unsigned long nr, unsigned long pc)
{
	const struct bug_entry *bug;

	if (nr < ARRAY_SIZE(trap_names))
		trap_count[nr]++;
	if (fixup_exception(&pc))
		return pc;
	bug = find_bug(pc);
	if (bug)
		panic("BUG in line %u", bug->line);
	panic("%s at %lx", nr < ARRAY_SIZE(trap_names) ? trap_names[nr] : "trap", pc);
}

unsigned long do_breakpoint(unsigned long pc)
{
	return pc + 2;
}

long do_syscall_entry(unsigned long nr, long a, long b, long c)
{
	return do_syscall(nr, a, b, c);
}
