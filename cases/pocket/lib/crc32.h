/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _CRC32_TABLE_H
#define _CRC32_TABLE_H

#include <linux/types.h>

extern u32 crc32_table_le[256];
void crc32_table_init(void);

#endif
