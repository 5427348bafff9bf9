// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The serial port of many ARM machines.
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

#define UART_DR		0
#define UART_FR		0x18
#define FR_RX_EMPTY	0x10
#define FR_TX_FULL	0x20

static unsigned int spin = 10000;
module_param(spin, uint, 0644);

static void pl011_putc(struct uart_port *port, int c)
{
	unsigned int turns = spin;

	while ((readl(port->membase + UART_FR) & FR_TX_FULL) && turns--)
		cpu_relax();
	writel(c, port->membase + UART_DR);
}

static int pl011_getc(struct uart_port *port)
{
	if (readl(port->membase + UART_FR) & FR_RX_EMPTY)
		return -EAGAIN;
	return readl(port->membase + UART_DR);
}

static int startup(struct uart_port *port)
{
	udelay(10);
	return 0;
}

static const struct uart_ops pl011_ops = {
	.putc = pl011_putc,
	.getc = pl011_getc,
	.startup = startup,
};

static struct uart_port port = { .ops = &pl011_ops, .baud = 115200 };
static struct resource region = { .name = "pl011" };

static int probe(struct device *dev)
{
	port.membase = dev->base;
	region.start = dev->base;
	region.end = dev->base + 0xfff;
	if (request_resource(&region))
		return -EBUSY;
	return uart_add_port(&port) ?: tty_register("ttyAMA0", &port);
}

static struct device_driver pl011_driver = { .name = "pl011", .probe = probe };
static struct device pl011_device = {
	.name = "pl011.0",
	.driver_name = "pl011",
	.base = 0x09000000,
};

static int __init pl011_init(void)
{
	device_register(&pl011_device);
	return driver_register(&pl011_driver);
}
module_init(pl011_init);

#ifdef CONFIG_SERIAL_AMBA_PL011_CONSOLE
static void write(struct console *con, const char *s, unsigned int n)
{
	uart_write(con->data, s, n);
}

static struct console pl011_console = { .name = "ttyAMA", .write = write, .data = &port };

static int __init pl011_console_init(void)
{
	register_console(&pl011_console);
	return 0;
}
console_initcall(pl011_console_init);
#endif

MODULE_DESCRIPTION("ARM PL011 serial ports");
MODULE_LICENSE("GPL");
