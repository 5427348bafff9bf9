/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _ASM_BUG_H
#define _ASM_BUG_H

#define ASM_TRAP "ud2"

#endif
