// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The end, and the warnings on the way to it.
 */
#include <linux/bug.h>
#include <linux/export.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <asm/processor.h>

int panic_timeout;
module_param_named(panic, panic_timeout, int, 0644);

static char message[128];
static unsigned int panics;

static int __init setup(char *s)
{
	return kstrtoint(s, 0, &panic_timeout);
}
early_param("panic=", setup);

void panic(const char *fmt, ...)
{
	__builtin_va_list args;

	__builtin_va_start(args, fmt);
	vsnprintf(message, sizeof(message), fmt, args);
	__builtin_va_end(args);
	if (panics++ == 0)
		pr_err("Kernel panic - not syncing: %s\n", message);
	reboot_notify(0);
	for (;;)
		cpu_relax();
}
EXPORT_SYMBOL(panic);

const struct bug_entry *find_bug(unsigned long addr)
{
	const struct bug_entry *b;

	for (b = __start___bug_table; b < __stop___bug_table; b++)
		if ((unsigned long)&b->addr + b->addr == addr)
			return b;
	return NULL;
}
