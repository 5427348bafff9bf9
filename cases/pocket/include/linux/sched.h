/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _LINUX_SCHED_H
#define _LINUX_SCHED_H

#include <linux/types.h>

struct task_struct {
	struct list_head run_list;
	pid_t pid;
	int prio;
	unsigned long ticks;
	char comm[16];
};

extern struct task_struct init_task;

void sched_init(void);
void schedule(void);
void wake_up_process(struct task_struct *p);
struct task_struct *current_task(void);
unsigned long nr_running(void);
void account_tick(void);
pid_t alloc_pid(void);
unsigned int num_online_cpus(void);
void cpu_up(unsigned int cpu);

struct work_struct {
	struct list_head entry;
	void (*func)(struct work_struct *work);
};
bool queue_work(struct work_struct *work);
void flush_work(void);
unsigned int work_pending_count(void);

#endif
