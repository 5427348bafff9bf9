/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _BASE_H
#define _BASE_H

#include <linux/device.h>

int bus_match_device(struct device *dev);
struct list_head *bus_devices(void);

#endif
