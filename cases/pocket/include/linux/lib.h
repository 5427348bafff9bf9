/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Small helpers of lib/ and arch/<arch>/lib/ without a header of their own.
 */
#ifndef _LINUX_LIB_H
#define _LINUX_LIB_H

#include <linux/types.h>

typedef int (*cmp_func_t)(const void *a, const void *b);
void sort(void *base, size_t num, size_t size, cmp_func_t cmp);

bool get_option(char **str, int *value);
u64 memparse(const char *s, char **end);

unsigned int bitmap_weight(const unsigned long *map, unsigned int bits);
unsigned int find_first_zero_bit(const unsigned long *map, unsigned int bits);
void bitmap_set_bit(unsigned long *map, unsigned int bit);

/* arch/<arch>/lib/a.c */
u64 mul_u64_u32_shr(u64 a, u32 mul, unsigned int shift);
u64 cycles_to_ns(u64 cycles);
void set_cycle_rate(u32 mult, unsigned int shift);

/* arch/<arch>/lib/delay.c */
void __delay(unsigned long loops);
void udelay(unsigned long usecs);
extern unsigned long loops_per_jiffy;

#endif
