/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Parameters, and the strings in .modinfo: tag=value, in the kernel with the
 * module's name before the tag.
 */
#ifndef _LINUX_MODULEPARAM_H
#define _LINUX_MODULEPARAM_H

#include <linux/compiler.h>
#include <linux/types.h>

#ifdef MODULE
#define MODULE_PARAM_PREFIX
#define __MODULE_INFO_PREFIX
#else
#define MODULE_PARAM_PREFIX	KBUILD_MODNAME "."
#define __MODULE_INFO_PREFIX	KBUILD_MODNAME "."
#endif

#define MODULE_INFO(tag, info)						\
	static const char __UNIQUE_ID(modinfo)[] __used			\
		__section(".modinfo") __aligned(1) =			\
		__MODULE_INFO_PREFIX __stringify(tag) "=" info

struct kernel_param;

struct kernel_param_ops {
	int (*set)(const char *val, const struct kernel_param *kp);
};

struct kernel_param {
	const char *name;
	struct module *mod;
	const struct kernel_param_ops *ops;
	const u16 perm;
	s8 level;
	u8 flags;
	void *arg;
};
extern const struct kernel_param __start___param[], __stop___param[];

extern const struct kernel_param_ops param_ops_int, param_ops_uint, param_ops_bool;
int parse_args(char *args);

#define module_param_named(name, var, kind, mode)			\
	static const char __param_str_##name[] = MODULE_PARAM_PREFIX #name; \
	static const struct kernel_param __param_##name			\
		__used __section("__param") __aligned(8) =		\
		{ __param_str_##name, (void *)0, &param_ops_##kind,	\
		  mode, -1, 0, &var };					\
	MODULE_INFO(parmtype, #name ":" #kind)
#define module_param(name, kind, mode)	module_param_named(name, name, kind, mode)
#define MODULE_PARM_DESC(name, text)	MODULE_INFO(parm, #name ":" text)

#endif
