/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _LINUX_LZ4_H
#define _LINUX_LZ4_H

#include <linux/types.h>

int LZ4_decompress_safe(const char *src, char *dst, int src_len, int dst_len);
#define LZ4_STORED	0
#define LZ4_PACKED	1
#define LZ4_BROKEN	5

u32 lz4_check_header(u32 kind, u32 *check, const u32 *words);
u32 lz4_mix(const u32 *words, int n);
int unlz4(const u8 *in, size_t in_len, u8 *out, size_t out_len);

#endif
