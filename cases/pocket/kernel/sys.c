// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The table of system calls, and those that are too short for a file.
 */
#include <linux/export.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/notifier.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/syscalls.h>
#include <linux/utsname.h>

SYSCALL_DEFINE(read)
{
	struct file *f = fget(a);
	ssize_t n;

	if (!f)
		return -EBADF;
	n = vfs_read(f, (char *)b, c);
	fput(f);
	return n;
}

SYSCALL_DEFINE(write)
{
	struct file *f = fget(a);
	ssize_t n;

	if (!f)
		return -EBADF;
	n = vfs_write(f, (const char *)b, c);
	fput(f);
	return n;
}

SYSCALL_DEFINE(getpid)
{
	return current_task()->pid;
}

SYSCALL_DEFINE(uname)
{
	memcpy((void *)a, &init_uts_ns, sizeof(init_uts_ns));
	return 0;
}

SYSCALL_DEFINE(nanosleep)
{
	msleep(a / 1000000);
	return 0;
}

SYSCALL_DEFINE(reboot)
{
	return reboot_notify(a);
}

SYSCALL_DEFINE(sched_yield)
{
	schedule();
	return 0;
}

/* What is configured out, or not there at all */
static long not_there(long a, long b, long c)
{
	return -ENOSYS;
}
#define __sys_open not_there
#define __sys_close not_there
#ifndef CONFIG_EVENTFD
#define __sys_eventfd not_there
#else
SYSCALL_DEFINE(eventfd);
#endif
SYSCALL_DEFINE(execve);

const sys_call_ptr_t sys_call_table[NR_syscalls] = {
#define SYSCALL(name) [__NR_##name] = __sys_##name,
#include <asm-generic/syscalls.h>
};

long do_syscall(unsigned long nr, long a, long b, long c)
{
	if (nr >= NR_syscalls)
		return -ENOSYS;
	return sys_call_table[nr](a, b, c);
}
