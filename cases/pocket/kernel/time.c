// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Ticks.
 */
#include <linux/export.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/lib.h>
#include <linux/sched.h>

unsigned long volatile jiffies;
EXPORT_SYMBOL(jiffies);

static u64 jiffies_base = 300ull * CONFIG_HZ;
static unsigned long lost_ticks;

/* Short enough to be inlined into other files, static variable and all */
u64 get_jiffies_64(void)
{
	return READ_ONCE(jiffies_base) + jiffies;
}
EXPORT_SYMBOL(get_jiffies_64);

static noinline void catch_up(void)
{
	while (lost_ticks) {
		lost_ticks--;
		jiffies++;
	}
	if (jiffies > 1ul << 30) {
		jiffies_base += jiffies;
		jiffies = 0;
	}
}

void tick(void)
{
	jiffies++;
	catch_up();
	account_tick();
}

void msleep(unsigned int msecs)
{
	u64 until = get_jiffies_64() + (u64)msecs * CONFIG_HZ / 1000;

	while (get_jiffies_64() < until)
		schedule();
}
EXPORT_SYMBOL(msleep);

static int __init setup(void)
{
	lost_ticks = 0;
	return 0;
}
core_initcall(setup);
