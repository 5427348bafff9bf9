/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _LINUX_VERMAGIC_H
#define _LINUX_VERMAGIC_H

#include <generated/utsrelease.h>

#ifdef CONFIG_SMP
#define __VERMAGIC_SMP "SMP "
#else
#define __VERMAGIC_SMP ""
#endif
#ifdef CONFIG_MODULE_UNLOAD
#define __VERMAGIC_UNLOAD "mod_unload "
#else
#define __VERMAGIC_UNLOAD ""
#endif
#ifdef CONFIG_MODVERSIONS
#define __VERMAGIC_VERSIONS "modversions "
#else
#define __VERMAGIC_VERSIONS ""
#endif

#define VERMAGIC_STRING \
	UTS_RELEASE " " __VERMAGIC_SMP __VERMAGIC_UNLOAD __VERMAGIC_VERSIONS

#endif
