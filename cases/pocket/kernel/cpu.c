// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Which processors there are.
 */
#include <linux/export.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/lib.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/sched.h>

static unsigned long online_mask[1] = { 1 };
static struct notifier_head cpu_chain;
static unsigned int max_cpus = CONFIG_NR_CPUS;
module_param(max_cpus, uint, 0444);

unsigned int num_online_cpus(void)
{
	return bitmap_weight(online_mask, CONFIG_NR_CPUS);
}
EXPORT_SYMBOL(num_online_cpus);

void cpu_up(unsigned int cpu)
{
	if (cpu >= max_cpus || cpu >= CONFIG_NR_CPUS)
		return;
	bitmap_set_bit(online_mask, cpu);
	notifier_call_chain(&cpu_chain, cpu, NULL);
}

static int __init setup(void)
{
	unsigned int cpu;

	while ((cpu = find_first_zero_bit(online_mask, CONFIG_NR_CPUS)) < max_cpus)
		cpu_up(cpu);
	return 0;
}
early_initcall(setup);
