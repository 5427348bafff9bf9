/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * For the C files that modpost writes: the tables of exported symbols.
 *
 *	___ksymtab+<name>	the symbol, its name, its namespace
 *	___kcrctab+<name>	its checksum, 32 bits
 *	___kflagstab+<name>	1 if it is for GPL modules only, 8 bits
 *	__ksymtab_strings	the strings
 *
 * The linker script sorts each kind by name, so all are in the same order.
 */
#ifndef _LINUX_EXPORT_INTERNAL_H
#define _LINUX_EXPORT_INTERNAL_H

#include <linux/compiler.h>
#include <linux/types.h>

#ifdef CONFIG_HAVE_ARCH_PREL32_RELOCATIONS
#define __KSYM_WORD(sym)	".balign 4\n.long " sym " - .\n"
#define __KSYM_ALIGN		".balign 4\n"
#else
#define __KSYM_WORD(sym)	".quad " sym "\n"
#define __KSYM_ALIGN		".balign 8\n"
#endif

#define __KSYMTAB(name, ns)						\
	asm(".section \"__ksymtab_strings\",\"aMS\",%progbits,1\n"	\
	    "__kstrtab_" #name ": .asciz \"" #name "\"\n"		\
	    "__kstrtabns_" #name ": .asciz \"" ns "\"\n"		\
	    ".previous\n"						\
	    ".section \"___ksymtab+" #name "\",\"a\"\n"			\
	    __KSYM_ALIGN						\
	    "__ksymtab_" #name ":\n"					\
	    __KSYM_WORD(#name)						\
	    __KSYM_WORD("__kstrtab_" #name)				\
	    __KSYM_WORD("__kstrtabns_" #name)				\
	    ".previous\n")

#define KSYMTAB_FUNC(name, ns)	__KSYMTAB(name, ns)
#define KSYMTAB_DATA(name, ns)	__KSYMTAB(name, ns)

#define SYMBOL_CRC(name, crc)						\
	asm(".section \"___kcrctab+" #name "\",\"a\"\n"			\
	    ".balign 4\n__crc_" #name ": .long " #crc "\n"		\
	    ".previous\n")

#define SYMBOL_FLAGS(name, flags)					\
	asm(".section \"___kflagstab+" #name "\",\"a\"\n"		\
	    "__flags_" #name ": .byte " #flags "\n"			\
	    ".previous\n")

#endif
