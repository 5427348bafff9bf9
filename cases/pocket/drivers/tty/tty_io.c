// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Terminals: a name for a port.
 */
#include <linux/export.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/tty.h>

#define MAX_TTYS 4

static struct {
	const char *name;
	struct uart_port *port;
} ttys[MAX_TTYS];
static unsigned int nr_ttys;

int tty_register(const char *name, struct uart_port *port)
{
	if (nr_ttys == MAX_TTYS)
		return -ENOSPC;
	ttys[nr_ttys].name = name;
	ttys[nr_ttys].port = port;
	return nr_ttys++;
}
EXPORT_SYMBOL(tty_register);

ssize_t tty_write(const char *s, size_t n)
{
	struct uart_port *port = ttys[0].port;
	size_t i;

	if (!port)
		return -ENODEV;
	for (i = 0; i < n; i++)
		port->ops->putc(port, s[i]);
	return n;
}
EXPORT_SYMBOL(tty_write);

static int __init setup(void)
{
	pr_info("%u terminals\n", nr_ttys);
	return 0;
}
device_initcall(setup);
