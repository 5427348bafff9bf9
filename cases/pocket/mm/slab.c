// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Small pieces of memory: one list of free pieces for each size.
 */
#include <linux/bug.h>
#include <linux/export.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>

struct piece {
	struct piece *next;
	size_t size;
};

#define NR_CACHES 6

static struct cache {
	struct piece *free;
	size_t size;
	unsigned long allocs;
} caches[NR_CACHES];

static size_t used;

static struct cache *cache_for(size_t size)
{
	unsigned int i;

	for (i = 0; i < NR_CACHES; i++)
		if (size <= caches[i].size)
			return &caches[i];
	return NULL;
}

static noinline bool refill(struct cache *c)
{
	size_t step = c->size + sizeof(struct piece);
	u8 *page = alloc_pages_exact(4096);
	size_t at;

	if (!page)
		return false;
	for (at = 0; at + step <= 4096; at += step) {
		struct piece *p = (struct piece *)(page + at);

		p->size = c->size;
		p->next = c->free;
		c->free = p;
	}
	return true;
}

static noinline void *alloc(size_t size, gfp_t flags)
{
	struct cache *c = cache_for(size);
	struct piece *p;

	if (!c || (!c->free && !refill(c)))
		return NULL;
	p = c->free;
	c->free = p->next;
	c->allocs++;
	used += c->size;
	if (flags & __GFP_ZERO)
		memset(p + 1, 0, c->size);
	return p + 1;
}

void *kmalloc(size_t size, gfp_t flags)
{
	return alloc(size, flags);
}
EXPORT_SYMBOL(kmalloc);

void *kzalloc(size_t size, gfp_t flags)
{
	return alloc(size, flags | __GFP_ZERO);
}
EXPORT_SYMBOL(kzalloc);

void kfree(const void *mem)
{
	struct piece *p = (struct piece *)mem - 1;
	struct cache *c;

	if (!mem)
		return;
	c = cache_for(p->size);
	BUG_ON(!c || c->size != p->size);
	p->next = c->free;
	c->free = p;
	used -= c->size;
}
EXPORT_SYMBOL(kfree);

size_t kmalloc_used(void)
{
	return READ_ONCE(used);
}

void __init mm_init(void)
{
	unsigned int i;

	for (i = 0; i < NR_CACHES; i++)
		caches[i].size = 32ul << i;
}
