// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * LZ4 blocks. Compiled with -O3 whatever the rest gets: the loops below become
 * other code then, and it shows whether the option has reached the back end.
 */
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/lz4.h>

/* A length of 15 goes on in the bytes that follow. */
static bool longer(const u8 **src, const u8 *end, unsigned int *len)
{
	u8 more;

	do {
		if (*src == end)
			return false;
		more = *(*src)++;
		*len += more;
	} while (more == 255);
	return true;
}

int LZ4_decompress_safe(const char *source, char *dest, int src_len, int dst_len)
{
	const u8 *src = (const u8 *)source, *src_end = src + src_len;
	u8 *dst = (u8 *)dest, *dst_end = dst + dst_len;
	unsigned int i;

	while (src < src_end) {
		u8 token = *src++;
		unsigned int literals = token >> 4, match = token & 15, offset;

		if (literals == 15 && !longer(&src, src_end, &literals))
			return -EINVAL;
		if (literals > (unsigned long)(src_end - src) || literals > (unsigned long)(dst_end - dst))
			return -EINVAL;
		for (i = 0; i < literals; i++)
			dst[i] = src[i];
		dst += literals;
		src += literals;
		if (src == src_end)
			break;

		if (src_end - src < 2)
			return -EINVAL;
		offset = src[0] | src[1] << 8;
		src += 2;
		if (match == 15 && !longer(&src, src_end, &match))
			return -EINVAL;
		match += 4;
		if (!offset || offset > (unsigned long)(dst - (u8 *)dest) ||
		    match > (unsigned long)(dst_end - dst))
			return -EINVAL;
		for (i = 0; i < match; i++, dst++)
			*dst = dst[-(long)offset];
	}
	return dst - (u8 *)dest;
}
EXPORT_SYMBOL(LZ4_decompress_safe);

/* A checksum with the constants of xxHash. */
u32 lz4_mix(const u32 *words, int n)
{
	u32 lane[4] = { 2654435761u, 2246822519u, 3266489917u, 668265263u };
	int i, j;

	for (i = 0; i + 4 <= n; i += 4)
		for (j = 0; j < 4; j++) {
			lane[j] += words[i + j] * 2246822519u;
			lane[j] = (lane[j] << 13 | lane[j] >> 19) * 2654435761u;
		}
	for (; i < n; i++)
		lane[i & 3] ^= words[i];
	return lane[0] ^ lane[1] ^ lane[2] ^ lane[3];
}
EXPORT_SYMBOL_GPL(lz4_mix);

/*
 * A running check of the header words, different for each kind of block. At -O3
 * each case gets its own copy of the end, also on machines without vectors.
 */
u32 lz4_check_header(u32 kind, u32 *check, const u32 *words)
{
	u32 n;

	if (kind == LZ4_STORED) {
		check[1] = words[0];
		n = words[1] + 7;
	} else if (kind == LZ4_PACKED) {
		check[2] = words[3] ^ words[4];
		n = words[2] * 3;
	} else if (kind == LZ4_BROKEN) {
		check[3] = words[5] - words[6];
		n = words[7] << 3;
	} else {
		check[4] = words[9] | 1;
		n = words[1] ^ words[8];
	}
	check[0] += n;
	return n;
}
