// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Who owns which addresses: disjoint ranges, sorted.
 */
#include <linux/export.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/resource.h>

static struct resource root = { "root", 0, ~0ul, NULL, NULL };
static unsigned int count;

static noinline struct resource **place(struct resource *new)
{
	struct resource **at = &root.child;

	for (; *at; at = &(*at)->sibling) {
		if ((*at)->start > new->end)
			return at;
		if ((*at)->end >= new->start)
			return NULL;
	}
	return at;
}

int request_resource(struct resource *new)
{
	struct resource **at = place(new);

	if (!at)
		return -EBUSY;
	new->sibling = *at;
	*at = new;
	count++;
	return 0;
}
EXPORT_SYMBOL(request_resource);

unsigned int resource_count(void)
{
	return READ_ONCE(count);
}

static struct resource text_resource = { .name = "Kernel code" };

static int __init reserve_text(void)
{
	extern char _text[], _etext[];

	text_resource.start = (unsigned long)_text;
	text_resource.end = (unsigned long)_etext - 1;
	return request_resource(&text_resource);
}
arch_initcall(reserve_text);
