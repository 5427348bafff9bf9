// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Whose turn is it? The first in the queue.
 */
#include <linux/export.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/sched.h>
#include <asm/barrier.h>
#include <asm/processor.h>

struct task_struct init_task = { .pid = 1, .prio = 120, .comm = "swapper" };
EXPORT_SYMBOL(init_task);

static LIST_HEAD(run_queue);
static struct task_struct *current = &init_task;
static unsigned long running = 1;
static pid_t last_pid = 1;

struct task_struct *current_task(void)
{
	return READ_ONCE(current);
}
EXPORT_SYMBOL(current_task);

unsigned long nr_running(void)
{
	return READ_ONCE(running);
}

pid_t alloc_pid(void)
{
	return ++last_pid;
}

static noinline struct task_struct *pick_next(void)
{
	struct list_head *pos;
	struct task_struct *best = NULL;

	list_for_each(pos, &run_queue) {
		struct task_struct *p = container_of(pos, struct task_struct, run_list);

		if (!best || p->prio < best->prio)
			best = p;
	}
	return best;
}

void schedule(void)
{
	struct task_struct *next = pick_next();

	if (!next) {
		cpu_relax();
		tick();
		return;
	}
	list_del(&next->run_list);
	list_add_tail(&current->run_list, &run_queue);
	smp_wmb();
	current = next;
}
EXPORT_SYMBOL(schedule);

void wake_up_process(struct task_struct *p)
{
	list_add_tail(&p->run_list, &run_queue);
	running++;
	smp_mb();
}
EXPORT_SYMBOL(wake_up_process);

void account_tick(void)
{
	current->ticks++;
}

#ifndef CONFIG_SMP
unsigned int num_online_cpus(void)
{
	return 1;
}
#endif

void __init sched_init(void)
{
	INIT_LIST_HEAD(&init_task.run_list);
}

static int __init setup(void)
{
	return current == &init_task ? 0 : -EINVAL;
}
core_initcall(setup);
