// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Arrays of bits.
 */
#include <linux/export.h>
#include <linux/lib.h>

#define BITS (8 * sizeof(unsigned long))

unsigned int bitmap_weight(const unsigned long *map, unsigned int bits)
{
	unsigned int i, n = 0;

	for (i = 0; i < bits; i++)
		n += map[i / BITS] >> i % BITS & 1;
	return n;
}
EXPORT_SYMBOL(bitmap_weight);

unsigned int find_first_zero_bit(const unsigned long *map, unsigned int bits)
{
	unsigned int i;

	for (i = 0; i < bits; i++)
		if (!(map[i / BITS] >> i % BITS & 1))
			break;
	return i;
}
EXPORT_SYMBOL(find_first_zero_bit);

void bitmap_set_bit(unsigned long *map, unsigned int bit)
{
	map[bit / BITS] |= 1ul << bit % BITS;
}
