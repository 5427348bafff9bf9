// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Which parts of the image can be given back after the start?
 */
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/slab.h>

static unsigned long freed;

static int __init free_initmem(void)
{
	extern char __init_begin[], __init_end[];

	freed = __init_end - __init_begin;
	pr_info("%lu bytes of init memory, %lu of %lu pages free\n",
		freed, nr_free_pages(), totalram_pages());
	return 0;
}
late_initcall(free_initmem);
