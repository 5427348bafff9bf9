// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What serial ports have in common.
 */
#include <linux/export.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/resource.h>
#include <linux/tty.h>

#define MAX_PORTS 4

static struct uart_port *ports[MAX_PORTS];
static unsigned long tx_total;
static unsigned int nr_ports;

struct uart_port *uart_get_port(unsigned int line)
{
	return line < MAX_PORTS ? ports[line] : NULL;
}
EXPORT_SYMBOL_GPL(uart_get_port);

static noinline void send(struct uart_port *port, int c)
{
	if (c == '\n')
		port->ops->putc(port, '\r');
	port->ops->putc(port, c);
	port->tx_count++;
	tx_total++;
}

void uart_write(struct uart_port *port, const char *s, unsigned int n)
{
	while (n--)
		send(port, *s++);
}
EXPORT_SYMBOL_GPL(uart_write);

unsigned long uart_tx_total(void)
{
	return READ_ONCE(tx_total);
}

int uart_add_port(struct uart_port *port)
{
	if (nr_ports == MAX_PORTS)
		return -ENOSPC;
	port->line = nr_ports;
	ports[nr_ports++] = port;
	return port->ops->startup ? port->ops->startup(port) : 0;
}
EXPORT_SYMBOL_GPL(uart_add_port);

static int __init setup(void)
{
	pr_info("%u serial ports, %u resources\n", nr_ports, resource_count());
	return 0;
}
device_initcall(setup);
