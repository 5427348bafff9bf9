/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _ASM_BARRIER_H
#define _ASM_BARRIER_H

#define smp_mb()	asm volatile("mfence" : : : "memory")
#define smp_rmb()	asm volatile("lfence" : : : "memory")
#define smp_wmb()	asm volatile("sfence" : : : "memory")

#endif
