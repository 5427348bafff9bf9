/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _LINUX_DEVICE_H
#define _LINUX_DEVICE_H

#include <linux/types.h>

struct device;

struct device_driver {
	const char *name;
	int (*probe)(struct device *dev);
	struct list_head list;
};

struct device {
	const char *name;
	const char *driver_name;
	unsigned long base;
	struct device_driver *driver;
	void *data;
	struct list_head list;
};

int device_register(struct device *dev);
int driver_register(struct device_driver *drv);
void *dev_get_drvdata(const struct device *dev);
unsigned int device_count(void);

#endif
