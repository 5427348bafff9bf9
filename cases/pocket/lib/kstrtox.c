// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Numbers from strings, all of the string or not at all.
 */
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/string.h>

static int digit(char c)
{
	if (isdigit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return 99;
}

static noinline int parse(const char *s, unsigned int base, unsigned long *res)
{
	unsigned long v = 0;

	if (base == 0)
		base = s[0] == '0' && s[1] == 'x' ? 16 : 10;
	if (base == 16 && s[0] == '0' && s[1] == 'x')
		s += 2;
	if (!*s)
		return -EINVAL;
	for (; *s && *s != '\n'; s++) {
		unsigned long next;
		int d = digit(*s);

		if (d >= (int)base)
			return -EINVAL;
		if (__builtin_mul_overflow(v, (unsigned long)base, &next) ||
		    __builtin_add_overflow(next, (unsigned long)d, &v))
			return -ERANGE;
	}
	*res = v;
	return 0;
}

int kstrtoul(const char *s, unsigned int base, unsigned long *res)
{
	return parse(s, base, res);
}
EXPORT_SYMBOL(kstrtoul);

int kstrtoint(const char *s, unsigned int base, int *res)
{
	unsigned long v;
	bool negative = *s == '-';
	int err = parse(s + negative, base, &v);

	if (err)
		return err;
	if (v > 0x7fffffff)
		return -ERANGE;
	*res = negative ? -(int)v : (int)v;
	return 0;
}
EXPORT_SYMBOL(kstrtoint);
