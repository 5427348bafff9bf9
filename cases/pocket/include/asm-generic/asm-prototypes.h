/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * C declarations of what assembly exports: symbol versions are taken from here.
 */
#include <linux/string.h>
