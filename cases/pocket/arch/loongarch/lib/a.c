// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Arithmetic on the counter of loongarch. (The name collides with lib/a.S on purpose:
 * see there.)
 */
#include <linux/export.h>
#include <linux/lib.h>

static u32 cycle_mult = 10485760;
static unsigned int cycle_shift = 20;

u64 mul_u64_u32_shr(u64 a, u32 mul, unsigned int shift)
{
	u64 low = (u32)a * (u64)mul, high = (a >> 32) * mul;

	return (low >> shift) + (high << (32 - shift));
}
EXPORT_SYMBOL_GPL(mul_u64_u32_shr);

static noinline u64 scale(u64 cycles)
{
	return mul_u64_u32_shr(cycles, cycle_mult, cycle_shift);
}

u64 cycles_to_ns(u64 cycles)
{
	return scale(cycles);
}
EXPORT_SYMBOL_GPL(cycles_to_ns);

void set_cycle_rate(u32 mult, unsigned int shift)
{
	cycle_mult = mult;
	cycle_shift = shift;
}
