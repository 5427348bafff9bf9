// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * A counter behind a file: write adds, read takes.
 */
#include <linux/export.h>
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/syscalls.h>

struct eventfd_ctx {
	u64 count;
	unsigned int signals;
};

static unsigned int created;

static ssize_t eventfd_read(struct file *f, char *buf, size_t n)
{
	struct eventfd_ctx *ctx = f->private_data;
	u64 count = ctx->count;

	if (n < sizeof(count))
		return -EINVAL;
	if (!count)
		return -EAGAIN;
	memcpy(buf, &count, sizeof(count));
	ctx->count = 0;
	return sizeof(count);
}

static ssize_t eventfd_write(struct file *f, const char *buf, size_t n)
{
	struct eventfd_ctx *ctx = f->private_data;
	u64 count;

	if (n < sizeof(count))
		return -EINVAL;
	memcpy(&count, buf, sizeof(count));
	ctx->count += count;
	return sizeof(count);
}

static void release(struct file *f)
{
	kfree(f->private_data);
}

static const struct file_operations eventfd_fops = {
	.read = eventfd_read,
	.write = eventfd_write,
	.release = release,
};

struct eventfd_ctx *eventfd_ctx_fdget(int fd)
{
	struct file *f = fget(fd);

	if (!f || f->f_op != &eventfd_fops)
		return NULL;
	return f->private_data;
}
EXPORT_SYMBOL_GPL(eventfd_ctx_fdget);

static noinline void add(struct eventfd_ctx *ctx, u64 n)
{
	if (ctx->count + n < ctx->count)
		return;
	ctx->count += n;
	ctx->signals++;
}

void eventfd_signal(struct eventfd_ctx *ctx)
{
	add(ctx, 1);
}
EXPORT_SYMBOL_GPL(eventfd_signal);

u64 eventfd_count(struct eventfd_ctx *ctx)
{
	return READ_ONCE(ctx->count);
}

int eventfd_create(unsigned int count)
{
	struct eventfd_ctx *ctx = kzalloc(sizeof(*ctx), GFP_KERNEL);
	struct file *f;

	if (!ctx)
		return -ENOMEM;
	ctx->count = count;
	f = file_alloc(&eventfd_fops, ctx);
	if (!f) {
		kfree(ctx);
		return -ENOMEM;
	}
	created++;
	return fd_install(f);
}

SYSCALL_DEFINE(eventfd)
{
	return eventfd_create(a);
}
