/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _LINUX_COMPILER_H
#define _LINUX_COMPILER_H

#include <linux/stringify.h>

#define __UNIQUE_ID(name)	__paste(__UNIQUE_ID_##name, __COUNTER__)

/* Keeps a symbol that only assembly refers to, at no cost in the image */
#define __ADDRESSABLE(sym)					\
	static void *__used __section(".discard.addressable")	\
	__UNIQUE_ID(addressable_##sym) = (void *)(unsigned long)&sym;

#endif
