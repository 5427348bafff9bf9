/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _LINUX_STRINGIFY_H
#define _LINUX_STRINGIFY_H

/* The expanded arguments as a string, two expanded words as one */
#define __stringify_1(x...)	#x
#define __stringify(x...)	__stringify_1(x)
#define __paste_1(a, b)		a##b
#define __paste(a, b)		__paste_1(a, b)

#endif
