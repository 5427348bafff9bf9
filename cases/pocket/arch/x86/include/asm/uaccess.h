/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _ASM_UACCESS_H
#define _ASM_UACCESS_H

#define ASM_LOAD32	"movl (%[from]), %[val]"
#define ASM_SET_EFAULT	"movl $-14, %[err]"
#define ASM_JUMP_2B	"jmp 2b"

#endif
