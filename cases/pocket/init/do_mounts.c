// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Find something to run. ROOT_DEFAULT comes from the makefile.
 */
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/initrd.h>
#include <linux/kernel.h>
#include <linux/string.h>

static char root_device[32] __initdata = ROOT_DEFAULT;
static int root_wait;

static int __init setup(char *s)
{
	strscpy(root_device, s, sizeof(root_device));
	return 1;
}
__setup("root=", setup);

static int __init wait_setup(char *s)
{
	return kstrtoint(s, 0, &root_wait) == 0;
}
__setup("rootdelay=", wait_setup);

void __init prepare_namespace(void)
{
	static const u8 nothing[4] = { 0 };

	if (root_wait)
		msleep(root_wait * 1000);
	pr_info("root is %s\n", root_device);
	if (kernel_execve("/init", nothing, sizeof(nothing)))
		panic("no working init found");
}
