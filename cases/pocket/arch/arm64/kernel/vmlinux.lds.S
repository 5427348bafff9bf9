/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Lays out the image of arm64.
 */
#include <asm-generic/vmlinux.lds.h>

OUTPUT_ARCH(aarch64)
ENTRY(_start)

SECTIONS {
	. = 0xffff800080000000;
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
#ifdef CONFIG_RELOCATABLE
	.rela.dyn : ALIGN(8) {
		__rela_dyn_start = .;
		*(.rela .rela.*)
		__rela_dyn_end = .;
	}
#endif
	. = ALIGN(PAGE_SIZE);
	__init_end = .;
	RW_DATA
	.got : { *(.got) }
	.got.plt : { *(.got.plt) }
	BSS
	DWARF_DEBUG
	ELF_DETAILS
	DISCARDS
	/DISCARD/ : { *(.interp .dynamic .dynsym .dynstr .hash .gnu.hash .gnu.version*) *(.eh_frame) }
}
