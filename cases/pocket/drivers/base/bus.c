// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Drivers, and which device is whose.
 */
#include <linux/device.h>
#include <linux/export.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/string.h>
#include "base.h"

static LIST_HEAD(drivers);
static unsigned int probes;

static noinline int probe(struct device_driver *drv, struct device *dev)
{
	if (dev->driver || strcmp(dev->driver_name, drv->name))
		return -ENODEV;
	probes++;
	dev->driver = drv;
	return drv->probe(dev);
}

int bus_match_device(struct device *dev)
{
	struct list_head *pos;

	list_for_each(pos, &drivers)
		if (!probe(container_of(pos, struct device_driver, list), dev))
			return 0;
	return 0;
}

int driver_register(struct device_driver *drv)
{
	struct list_head *pos;

	list_add_tail(&drv->list, &drivers);
	list_for_each(pos, bus_devices())
		probe(drv, container_of(pos, struct device, list));
	return 0;
}
EXPORT_SYMBOL_GPL(driver_register);

static int __init report(void)
{
	pr_info("%u devices, %u probed\n", device_count(), probes);
	return 0;
}
device_initcall_sync(report);
