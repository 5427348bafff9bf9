/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Links a module. It stays relocatable, so all sections begin at 0.
 */
SECTIONS {
	/DISCARD/ : {
		*(.discard)
		*(.discard.*)
		*(.export_symbol)
	}

	__ksymtab	0 : ALIGN(8) { *(SORT(___ksymtab+*)) }
	__kcrctab	0 : ALIGN(4) { *(SORT(___kcrctab+*)) }
	__kflagstab	0 : ALIGN(1) { *(SORT(___kflagstab+*)) }
	__ex_table	0 : ALIGN(4) { KEEP(*(__ex_table)) }
	__bug_table	0 : ALIGN(8) { KEEP(*(__bug_table)) }
	__jump_table	0 : ALIGN(8) { KEEP(*(__jump_table)) }

	.text		0 : { *(.text .text.[0-9a-zA-Z_]*) }
	.data		0 : { *(.data .data.[0-9a-zA-Z_]*) *(.data..L*) }
	.rodata		0 : { *(.rodata .rodata.[0-9a-zA-Z_]*) *(.rodata..L*) }
	.bss		0 : { *(.bss .bss.[0-9a-zA-Z_]*) *(.bss..L*) }
}
