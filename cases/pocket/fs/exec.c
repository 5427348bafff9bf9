// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Programs: ask each format whether it knows this one.
 */
#include <linux/export.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/syscalls.h>

static struct linux_binfmt *formats;

int register_binfmt(struct linux_binfmt *fmt)
{
	fmt->next = formats;
	formats = fmt;
	return 0;
}
EXPORT_SYMBOL(register_binfmt);

static noinline int try_formats(struct linux_binprm *bprm)
{
	struct linux_binfmt *fmt;
	int ret;

	for (fmt = formats; fmt; fmt = fmt->next) {
		ret = fmt->load_binary(bprm);
		if (ret != -ENOEXEC)
			return ret;
	}
	return -ENOEXEC;
}

int search_binary_handler(struct linux_binprm *bprm)
{
	return try_formats(bprm);
}

int kernel_execve(const char *filename, const u8 *image, size_t len)
{
	struct linux_binprm bprm = { .filename = filename, .buf = image, .len = len };

	if (alloc_pid() < 0)
		return -EAGAIN;
	return search_binary_handler(&bprm);
}

SYSCALL_DEFINE(execve)
{
	return kernel_execve((const char *)a, (const u8 *)b, c);
}
