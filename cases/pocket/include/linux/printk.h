/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _LINUX_PRINTK_H
#define _LINUX_PRINTK_H

#include <linux/types.h>

#define KERN_ERR	"\0013"
#define KERN_WARNING	"\0014"
#define KERN_INFO	"\0016"
#define KERN_DEBUG	"\0017"

struct console {
	const char *name;
	void (*write)(struct console *con, const char *s, unsigned int n);
	void *data;
	struct console *next;
};

#ifdef CONFIG_PRINTK
int _printk(const char *fmt, ...) __printf(1, 2);
void register_console(struct console *con);
unsigned int log_size(void);
#else
static inline __printf(1, 2) int _printk(const char *fmt, ...) { return 0; }
static inline void register_console(struct console *con) { }
static inline unsigned int log_size(void) { return 0; }
#endif

#define printk(fmt, ...)	_printk(fmt, ##__VA_ARGS__)
#define pr_err(fmt, ...)	printk(KERN_ERR fmt, ##__VA_ARGS__)
#define pr_warn(fmt, ...)	printk(KERN_WARNING fmt, ##__VA_ARGS__)
#define pr_info(fmt, ...)	printk(KERN_INFO fmt, ##__VA_ARGS__)

#endif
