// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Messages: into a ring, and to the consoles.
 */
#include <linux/export.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/string.h>

#define LOG_SIZE (1u << CONFIG_LOG_BUF_SHIFT)

static char log_buf[LOG_SIZE];
static unsigned int log_end;
static struct console *consoles;
static int console_loglevel = 7;
module_param(console_loglevel, int, 0644);

static int __init quiet_setup(char *s)
{
	console_loglevel = 4;
	return 0;
}
early_param("quiet", quiet_setup);

static noinline void emit(const char *s, unsigned int n, int level)
{
	struct console *con;
	unsigned int i;

	for (i = 0; i < n; i++)
		log_buf[log_end++ & (LOG_SIZE - 1)] = s[i];
	if (level >= console_loglevel)
		return;
	for (con = consoles; con; con = con->next)
		con->write(con, s, n);
}

int _printk(const char *fmt, ...)
{
	char line[160];
	__builtin_va_list args;
	int level = 4;
	int n;

	if (fmt[0] == KERN_ERR[0] && fmt[1]) {
		level = fmt[1] - '0';
		fmt += 2;
	}
	__builtin_va_start(args, fmt);
	n = vsnprintf(line, sizeof(line), fmt, args);
	__builtin_va_end(args);
	emit(line, min(n, (int)sizeof(line) - 1), level);
	return n;
}
EXPORT_SYMBOL(_printk);

void register_console(struct console *con)
{
	con->next = consoles;
	consoles = con;
	emit(con->name, strlen(con->name), 7);
}
EXPORT_SYMBOL(register_console);

unsigned int log_size(void)
{
	return READ_ONCE(log_end);
}

static int __init log_report(void)
{
	printk(KERN_DEBUG "log: %u of %u bytes\n", log_size(), LOG_SIZE);
	return 0;
}
late_initcall(log_report);
