/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _ASM_PROCESSOR_H
#define _ASM_PROCESSOR_H

static inline void cpu_relax(void)
{
	asm volatile("pause" : : : "memory");
}

#endif
