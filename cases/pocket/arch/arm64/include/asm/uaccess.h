/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _ASM_UACCESS_H
#define _ASM_UACCESS_H

#define ASM_LOAD32	"ldr %w[val], [%[from]]"
#define ASM_SET_EFAULT	"mov %w[err], #-14"
#define ASM_JUMP_2B	"b 2b"

#endif
