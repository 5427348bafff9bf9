/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _ASM_GENERIC_IO_H
#define _ASM_GENERIC_IO_H

#include <linux/types.h>

static inline u8 readb(unsigned long addr) { return *(volatile u8 *)addr; }
static inline u32 readl(unsigned long addr) { return *(volatile u32 *)addr; }
static inline void writeb(u8 v, unsigned long addr) { *(volatile u8 *)addr = v; }
static inline void writel(u32 v, unsigned long addr) { *(volatile u32 *)addr = v; }

#endif
