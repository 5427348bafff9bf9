/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _ASM_LINKAGE_H
#define _ASM_LINKAGE_H

#define ASM_NL ;

#endif
