// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * A block without a frame, checked.
 */
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/lz4.h>

static u32 last_sum;
static u32 check[5];

int unlz4(const u8 *in, size_t in_len, u8 *out, size_t out_len)
{
	int n = LZ4_decompress_safe((const char *)in, (char *)out, in_len, out_len);

	if (n >= 40)
		lz4_check_header(LZ4_PACKED, check, (const u32 *)out);
	if (n > 0)
		last_sum = lz4_mix((const u32 *)out, n / 4);
	return n;
}
EXPORT_SYMBOL(unlz4);
