/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The parts that every architecture's linker script is put together from.
 */

#define PAGE_SIZE	4096
#define THREAD_SIZE	16384

/* An array in a section of its own, and where it begins and ends */
#define TABLE(name, align)						\
	name : ALIGN(align) {						\
		__start_##name = .;					\
		KEEP(*(name))						\
		__stop_##name = .;					\
	}

#define HEAD_TEXT	KEEP(*(.head.text))
#define TEXT_TEXT	*(.text.hot .text.hot.*) *(.text .text.[0-9a-zA-Z_]*)
#define INIT_TEXT	*(.init.text .init.text.*)
#define EXIT_TEXT	*(.exit.text .exit.text.*)

#define RO_DATA								\
	. = ALIGN(PAGE_SIZE);						\
	.rodata : {							\
		__start_rodata = .;					\
		*(.rodata) *(.rodata.*) *(.data.rel.ro*)		\
	}								\
	__ksymtab : ALIGN(8) {						\
		__start___ksymtab = .;					\
		KEEP(*(SORT(___ksymtab+*)))				\
		__stop___ksymtab = .;					\
	}								\
	__kcrctab : ALIGN(4) {						\
		__start___kcrctab = .;					\
		KEEP(*(SORT(___kcrctab+*)))				\
		__stop___kcrctab = .;					\
	}								\
	__kflagstab : {							\
		__start___kflagstab = .;				\
		KEEP(*(SORT(___kflagstab+*)))				\
		__stop___kflagstab = .;					\
	}								\
	__ksymtab_strings : { *(__ksymtab_strings) }			\
	TABLE(__param, 8)						\
	TABLE(__ex_table, 4)						\
	.notes : {							\
		__start_notes = .;					\
		KEEP(*(.note.*))					\
		__stop_notes = .;					\
	}								\
	. = ALIGN(PAGE_SIZE);						\
	__end_rodata = .;

#define INIT_CALLS_LEVEL(n)						\
		__initcall##n##_start = .;				\
		KEEP(*(.initcall##n##.init))				\
		KEEP(*(.initcall##n##s.init))

#define INIT_DATA							\
	.init.data : ALIGN(8) {						\
		*(.init.data .init.data.*)				\
		*(.init.rodata .init.rodata.*)				\
		. = ALIGN(8);						\
		__setup_start = .;					\
		KEEP(*(.init.setup))					\
		__setup_end = .;					\
		. = ALIGN(8);						\
		__initcall_start = .;					\
		KEEP(*(.initcallearly.init))				\
		INIT_CALLS_LEVEL(0)					\
		INIT_CALLS_LEVEL(1)					\
		INIT_CALLS_LEVEL(2)					\
		INIT_CALLS_LEVEL(3)					\
		INIT_CALLS_LEVEL(4)					\
		INIT_CALLS_LEVEL(5)					\
		INIT_CALLS_LEVEL(rootfs)				\
		INIT_CALLS_LEVEL(6)					\
		INIT_CALLS_LEVEL(7)					\
		__initcall_end = .;					\
		__con_initcall_start = .;				\
		KEEP(*(.con_initcall.init))				\
		__con_initcall_end = .;					\
		. = ALIGN(8);						\
		KEEP(*(.init.ramfs))					\
	}

#define RW_DATA								\
	. = ALIGN(THREAD_SIZE);						\
	.data : {							\
		_sdata = .;						\
		init_stack = .;						\
		. += THREAD_SIZE;					\
		init_stack_end = .;					\
		*(.data .data.[0-9a-zA-Z_]*)				\
		*(.data..L* .data..compoundliteral*)			\
		*(.sdata .sdata.*)					\
	}								\
	TABLE(__bug_table, 8)						\
	TABLE(__jump_table, 8)						\
	.modinfo : { *(.modinfo) }					\
	_edata = .;

#define BSS								\
	.bss : ALIGN(PAGE_SIZE) {					\
		__bss_start = .;					\
		*(.sbss .sbss.*)					\
		*(.bss .bss.[0-9a-zA-Z_]*)				\
		*(.bss..L* COMMON)					\
		. = ALIGN(8);						\
		__bss_stop = .;						\
	}								\
	. = ALIGN(PAGE_SIZE);						\
	_end = .;

#define DWARF_DEBUG							\
	.debug_abbrev 0 : { *(.debug_abbrev) }				\
	.debug_addr 0 : { *(.debug_addr) }				\
	.debug_aranges 0 : { *(.debug_aranges) }			\
	.debug_frame 0 : { *(.debug_frame) }				\
	.debug_info 0 : { *(.debug_info) }				\
	.debug_line 0 : { *(.debug_line) }				\
	.debug_line_str 0 : { *(.debug_line_str) }			\
	.debug_loclists 0 : { *(.debug_loclists) }			\
	.debug_names 0 : { *(.debug_names) }				\
	.debug_rnglists 0 : { *(.debug_rnglists) }			\
	.debug_str 0 : { *(.debug_str) }				\
	.debug_str_offsets 0 : { *(.debug_str_offsets) }

#define ELF_DETAILS							\
	.comment 0 : { *(.comment) }					\
	.symtab 0 : { *(.symtab) }					\
	.strtab 0 : { *(.strtab) }					\
	.shstrtab 0 : { *(.shstrtab) }

/* Code that can only be reached by unloading is of no use to built-in code. */
#define DISCARDS							\
	/DISCARD/ : {							\
		EXIT_TEXT						\
		*(.discard .discard.*)					\
		*(.export_symbol)					\
		*(.note.GNU-stack .note.gnu.property)			\
		*(.llvmbc .llvmcmd .llvm_addrsig)			\
	}
