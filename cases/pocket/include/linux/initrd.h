/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _LINUX_INITRD_H
#define _LINUX_INITRD_H

#include <linux/types.h>

extern const u8 __initramfs_start[];
extern const unsigned long __initramfs_size;

int unpack_to_rootfs(const u8 *archive, size_t len);
unsigned int rootfs_entries(void);

#endif
