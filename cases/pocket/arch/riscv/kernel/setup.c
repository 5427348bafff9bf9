// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What has to be known before anything else.
 */
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/resource.h>
#include <linux/string.h>

static char builtin_cmdline[] __initdata = "console=ttyS0 panic=-1";
static struct resource device_window = { .name = "PLIC", .start = 0x0c000000, .end = 0x0fffffff };

void __init setup_arch(char **cmdline)
{
	strscpy(*cmdline, builtin_cmdline, sizeof(builtin_cmdline));
}

static int __init setup(void)
{
	int err = request_resource(&device_window);

	pr_info("%u resources\n", resource_count());
	return err;
}
arch_initcall(setup);
