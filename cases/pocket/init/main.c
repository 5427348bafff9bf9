// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * start_kernel(): everything is set up from here, then the initcalls run.
 */
#include <linux/device.h>
#include <linux/init.h>
#include <linux/initrd.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/utsname.h>
#include <asm/processor.h>

char boot_command_line[256];
static char static_command_line[256];
static unsigned int initcalls_failed;
static bool initcall_debug;

/* Parameters of the form name=value that nobody claims are left for init. */
static int __init set_debug(char *s)
{
	initcall_debug = true;
	return 0;
}
early_param("initcall_debug", set_debug);

static int __init set_init(char *s)
{
	pr_info("init is %s\n", s);
	return 1;
}
__setup("init=", set_init);

static void __init do_setup_params(char *line, int early)
{
	const struct obs_kernel_param *p;

	for (p = __setup_start; p < __setup_end; p++) {
		size_t n = strlen(p->str);

		if (p->early == early && !strncmp(line, p->str, n))
			p->setup_func(line + n);
	}
}

/* Call do_setup_params() for each word of the command line. */
static void __init parse_command_line(int early)
{
	char *word, *next;

	strscpy(static_command_line, boot_command_line, sizeof(static_command_line));
	for (word = static_command_line; word && *word; word = next) {
		next = strchr(word, ' ');
		if (next)
			*next++ = '\0';
		do_setup_params(word, early);
	}
}

int __init do_one_initcall(initcall_t fn)
{
	int ret = fn();

	if (ret && ret != -ENODEV)
		initcalls_failed++;
	if (initcall_debug)
		pr_info("initcall returned %d\n", ret);
	return ret;
}

static void __init do_initcalls(initcall_entry_t *from, initcall_entry_t *to)
{
	initcall_entry_t *entry;

	for (entry = from; entry < to; entry++)
		do_one_initcall(initcall_from_entry(entry));
}

static initcall_entry_t *const initcall_levels[] __initconst = {
	__initcall0_start, __initcall1_start, __initcall2_start, __initcall3_start,
	__initcall4_start, __initcall5_start, __initcall6_start, __initcall7_start,
	__initcall_end,
};

void __init start_kernel(void)
{
	char *cmdline = boot_command_line;
	unsigned int level;

	setup_arch(&cmdline);
	parse_command_line(1);
	mm_init();
	sched_init();
	trap_init();
	time_init();
	do_initcalls(__con_initcall_start, __con_initcall_end);
	pr_info("%s", linux_banner);
	calibrate_delay();
	parse_command_line(0);
	parse_args(static_command_line);

	do_initcalls(__initcall_start, __initcall0_start);
	for (level = 0; level < ARRAY_SIZE(initcall_levels) - 1; level++)
		do_initcalls(initcall_levels[level], initcall_levels[level + 1]);
	if (initcalls_failed)
		pr_warn("%u initcalls failed\n", initcalls_failed);

	prepare_namespace();
	for (;;)
		cpu_relax();
}

static int __init memory_report(void)
{
	pr_info("%lu pages free of %lu\n", nr_free_pages(), totalram_pages());
	return 0;
}
late_initcall(memory_report);

static int __init running_report(void)
{
	pr_info("%u processors, %lu tasks, %u devices\n", num_online_cpus(), nr_running(), device_count());
	return 0;
}
late_initcall_sync(running_report);
