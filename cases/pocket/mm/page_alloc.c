// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Pages, handed out from one end of a fixed area and never taken back.
 */
#include <linux/bug.h>
#include <linux/export.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/lib.h>
#include <linux/slab.h>

#define PAGE_SIZE	4096ul
#define NR_PAGES	16ul

static u8 memory[NR_PAGES * PAGE_SIZE] __aligned(4096);
static unsigned long next_page;

static noinline void *take(unsigned long pages)
{
	void *p = memory + next_page * PAGE_SIZE;

	BUG_ON(pages == 0);
	if (pages > NR_PAGES - next_page)
		return NULL;
	next_page += pages;
	return p;
}

void *alloc_pages_exact(size_t size)
{
	return take((size + PAGE_SIZE - 1) / PAGE_SIZE);
}
EXPORT_SYMBOL(alloc_pages_exact);

unsigned long nr_free_pages(void)
{
	return NR_PAGES - READ_ONCE(next_page);
}

unsigned long totalram_pages(void)
{
	return NR_PAGES;
}
EXPORT_SYMBOL(totalram_pages);

static unsigned long reserved;

static int __init mem_setup(char *s)
{
	reserved = memparse(s, NULL) / PAGE_SIZE;
	if (reserved < NR_PAGES)
		next_page = reserved;
	return 0;
}
early_param("reserve=", mem_setup);
