/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _LINUX_UTSNAME_H
#define _LINUX_UTSNAME_H

struct new_utsname {
	char sysname[16];
	char nodename[16];
	char release[65];
	char version[65];
	char machine[16];
};

extern struct new_utsname init_uts_ns;
extern const char linux_banner[];
extern const char linux_proc_banner[];

#endif
