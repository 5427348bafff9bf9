/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _ASM_TRAPS_H
#define _ASM_TRAPS_H

unsigned long do_trap(unsigned long nr, unsigned long pc);
unsigned long do_breakpoint(unsigned long pc);
long do_syscall_entry(unsigned long nr, long a, long b, long c);

#endif
