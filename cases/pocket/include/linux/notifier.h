/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _LINUX_NOTIFIER_H
#define _LINUX_NOTIFIER_H

struct notifier_block {
	int (*call)(struct notifier_block *nb, unsigned long event, void *data);
	struct notifier_block *next;
	int priority;
};

struct notifier_head {
	struct notifier_block *first;
};

int notifier_chain_register(struct notifier_head *head, struct notifier_block *nb);
int notifier_chain_unregister(struct notifier_head *head, struct notifier_block *nb);
int notifier_call_chain(struct notifier_head *head, unsigned long event, void *data);
int reboot_notify(unsigned long event);
int register_reboot_notifier(struct notifier_block *nb);

#endif
