// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * %d %u %x %lx %p %s %c, with a width.
 */
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/string.h>

struct out {
	char *buf;
	size_t size, len;
};

static void put(struct out *o, char c)
{
	if (o->len + 1 < o->size)
		o->buf[o->len] = c;
	o->len++;
}

static noinline void number(struct out *o, unsigned long v, unsigned int base, int width, char pad, bool negative)
{
	static const char digits[] = "0123456789abcdef";
	char tmp[24];
	int n = 0;

	do
		tmp[n++] = digits[v % base];
	while (v /= base);
	if (negative)
		tmp[n++] = '-';
	while (width-- > n)
		put(o, pad);
	while (n)
		put(o, tmp[--n]);
}

int vsnprintf(char *buf, size_t size, const char *fmt, __builtin_va_list args)
{
	struct out o = { buf, size, 0 };

	for (; *fmt; fmt++) {
		bool is_long = false;
		char pad = ' ';
		int width = 0;
		long v;

		if (*fmt != '%') {
			put(&o, *fmt);
			continue;
		}
		if (*++fmt == '0')
			pad = *fmt++;
		while (isdigit(*fmt))
			width = width * 10 + *fmt++ - '0';
		while (*fmt == 'l') {
			is_long = true;
			fmt++;
		}
		switch (*fmt) {
		case 'd':
			v = is_long ? __builtin_va_arg(args, long) : __builtin_va_arg(args, int);
			number(&o, v < 0 ? 0ul - v : v, 10, width, pad, v < 0);
			break;
		case 'u':
		case 'x':
			v = is_long ? __builtin_va_arg(args, long) : (long)__builtin_va_arg(args, unsigned int);
			number(&o, v, *fmt == 'u' ? 10 : 16, width, pad, false);
			break;
		case 'p':
			number(&o, (unsigned long)__builtin_va_arg(args, void *), 16, 16, '0', false);
			break;
		case 'c':
			put(&o, __builtin_va_arg(args, int));
			break;
		case 's': {
			const char *s = __builtin_va_arg(args, const char *);

			for (s = s ? s : "(null)"; *s; s++, width--)
				put(&o, *s);
			while (width-- > 0)
				put(&o, ' ');
			break;
		}
		case '\0':
			fmt--;
			break;
		default:
			put(&o, *fmt);
		}
	}
	if (size)
		buf[min(o.len, size - 1)] = '\0';
	return o.len;
}
EXPORT_SYMBOL(vsnprintf);

int snprintf(char *buf, size_t size, const char *fmt, ...)
{
	__builtin_va_list args;
	int n;

	__builtin_va_start(args, fmt);
	n = vsnprintf(buf, size, fmt, args);
	__builtin_va_end(args);
	return n;
}
EXPORT_SYMBOL(snprintf);
