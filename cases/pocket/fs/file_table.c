// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Open files and their numbers.
 */
#include <linux/export.h>
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/slab.h>

#define MAX_FILES 16

static struct file *fd_table[MAX_FILES];
static unsigned int open_files;

struct file *file_alloc(const struct file_operations *fops, void *data)
{
	struct file *f = kzalloc(sizeof(*f), GFP_KERNEL);

	if (!f)
		return NULL;
	f->f_op = fops;
	f->private_data = data;
	f->f_count = 1;
	return f;
}
EXPORT_SYMBOL_NS(file_alloc, "FS_INTERNAL");

static noinline int slot_for(struct file *f)
{
	int fd;

	for (fd = 0; fd < MAX_FILES; fd++)
		if (!fd_table[fd]) {
			fd_table[fd] = f;
			open_files++;
			return fd;
		}
	return -ENOSPC;
}

int fd_install(struct file *f)
{
	return slot_for(f);
}
EXPORT_SYMBOL(fd_install);

struct file *fget(int fd)
{
	struct file *f;

	if (fd < 0 || fd >= MAX_FILES)
		return NULL;
	f = fd_table[fd];
	if (f)
		f->f_count++;
	return f;
}
EXPORT_SYMBOL(fget);

void fput(struct file *f)
{
	if (--f->f_count)
		return;
	if (f->f_op->release)
		f->f_op->release(f);
	open_files--;
	kfree(f);
}
EXPORT_SYMBOL(fput);

ssize_t vfs_read(struct file *f, char *buf, size_t n)
{
	return f->f_op->read ? f->f_op->read(f, buf, n) : -EINVAL;
}

ssize_t vfs_write(struct file *f, const char *buf, size_t n)
{
	return f->f_op->write ? f->f_op->write(f, buf, n) : -EINVAL;
}

unsigned int nr_files(void)
{
	return READ_ONCE(open_files);
}

static int __init init_once(void)
{
	open_files = 0;
	return 0;
}
fs_initcall(init_once);
