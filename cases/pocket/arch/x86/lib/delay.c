// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Wait without doing anything else.
 */
#include <linux/export.h>
#include <linux/lib.h>
#include <asm/processor.h>

void __delay(unsigned long loops)
{
	while (loops--)
		cpu_relax();
}
EXPORT_SYMBOL(__delay);

void udelay(unsigned long usecs)
{
	__delay(usecs * loops_per_jiffy / (1000000 / CONFIG_HZ));
}
EXPORT_SYMBOL(udelay);
