// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * CRC32, both ways round: a module of two objects.
 */
#include <linux/crc32.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "crc32.h"

static unsigned int check = 1;
module_param_named(check, check, uint, 0444);
MODULE_PARM_DESC(check, "compute a known checksum first");

static char *last_user;

u32 crc32_le(u32 crc, const u8 *p, size_t len)
{
	while (len--)
		crc = crc >> 8 ^ crc32_table_le[(u8)crc ^ *p++];
	return crc;
}
EXPORT_SYMBOL(crc32_le);

u32 crc32_be(u32 crc, const u8 *p, size_t len)
{
	unsigned int bit;

	while (len--) {
		crc ^= (u32)*p++ << 24;
		for (bit = 0; bit < 8; bit++)
			crc = crc << 1 ^ (crc >> 31 ? 0x04c11db7 : 0);
	}
	return crc;
}
EXPORT_SYMBOL_GPL(crc32_be);

static int __init crc32_init(void)
{
	static const u8 text[] = "123456789";

	crc32_table_init();
	last_user = kstrdup("crc32", GFP_KERNEL);
	if (check && ~crc32_le(~0u, text, strlen((const char *)text)) != 0xcbf43926) {
		pr_err("crc32: wrong checksum\n");
		return -EIO;
	}
	return 0;
}
module_init(crc32_init);

static void __exit crc32_exit(void)
{
	kfree(last_user);
}
module_exit(crc32_exit);

MODULE_DESCRIPTION("CRC32 checksums");
MODULE_LICENSE("GPL");
