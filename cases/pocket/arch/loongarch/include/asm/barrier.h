/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _ASM_BARRIER_H
#define _ASM_BARRIER_H

#define smp_mb()	asm volatile("dbar 0b10000" : : : "memory")
#define smp_rmb()	asm volatile("dbar 0b10101" : : : "memory")
#define smp_wmb()	asm volatile("dbar 0b11010" : : : "memory")

#endif
