/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _ASM_TIMEX_H
#define _ASM_TIMEX_H

#include <linux/types.h>

static inline u64 get_cycles(void)
{
	u64 v;

	asm volatile("mrs %0, cntvct_el0" : "=r" (v));
	return v;
}

#endif
