/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The classes of the ASCII characters. This is lib/a.o, made from assembly; there
 * is an arch/<arch>/lib/a.o, made from C, and whoever looks for one name must not
 * find the other.
 */
#include <linux/export.h>
#include <linux/linkage.h>

	.section .rodata,"a"
SYM_DATA_START(ascii_class)
	.fill 9, 1, 0
	.fill 5, 1, 4		/* tab to carriage return */
	.fill 18, 1, 0
	.byte 4			/* blank */
	.fill 15, 1, 0
	.fill 10, 1, 1		/* 0 to 9 */
	.fill 7, 1, 0
	.fill 26, 1, 2		/* A to Z */
	.fill 6, 1, 0
	.fill 26, 1, 2		/* a to z */
	.fill 5, 1, 0
SYM_DATA_END(ascii_class)
EXPORT_SYMBOL(ascii_class)
