/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Lays out the image of x86.
 */
#include <asm-generic/vmlinux.lds.h>

OUTPUT_ARCH(i386:x86-64)
ENTRY(_start)

SECTIONS {
	. = 0xffffffff81000000;
	_start = .;
	_text = .;
	.head.text : { HEAD_TEXT }
	.text : ALIGN(16) {
		_stext = .;
		TEXT_TEXT
		_etext = .;
	}
	RO_DATA
	__init_begin = .;
	.init.text : ALIGN(16) { INIT_TEXT }
	INIT_DATA
	. = ALIGN(PAGE_SIZE);
	__init_end = .;
	RW_DATA
	BSS
	DWARF_DEBUG
	ELF_DETAILS
	DISCARDS
	/DISCARD/ : { *(.eh_frame) }
}
