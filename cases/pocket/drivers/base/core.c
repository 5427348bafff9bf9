// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Devices.
 */
#include <linux/device.h>
#include <linux/export.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include "base.h"

static LIST_HEAD(devices);
static unsigned int count;

static noinline void add(struct device *dev)
{
	list_add_tail(&dev->list, &devices);
	count++;
}

int device_register(struct device *dev)
{
	if (!dev->name)
		return -EINVAL;
	add(dev);
	return bus_match_device(dev);
}
EXPORT_SYMBOL_GPL(device_register);

struct list_head *bus_devices(void)
{
	return &devices;
}

void *dev_get_drvdata(const struct device *dev)
{
	return dev->data;
}
EXPORT_SYMBOL_GPL(dev_get_drvdata);

unsigned int device_count(void)
{
	return READ_ONCE(count);
}

static int __init setup(void)
{
	return list_empty(&devices) ? 0 : -EBUSY;
}
postcore_initcall(setup);
