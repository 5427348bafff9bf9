// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * How many turns of the delay loop fit between two ticks?
 */
#include <linux/export.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/lib.h>

unsigned long loops_per_jiffy = 1ul << 12;
EXPORT_SYMBOL(loops_per_jiffy);

static unsigned long preset_lpj;

static int __init setup(char *s)
{
	kstrtoul(s, 0, &preset_lpj);
	return 1;
}
__setup("lpj=", setup);

void __init calibrate_delay(void)
{
	unsigned long start;
	unsigned int step;

	if (preset_lpj) {
		loops_per_jiffy = preset_lpj;
		return;
	}
	for (step = 0; step < 16; step++) {
		start = jiffies;
		__delay(loops_per_jiffy);
		if (jiffies != start)
			break;
		loops_per_jiffy <<= 1;
	}
}
