/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _ASM_JUMP_LABEL_H
#define _ASM_JUMP_LABEL_H

#define ASM_NOP ".option push\n.option norvc\nnop\n.option pop"

#endif
