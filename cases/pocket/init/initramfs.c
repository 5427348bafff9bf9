// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Unpack the archive that is linked in: records of a length byte and a name.
 */
#include <linux/init.h>
#include <linux/initrd.h>
#include <linux/kernel.h>
#include <linux/lz4.h>
#include <linux/slab.h>

static unsigned int entries;

/* Names end up here; there is no file system to hold them. */
static noinline void add_entry(const u8 *name, unsigned int n)
{
	char *copy = kzalloc(n + 1, GFP_KERNEL);
	unsigned int i;

	if (!copy)
		return;
	for (i = 0; i < n; i++)
		copy[i] = name[i];
	entries++;
}

unsigned int rootfs_entries(void)
{
	return READ_ONCE(entries);
}

int __init unpack_to_rootfs(const u8 *archive, size_t len)
{
	static u8 unpacked[512];
	int n = unlz4(archive, len, unpacked, sizeof(unpacked));
	int at = 0;

	if (n < 0)
		return n;
	while (at < n && unpacked[at]) {
		if (at + 1 + unpacked[at] > n)
			return -EINVAL;
		add_entry(unpacked + at + 1, unpacked[at]);
		at += 1 + unpacked[at];
	}
	return 0;
}

static int __init populate_rootfs(void)
{
	int err = unpack_to_rootfs(__initramfs_start, __initramfs_size);

	pr_info("initramfs: %u entries\n", rootfs_entries());
	return err;
}
rootfs_initcall(populate_rootfs);
