/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _LINUX_SYSCALLS_H
#define _LINUX_SYSCALLS_H

#include <linux/types.h>

typedef long (*sys_call_ptr_t)(long a, long b, long c);

#define SYSCALL_DEFINE(name)						\
	long __sys_##name(long a, long b, long c);			\
	long __sys_##name(long a __maybe_unused, long b __maybe_unused, \
			  long c __maybe_unused)

enum {
#define SYSCALL(name) __NR_##name,
#include <asm-generic/syscalls.h>
#undef SYSCALL
	NR_syscalls
};

extern const sys_call_ptr_t sys_call_table[];
long do_syscall(unsigned long nr, long a, long b, long c);

#endif
