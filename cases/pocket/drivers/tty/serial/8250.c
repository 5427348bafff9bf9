// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The serial port of the PC and its many relatives.
 */
#include <linux/device.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/lib.h>
#include <linux/module.h>
#include <linux/resource.h>
#include <linux/tty.h>
#include <asm/io.h>
#include <asm/processor.h>

#define UART_TX		0
#define UART_LSR	5
#define LSR_READY	1
#define LSR_EMPTY	0x20

static unsigned int spin = 10000;
module_param(spin, uint, 0644);

static void serial8250_putc(struct uart_port *port, int c)
{
	unsigned int turns = spin;

	while (!(readb(port->membase + UART_LSR) & LSR_EMPTY) && turns--)
		cpu_relax();
	writeb(c, port->membase + UART_TX);
}

static int serial8250_getc(struct uart_port *port)
{
	if (!(readb(port->membase + UART_LSR) & LSR_READY))
		return -EAGAIN;
	return readb(port->membase + UART_TX);
}

static int startup(struct uart_port *port)
{
	udelay(10);
	return 0;
}

static const struct uart_ops serial8250_ops = {
	.putc = serial8250_putc,
	.getc = serial8250_getc,
	.startup = startup,
};

static struct uart_port port = { .ops = &serial8250_ops, .baud = 115200 };
static struct resource region = { .name = "serial8250" };

static int probe(struct device *dev)
{
	port.membase = dev->base;
	region.start = dev->base;
	region.end = dev->base + 7;
	if (request_resource(&region))
		return -EBUSY;
	return uart_add_port(&port) ?: tty_register("ttyS0", &port);
}

static struct device_driver serial8250_driver = { .name = "serial8250", .probe = probe };
static struct device serial8250_device = {
	.name = "serial8250.0",
	.driver_name = "serial8250",
	.base = 0xfe001000,
};

static int __init serial8250_init(void)
{
	device_register(&serial8250_device);
	return driver_register(&serial8250_driver);
}
module_init(serial8250_init);

#ifdef CONFIG_SERIAL_8250_CONSOLE
static void write(struct console *con, const char *s, unsigned int n)
{
	uart_write(con->data, s, n);
}

static struct console serial8250_console = { .name = "ttyS", .write = write, .data = &port };

static int __init serial8250_console_init(void)
{
	register_console(&serial8250_console);
	return 0;
}
console_initcall(serial8250_console_init);
#endif

MODULE_DESCRIPTION("8250 serial ports");
MODULE_LICENSE("GPL");
