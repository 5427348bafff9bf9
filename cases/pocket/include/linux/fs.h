/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _LINUX_FS_H
#define _LINUX_FS_H

#include <linux/types.h>

struct file;

struct file_operations {
	ssize_t (*read)(struct file *f, char *buf, size_t n);
	ssize_t (*write)(struct file *f, const char *buf, size_t n);
	void (*release)(struct file *f);
};

struct file {
	const struct file_operations *f_op;
	void *private_data;
	loff_t f_pos;
	unsigned int f_count;
};

struct linux_binprm {
	const char *filename;
	const u8 *buf;
	size_t len;
	unsigned long entry;
};

struct linux_binfmt {
	struct linux_binfmt *next;
	int (*load_binary)(struct linux_binprm *bprm);
};

int register_binfmt(struct linux_binfmt *fmt);
int search_binary_handler(struct linux_binprm *bprm);
int kernel_execve(const char *filename, const u8 *image, size_t len);

struct file *file_alloc(const struct file_operations *fops, void *data);
int fd_install(struct file *f);
struct file *fget(int fd);
void fput(struct file *f);
ssize_t vfs_read(struct file *f, char *buf, size_t n);
ssize_t vfs_write(struct file *f, const char *buf, size_t n);
unsigned int nr_files(void);

struct eventfd_ctx;
struct eventfd_ctx *eventfd_ctx_fdget(int fd);
void eventfd_signal(struct eventfd_ctx *ctx);
u64 eventfd_count(struct eventfd_ctx *ctx);
int eventfd_create(unsigned int count);

#endif
