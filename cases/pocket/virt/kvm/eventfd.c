// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Interrupts for the guest, from file descriptors.
 */
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/kvm_host.h>
#include <linux/module.h>
#include <linux/slab.h>

static unsigned int created;

int kvm_irqfd_assign(struct kvm *kvm, int fd, u32 gsi)
{
	struct kvm_irqfd *irqfd;

	if (!eventfd_ctx_fdget(fd))
		return -EBADF;
	irqfd = kzalloc(sizeof(*irqfd), GFP_KERNEL);
	if (!irqfd)
		return -ENOMEM;
	irqfd->fd = fd;
	irqfd->gsi = gsi;
	irqfd->next = kvm->irqfds;
	kvm->irqfds = irqfd;
	created++;
	return 0;
}
EXPORT_SYMBOL_GPL(kvm_irqfd_assign);

static noinline int inject(struct kvm_irqfd *irqfd)
{
	struct eventfd_ctx *ctx = eventfd_ctx_fdget(irqfd->fd);

	if (!ctx)
		return -EBADF;
	eventfd_signal(ctx);
	return eventfd_count(ctx) != 0;
}

int kvm_set_irq(struct kvm *kvm, u32 gsi, int level)
{
	struct kvm_irqfd *irqfd;
	int n = 0;

	for (irqfd = kvm->irqfds; irqfd && level; irqfd = irqfd->next)
		if (irqfd->gsi == gsi)
			n += inject(irqfd);
	return n;
}
EXPORT_SYMBOL_GPL(kvm_set_irq);

static void release(struct kvm_irqfd *irqfd)
{
	kfree(irqfd);
	created--;
}

void kvm_irqfd_release(struct kvm *kvm)
{
	while (kvm->irqfds) {
		struct kvm_irqfd *next = kvm->irqfds->next;

		release(kvm->irqfds);
		kvm->irqfds = next;
	}
}
