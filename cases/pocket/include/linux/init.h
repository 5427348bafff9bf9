/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Code and data for the start only, and the calls that start everything.
 */
#ifndef _LINUX_INIT_H
#define _LINUX_INIT_H

#include <linux/compiler.h>
#include <linux/types.h>

#define __init		__section(".init.text") __cold
#define __initdata	__section(".init.data")
#define __initconst	__section(".init.rodata")
#define __exit		__section(".exit.text") __cold
#define __HEAD		.section ".head.text","ax"

#ifndef __ASSEMBLY__

typedef int (*initcall_t)(void);
typedef void (*exitcall_t)(void);

#ifdef CONFIG_HAVE_ARCH_PREL32_RELOCATIONS
typedef int initcall_entry_t;
static inline initcall_t initcall_from_entry(initcall_entry_t *entry)
{
	return (initcall_t)((unsigned long)entry + *entry);
}
#else
typedef initcall_t initcall_entry_t;
static inline initcall_t initcall_from_entry(initcall_entry_t *entry)
{
	return *entry;
}
#endif

extern initcall_entry_t __initcall_start[], __initcall0_start[], __initcall1_start[],
	__initcall2_start[], __initcall3_start[], __initcall4_start[], __initcall5_start[],
	__initcall6_start[], __initcall7_start[], __initcall_end[];
extern initcall_entry_t __con_initcall_start[], __con_initcall_end[];

struct obs_kernel_param {
	const char *str;
	int (*setup_func)(char *);
	int early;
};
extern const struct obs_kernel_param __setup_start[], __setup_end[];

extern char boot_command_line[];
int do_one_initcall(initcall_t fn);
void start_kernel(void);
void setup_arch(char **cmdline);
void trap_init(void);
void time_init(void);
void mm_init(void);
void prepare_namespace(void);
void calibrate_delay(void);

#ifndef MODULE

/*
 * An initcall is known as kmod_<module>__<counter>_<line>_<function>. With LTO
 * it lives in a section of that name, because the order of the objects is no
 * longer the order of the code; generate_initcall_order.sh puts it right. Also,
 * LTO renames static functions, and assembly would not see it: a global stub
 * stands in.
 */
#define __initcall_join(a, b, c, d, e, f, g)	a##b##c##d##e##f##g
#define __initcall_expand(a...)			__initcall_join(a)
#define __initcall_id(fn)	\
	__initcall_expand(kmod_, __KBUILD_MODNAME, __, __COUNTER__, _, __LINE__, _##fn)

#ifdef CONFIG_LTO_CLANG
#define __initcall_section(sec, id)	sec ".init.." #id
#define __initcall_target(fn, id, level)				\
	int __initstub__##id##level(void);				\
	int __init __initstub__##id##level(void) { return fn(); }	\
	__ADDRESSABLE(__initstub__##id##level)
#define __initcall_word(fn, id, level)	"__initstub__" #id #level
#else
#define __initcall_section(sec, id)	sec ".init"
#define __initcall_target(fn, id, level) __ADDRESSABLE(fn)
#define __initcall_word(fn, id, level)	#fn
#endif

#ifdef CONFIG_HAVE_ARCH_PREL32_RELOCATIONS
#define __initcall_define(fn, level, sec, id)				\
	__initcall_target(fn, id, level)				\
	asm(".section \"" __initcall_section(sec, id) "\",\"a\"\n"	\
	    "__initcall__" #id #level ":\n"				\
	    ".long " __initcall_word(fn, id, level) " - .\n"		\
	    ".previous\n");						\
	static_assert(__builtin_types_compatible_p(initcall_t, __typeof__(&fn)));
#else
#define __initcall_define(fn, level, sec, id)				\
	static initcall_t __initcall__##id##level __used		\
		__section(__initcall_section(sec, id)) = fn;
#endif
#define __initcall_with_id(fn, level, sec, id)	__initcall_define(fn, level, sec, id)
#define __define_initcall(fn, level)	\
	__initcall_with_id(fn, level, ".initcall" #level, __initcall_id(fn))

#define early_initcall(fn)	__define_initcall(fn, early)
#define pure_initcall(fn)	__define_initcall(fn, 0)
#define core_initcall(fn)	__define_initcall(fn, 1)
#define postcore_initcall(fn)	__define_initcall(fn, 2)
#define arch_initcall(fn)	__define_initcall(fn, 3)
#define subsys_initcall(fn)	__define_initcall(fn, 4)
#define fs_initcall(fn)		__define_initcall(fn, 5)
#define rootfs_initcall(fn)	__define_initcall(fn, rootfs)
#define device_initcall(fn)	__define_initcall(fn, 6)
#define device_initcall_sync(fn) __define_initcall(fn, 6s)
#define late_initcall(fn)	__define_initcall(fn, 7)
#define late_initcall_sync(fn)	__define_initcall(fn, 7s)
#define console_initcall(fn)	\
	__initcall_with_id(fn, con, ".con_initcall", __initcall_id(fn))

/* "name=" on the command line calls fn with what follows */
#define __setup_param(name, fn, is_early)				\
	static const char __setup_str_##fn[] __initconst __aligned(1) = name;	\
	static struct obs_kernel_param __setup_##fn			\
		__used __section(".init.setup") __aligned(8) =		\
		{ __setup_str_##fn, fn, is_early }
#define __setup(name, fn)	__setup_param(name, fn, 0)
#define early_param(name, fn)	__setup_param(name, fn, 1)

#define module_init(fn)		device_initcall(fn)
#define module_exit(fn)		\
	static exitcall_t __exitcall_##fn __used __section(".discard.exitcall") = fn;

#else /* MODULE */

#define module_init(fn)		\
	int init_module(void) __attribute__((alias(#fn)));	\
	__ADDRESSABLE(init_module)
#define module_exit(fn)		\
	void cleanup_module(void) __attribute__((alias(#fn)));	\
	__ADDRESSABLE(cleanup_module)

int init_module(void);
void cleanup_module(void);

#endif /* MODULE */
#endif /* __ASSEMBLY__ */
#endif
