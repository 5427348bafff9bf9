/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _ASM_ELF_H
#define _ASM_ELF_H

#define ELF_ARCH 243

#endif
