/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _LINUX_RESOURCE_H
#define _LINUX_RESOURCE_H

struct resource {
	const char *name;
	unsigned long start, end;
	struct resource *sibling, *child;
};

int request_resource(struct resource *new);
unsigned int resource_count(void);

#endif
