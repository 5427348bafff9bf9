// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Who we are, as far as it does not change with every build.
 */
#include <generated/utsrelease.h>
#include <linux/export.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/utsname.h>

const char linux_proc_banner[] = "%s version " UTS_RELEASE " %s\n" UTS_VERSION;

static int __init early_hostname(char *name)
{
	strscpy(init_uts_ns.nodename, name, sizeof(init_uts_ns.nodename));
	return 0;
}
early_param("hostname=", early_hostname);

EXPORT_SYMBOL_GPL(init_uts_ns);
