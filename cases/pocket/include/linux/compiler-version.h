/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Comes before anything else. It mentions CONFIG_CC_VERSION_TEXT, so that every
 * object depends on that option and another compiler rebuilds all.
 */
