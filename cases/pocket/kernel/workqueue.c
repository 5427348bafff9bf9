// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Things to do later.
 */
#include <linux/export.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/sched.h>

static LIST_HEAD(pending);
static unsigned int nr_pending;

static noinline struct work_struct *take_first(void)
{
	struct list_head *first = pending.next;

	if (list_empty(&pending))
		return NULL;
	list_del(first);
	nr_pending--;
	return container_of(first, struct work_struct, entry);
}

bool queue_work(struct work_struct *work)
{
	if (work->entry.next && !list_empty(&work->entry))
		return false;
	list_add_tail(&work->entry, &pending);
	nr_pending++;
	return true;
}
EXPORT_SYMBOL_GPL(queue_work);

unsigned int work_pending_count(void)
{
	return READ_ONCE(nr_pending);
}

void flush_work(void)
{
	struct work_struct *work;

	while ((work = take_first()))
		work->func(work);
}
EXPORT_SYMBOL_GPL(flush_work);

static int __init init_once(void)
{
	INIT_LIST_HEAD(&pending);
	return 0;
}
early_initcall(init_once);
