/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _ASM_UACCESS_H
#define _ASM_UACCESS_H

#define ASM_LOAD32	"lw %[val], 0(%[from])"
#define ASM_SET_EFAULT	"li %[err], -14"
#define ASM_JUMP_2B	"j 2b"

#endif
