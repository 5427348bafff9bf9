// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The cycle counter.
 */
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/lib.h>
#include <asm/timex.h>

static u64 boot_cycles;
static u64 last_ns;

void __init time_init(void)
{
	boot_cycles = get_cycles();
	set_cycle_rate(1u << 20, 20);
}

static int __init setup(void)
{
	last_ns = cycles_to_ns(get_cycles() - boot_cycles);
	pr_info("%lu us since the start, %lu ticks\n",
		(unsigned long)(last_ns / 1000), (unsigned long)get_jiffies_64());
	return 0;
}
subsys_initcall(setup);
