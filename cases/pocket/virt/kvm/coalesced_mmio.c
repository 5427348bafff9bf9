// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Writes to devices, gathered in a ring instead of leaving the guest for each.
 */
#include <linux/kernel.h>
#include <linux/kvm_host.h>
#include <linux/module.h>

static unsigned long gathered;

static bool in_range(const struct kvm *kvm, u64 addr, u32 len)
{
	return addr >= kvm->mmio_start && addr + len <= kvm->mmio_start + kvm->mmio_len;
}

int kvm_coalesced_mmio_add(struct kvm *kvm, u64 start, u64 len)
{
	if (!len || start + len < start)
		return -EINVAL;
	kvm->mmio_start = start;
	kvm->mmio_len = len;
	return 0;
}
EXPORT_SYMBOL_GPL(kvm_coalesced_mmio_add);

bool kvm_coalesced_mmio_write(struct kvm *kvm, u64 addr, u64 data, u32 len)
{
	struct kvm_mmio_ring *ring = &kvm->mmio;
	u32 next = (ring->last + 1) % KVM_MMIO_RING_SIZE;

	if (!in_range(kvm, addr, len) || next == READ_ONCE(ring->first))
		return false;
	ring->entry[ring->last] = (struct kvm_mmio_entry){ addr, data, len };
	ring->last = next;
	gathered++;
	return true;
}
