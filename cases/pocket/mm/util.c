// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What is often wanted of memory.
 */
#include <linux/export.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>

char *kstrdup(const char *s, gfp_t flags)
{
	size_t n;
	char *copy;

	if (!s)
		return NULL;
	n = strlen(s) + 1;
	copy = kmalloc(n, flags);
	if (copy)
		memcpy(copy, s, n);
	return copy;
}
EXPORT_SYMBOL(kstrdup);

static int __init report(void)
{
	pr_info("slab: %lu bytes in use\n", (unsigned long)kmalloc_used());
	return 0;
}
late_initcall(report);
