/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The archive that initramfs.c unpacks: one entry, "init", as an LZ4 block of
 * literals only.
 */
	.section .init.ramfs,"a"
	.globl __initramfs_start
__initramfs_start:
	.byte 6 << 4
	.byte 4
	.ascii "init"
	.byte 0
	.globl __initramfs_size
	.balign 8
__initramfs_size:
	.quad 7
