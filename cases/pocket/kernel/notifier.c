// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Lists of those who want to know.
 */
#include <linux/export.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/notifier.h>

static struct notifier_head reboot_chain;
static unsigned int calls;

int notifier_chain_register(struct notifier_head *head, struct notifier_block *nb)
{
	struct notifier_block **at = &head->first;

	while (*at && (*at)->priority >= nb->priority) {
		if (*at == nb)
			return -EEXIST;
		at = &(*at)->next;
	}
	nb->next = *at;
	*at = nb;
	return 0;
}
EXPORT_SYMBOL_GPL(notifier_chain_register);

int notifier_chain_unregister(struct notifier_head *head, struct notifier_block *nb)
{
	struct notifier_block **at;

	for (at = &head->first; *at; at = &(*at)->next)
		if (*at == nb) {
			*at = nb->next;
			return 0;
		}
	return -ENOENT;
}
EXPORT_SYMBOL_GPL(notifier_chain_unregister);

static noinline int walk(struct notifier_block *nb, unsigned long event, void *data)
{
	int ret = 0;

	for (; nb && !ret; nb = nb->next) {
		ret = nb->call(nb, event, data);
		calls++;
	}
	return ret;
}

int notifier_call_chain(struct notifier_head *head, unsigned long event, void *data)
{
	return walk(head->first, event, data);
}
EXPORT_SYMBOL_GPL(notifier_call_chain);

int reboot_notify(unsigned long event)
{
	return walk(reboot_chain.first, event, NULL);
}

int register_reboot_notifier(struct notifier_block *nb)
{
	return notifier_chain_register(&reboot_chain, nb);
}
EXPORT_SYMBOL(register_reboot_notifier);

static int __init init_once(void)
{
	reboot_chain.first = NULL;
	return 0;
}
pure_initcall(init_once);
