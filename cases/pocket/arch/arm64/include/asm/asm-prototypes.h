/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _ASM_ASM_PROTOTYPES_H
#define _ASM_ASM_PROTOTYPES_H

#include <asm-generic/asm-prototypes.h>

#endif
