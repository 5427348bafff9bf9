// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Heap sort: no recursion, no memory.
 */
#include <linux/export.h>
#include <linux/lib.h>

static void swap(u8 *a, u8 *b, size_t n)
{
	while (n--) {
		u8 t = a[n];

		a[n] = b[n];
		b[n] = t;
	}
}

static noinline void sift(u8 *base, size_t at, size_t num, size_t size, cmp_func_t cmp)
{
	size_t child;

	while ((child = 2 * at + 1) < num) {
		if (child + 1 < num && cmp(base + child * size, base + (child + 1) * size) < 0)
			child++;
		if (cmp(base + at * size, base + child * size) >= 0)
			return;
		swap(base + at * size, base + child * size, size);
		at = child;
	}
}

void sort(void *base, size_t num, size_t size, cmp_func_t cmp)
{
	size_t i;

	for (i = num / 2; i-- > 0; )
		sift(base, i, num, size, cmp);
	for (i = num; i-- > 1; ) {
		swap(base, (u8 *)base + i * size, size);
		sift(base, 0, i, size, cmp);
	}
}
EXPORT_SYMBOL(sort);
