// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Linked into every module: which kernel it was made for.
 */
#include <linux/module.h>
#include <linux/vermagic.h>

MODULE_INFO(vermagic, VERMAGIC_STRING);
