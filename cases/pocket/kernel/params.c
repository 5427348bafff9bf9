// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * module.name=value: find the parameter, store the value.
 */
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/string.h>

static int param_set_int(const char *val, const struct kernel_param *kp)
{
	return kstrtoint(val, 0, kp->arg);
}
const struct kernel_param_ops param_ops_int = { .set = param_set_int };
EXPORT_SYMBOL(param_ops_int);

static int param_set_uint(const char *val, const struct kernel_param *kp)
{
	unsigned long v;
	int err = kstrtoul(val, 0, &v);

	if (!err)
		*(unsigned int *)kp->arg = v;
	return err;
}
const struct kernel_param_ops param_ops_uint = { .set = param_set_uint };
EXPORT_SYMBOL(param_ops_uint);

static int param_set_bool(const char *val, const struct kernel_param *kp)
{
	if (!val || *val == 'y' || *val == 'Y' || *val == '1')
		*(bool *)kp->arg = true;
	else if (*val == 'n' || *val == 'N' || *val == '0')
		*(bool *)kp->arg = false;
	else
		return -EINVAL;
	return 0;
}

const struct kernel_param_ops param_ops_bool = { .set = param_set_bool };

/* A name matches if - and _ are taken for the same. */
static bool same_name(const char *a, const char *b, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		char x = a[i] == '-' ? '_' : a[i];
		char y = b[i] == '-' ? '_' : b[i];

		if (x != y)
			return false;
	}
	return b[n] == '\0';
}

int parse_args(char *args)
{
	const struct kernel_param *kp;
	char *eq = strchr(args, '=');
	size_t n = eq ? (size_t)(eq - args) : strlen(args);

	for (kp = __start___param; kp < __stop___param; kp++)
		if (same_name(args, kp->name, n))
			return kp->ops->set(eq ? eq + 1 : NULL, kp);
	return -ENOENT;
}
