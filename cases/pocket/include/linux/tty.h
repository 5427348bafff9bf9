/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _LINUX_TTY_H
#define _LINUX_TTY_H

#include <linux/types.h>

struct uart_port;

struct uart_ops {
	void (*putc)(struct uart_port *port, int c);
	int (*getc)(struct uart_port *port);
	int (*startup)(struct uart_port *port);
};

struct uart_port {
	const struct uart_ops *ops;
	unsigned long membase;
	unsigned int line;
	unsigned int baud;
	unsigned long tx_count;
};

int uart_add_port(struct uart_port *port);
void uart_write(struct uart_port *port, const char *s, unsigned int n);
struct uart_port *uart_get_port(unsigned int line);
unsigned long uart_tx_total(void);

int tty_register(const char *name, struct uart_port *port);
ssize_t tty_write(const char *s, size_t n);

#endif
