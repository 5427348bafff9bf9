// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The table for a byte at a time.
 */
#include <linux/types.h>
#include "crc32.h"

u32 crc32_table_le[256];

static u32 entry(u32 v)
{
	unsigned int bit;

	for (bit = 0; bit < 8; bit++)
		v = v >> 1 ^ (v & 1 ? 0xedb88320 : 0);
	return v;
}

void crc32_table_init(void)
{
	unsigned int i;

	for (i = 0; i < 256; i++)
		crc32_table_le[i] = entry(i);
}
