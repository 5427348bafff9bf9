// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Options and sizes on the command line.
 */
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/lib.h>
#include <linux/string.h>

/* "1,2,3": take one number, go to the next. False at the end. */
bool get_option(char **str, int *value)
{
	char *s = *str;
	int v = 0;

	if (!isdigit(*s))
		return false;
	while (isdigit(*s))
		v = v * 10 + *s++ - '0';
	if (*s == ',')
		s++;
	*value = v;
	*str = s;
	return true;
}
EXPORT_SYMBOL(get_option);

/* "64M" */
u64 memparse(const char *s, char **end)
{
	u64 v = 0;

	while (isdigit(*s))
		v = v * 10 + *s++ - '0';
	switch (*s) {
	case 'G':
		v <<= 10;
		fallthrough;
	case 'M':
		v <<= 10;
		fallthrough;
	case 'K':
		v <<= 10;
		s++;
	}
	if (end)
		*end = (char *)s;
	return v;
}
EXPORT_SYMBOL(memparse);
