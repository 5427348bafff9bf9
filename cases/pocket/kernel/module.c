// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The modules that are loaded.
 */
#include <linux/export.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/notifier.h>

static LIST_HEAD(modules);
static struct notifier_head module_chain;

static noinline void tell(struct module *mod, int state)
{
	mod->state = state;
	notifier_call_chain(&module_chain, state, mod);
}

int register_module(struct module *mod)
{
	list_add_tail(&mod->list, &modules);
	tell(mod, 1);
	return mod->init ? mod->init() : 0;
}
EXPORT_SYMBOL_GPL(register_module);

void unregister_module(struct module *mod)
{
#ifdef CONFIG_MODULE_UNLOAD
	if (mod->exit)
		mod->exit();
#endif
	tell(mod, 0);
	list_del(&mod->list);
}
EXPORT_SYMBOL_GPL(unregister_module);

bool try_module_get(struct module *mod)
{
	if (mod)
		mod->refcount++;
	return true;
}
EXPORT_SYMBOL(try_module_get);

void module_put(struct module *mod)
{
	if (mod)
		mod->refcount--;
}
EXPORT_SYMBOL(module_put);

#ifdef CONFIG_MODVERSIONS
/* Never called: its version stands for the layout of struct module. */
void module_layout(struct module *mod, struct modversion_info *ver)
{
}
EXPORT_SYMBOL(module_layout);
#endif
