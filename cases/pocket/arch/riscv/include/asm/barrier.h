/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _ASM_BARRIER_H
#define _ASM_BARRIER_H

#define smp_mb()	asm volatile("fence rw, rw" : : : "memory")
#define smp_rmb()	asm volatile("fence r, r" : : : "memory")
#define smp_wmb()	asm volatile("fence w, w" : : : "memory")

#endif
