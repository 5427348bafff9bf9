/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _ASM_IO_H
#define _ASM_IO_H

#include <asm-generic/io.h>

#endif
