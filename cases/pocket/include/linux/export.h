/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * EXPORT_SYMBOL and its kin. modpost finds what is exported in the section
 * .export_symbol, which never reaches an image:
 *
 *	__export_symbol_<name>:	license and namespace, two strings
 *				the symbol itself
 *
 * CONFIG_MODVERSIONS is mentioned here so that it rebuilds every object with an
 * export: their checksums are taken when they are compiled.
 */
#ifndef _LINUX_EXPORT_H
#define _LINUX_EXPORT_H

#include <linux/compiler.h>
#include <linux/linkage.h>

#define __EXPORT_RECORD(sym, license, ns)			\
	.section ".export_symbol","a"		ASM_NL		\
	__export_symbol_##sym:			ASM_NL		\
	.asciz license				ASM_NL		\
	.asciz ns				ASM_NL		\
	.balign 8				ASM_NL		\
	.quad sym				ASM_NL		\
	.previous

#if defined(__GENKSYMS__)
#define __EXPORT_SYMBOL(sym, license, ns)	__GENKSYMS_EXPORT_SYMBOL(sym)
#elif defined(__ASSEMBLY__)
#define __EXPORT_SYMBOL(sym, license, ns)	__EXPORT_RECORD(sym, license, ns)
#else
#define __EXPORT_SYMBOL(sym, license, ns)			\
	extern __typeof__(sym) sym;				\
	__ADDRESSABLE(sym)					\
	asm(__stringify(__EXPORT_RECORD(sym, license, ns)))
#endif

#define EXPORT_SYMBOL(sym)		__EXPORT_SYMBOL(sym, "", "")
#define EXPORT_SYMBOL_GPL(sym)		__EXPORT_SYMBOL(sym, "GPL", "")
#define EXPORT_SYMBOL_NS(sym, ns)	__EXPORT_SYMBOL(sym, "", ns)
#define EXPORT_SYMBOL_NS_GPL(sym, ns)	__EXPORT_SYMBOL(sym, "GPL", ns)

#endif
