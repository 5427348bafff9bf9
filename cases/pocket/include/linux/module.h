/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What a module says about itself, and what the kernel keeps about it.
 */
#ifndef _LINUX_MODULE_H
#define _LINUX_MODULE_H

#include <linux/export.h>
#include <linux/init.h>
#include <linux/moduleparam.h>
#include <linux/types.h>

#define MODULE_NAME_LEN 56
#define MODULE_ARCH_INIT {}

struct mod_arch_specific {
};

struct module {
	char name[MODULE_NAME_LEN];
	struct list_head list;
	int state;
	int (*init)(void);
	void (*exit)(void);
	unsigned int refcount;
	struct mod_arch_specific arch;
};

/* One row of __versions: a symbol that the module uses, and its checksum */
struct modversion_info {
	unsigned long crc;
	char name[MODULE_NAME_LEN];
};

#ifdef MODULE
extern struct module __this_module;
#define THIS_MODULE (&__this_module)
#define MODULE_FILE
#else
#define THIS_MODULE ((struct module *)0)
#define MODULE_FILE MODULE_INFO(file, KBUILD_MODFILE);
#endif

#define MODULE_LICENSE(text)	MODULE_FILE MODULE_INFO(license, text)
#define MODULE_DESCRIPTION(text) MODULE_INFO(description, text)
#define MODULE_AUTHOR(text)	MODULE_INFO(author, text)
#define MODULE_ALIAS(text)	MODULE_INFO(alias, text)
#define MODULE_IMPORT_NS(text)	MODULE_INFO(import_ns, text)

int register_module(struct module *mod);
void unregister_module(struct module *mod);
bool try_module_get(struct module *mod);
void module_put(struct module *mod);
void module_layout(struct module *mod, struct modversion_info *ver);

#endif
