// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Which pages has the guest written to? A ring for each virtual processor, read
 * by somebody else, hence the barriers. They are assembly that only their own
 * architecture understands.
 */
#include <linux/kernel.h>
#include <linux/kvm_host.h>
#include <asm/barrier.h>

#define DIRTY	1
#define RESET	2

static unsigned int full;

static bool gfn_is(const struct kvm_dirty_gfn *gfn, u32 flag)
{
	u32 flags = READ_ONCE(gfn->flags);

	smp_rmb();
	return flags & flag;
}

u32 kvm_dirty_ring_used(struct kvm_dirty_ring *ring)
{
	return READ_ONCE(ring->dirty_index) - READ_ONCE(ring->reset_index);
}

void kvm_dirty_ring_push(struct kvm_vcpu *vcpu, u32 slot, u64 offset)
{
	struct kvm_dirty_ring *ring = &vcpu->ring;
	struct kvm_dirty_gfn *gfn = &ring->gfns[ring->dirty_index % KVM_DIRTY_RING_SIZE];

	if (kvm_dirty_ring_used(ring) == KVM_DIRTY_RING_SIZE) {
		full++;
		kvm_vcpu_kick(vcpu);
		return;
	}
	gfn->slot = slot;
	gfn->offset = offset;
	smp_wmb();
	gfn->flags = DIRTY;
	ring->dirty_index++;
}

int kvm_dirty_ring_reset(struct kvm_vcpu *vcpu)
{
	struct kvm_dirty_ring *ring = &vcpu->ring;
	int n = 0;

	while (kvm_dirty_ring_used(ring)) {
		struct kvm_dirty_gfn *gfn = &ring->gfns[ring->reset_index % KVM_DIRTY_RING_SIZE];

		if (!gfn_is(gfn, DIRTY))
			break;
		gfn->flags = RESET;
		ring->reset_index++;
		n++;
	}
	smp_mb();
	return n;
}
