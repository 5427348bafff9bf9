// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What is special about guests on loongarch.
 */
#include <linux/export.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/kvm_host.h>
#include <asm/barrier.h>
#include <asm/timex.h>

/* Named in assembly everywhere, so it is not hidden as C symbols are. */
__visible struct static_key kvm_halt_poll_key;

static u64 guest_cycles;
static unsigned int faults;

static noinline int handle_exit(struct kvm_vcpu *vcpu, u64 reason)
{
	switch (reason & 3) {
	case 0:
		kvm_dirty_ring_push(vcpu, 0, reason >> 12);
		return 0;
	case 1:
		return kvm_coalesced_mmio_write(vcpu->kvm, reason, vcpu->exits, 4) ? 0 : -EFAULT;
	case 2:
		return kvm_set_irq(vcpu->kvm, reason >> 2 & 31, 1);
	default:
		faults++;
		kvm_vcpu_kick(vcpu);
		return -EINVAL;
	}
}

int kvm_arch_vcpu_run(struct kvm_vcpu *vcpu)
{
	u64 start = get_cycles();

	smp_mb();
	guest_cycles += get_cycles() - start;
	return handle_exit(vcpu, start);
}

int __init kvm_arch_init(void)
{
	if (kvm_total_exits())
		return -EBUSY;
	static_key_enable(&kvm_halt_poll_key);
	return 0;
}
