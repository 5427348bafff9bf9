/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _LINUX_STRING_H
#define _LINUX_STRING_H

#include <linux/types.h>

void *memcpy(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
void *memmove(void *dst, const void *src, size_t n);
int memcmp(const void *a, const void *b, size_t n);
int bcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
ssize_t strscpy(char *dst, const char *src, size_t size);

/* lib/a.S: a byte of flags for each ASCII character */
#define A_DIGIT	1
#define A_ALPHA	2
#define A_SPACE	4
extern const u8 ascii_class[128];
static inline bool isdigit(int c) { return c < 128 && (ascii_class[c] & A_DIGIT); }
static inline bool isspace(int c) { return c < 128 && (ascii_class[c] & A_SPACE); }

#endif
