// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Programs that an interpreter runs, known by their first bytes: a module of one object, which
 * needs what another module exports.
 */
#include <linux/crc32.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/module.h>

#define MAGIC_LEN 4

static u32 known;

static int load_misc_binary(struct linux_binprm *bprm)
{
	if (bprm->len < MAGIC_LEN)
		return -ENOEXEC;
	if (crc32_le(~0u, bprm->buf, MAGIC_LEN) != known)
		return -ENOEXEC;
	bprm->entry = 0;
	return 0;
}

static struct linux_binfmt misc_format = { .load_binary = load_misc_binary };

static int __init init_misc_binfmt(void)
{
	static const u8 magic[MAGIC_LEN] = { '#', '!', '/', 'b' };

	known = crc32_le(~0u, magic, MAGIC_LEN);
	return register_binfmt(&misc_format);
}
module_init(init_misc_binfmt);

MODULE_DESCRIPTION("Programs that an interpreter runs");
MODULE_LICENSE("GPL");
