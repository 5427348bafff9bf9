/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The system calls, in the order of their numbers. No guard: it is read twice.
 */
SYSCALL(read)
SYSCALL(write)
SYSCALL(open)
SYSCALL(close)
SYSCALL(getpid)
SYSCALL(uname)
SYSCALL(nanosleep)
SYSCALL(eventfd)
SYSCALL(execve)
SYSCALL(reboot)
SYSCALL(sched_yield)
