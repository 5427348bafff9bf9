/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _LINUX_SLAB_H
#define _LINUX_SLAB_H

#include <linux/types.h>

#define GFP_KERNEL	1u
#define __GFP_ZERO	2u

void *kmalloc(size_t size, gfp_t flags);
void *kzalloc(size_t size, gfp_t flags);
void kfree(const void *p);
size_t kmalloc_used(void);
char *kstrdup(const char *s, gfp_t flags);
void *alloc_pages_exact(size_t size);
unsigned long nr_free_pages(void);
unsigned long totalram_pages(void);

#endif
