/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _ASM_JUMP_LABEL_H
#define _ASM_JUMP_LABEL_H

#define ASM_NOP ".byte 0x0f, 0x1f, 0x44, 0x00, 0x00"

#endif
