// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Virtual machines and their processors.
 */
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/kvm_host.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>

static unsigned int halt_poll_ns = 200000;
module_param(halt_poll_ns, uint, 0644);
MODULE_PARM_DESC(halt_poll_ns, "how long to wait for work before sleeping");

static u64 total_exits;
static unsigned int nr_vms;

struct kvm *kvm_create_vm(void)
{
	struct kvm *kvm = kzalloc(sizeof(*kvm), GFP_KERNEL);

	if (kvm)
		nr_vms++;
	return kvm;
}
EXPORT_SYMBOL_GPL(kvm_create_vm);

void kvm_destroy_vm(struct kvm *kvm)
{
	unsigned int i;

	kvm_irqfd_release(kvm);
	for (i = 0; i < kvm->nr_vcpus; i++)
		kfree(kvm->vcpus[i]);
	kfree(kvm);
	nr_vms--;
}
EXPORT_SYMBOL_GPL(kvm_destroy_vm);

int kvm_create_vcpu(struct kvm *kvm, int id)
{
	struct kvm_vcpu *vcpu;

	if (kvm->nr_vcpus == KVM_MAX_VCPUS)
		return -EINVAL;
	vcpu = kzalloc(sizeof(*vcpu), GFP_KERNEL);
	if (!vcpu)
		return -ENOMEM;
	vcpu->kvm = kvm;
	vcpu->id = id;
	kvm->vcpus[kvm->nr_vcpus++] = vcpu;
	return 0;
}

static noinline void account(struct kvm_vcpu *vcpu)
{
	vcpu->exits++;
	total_exits++;
}

void kvm_vcpu_kick(struct kvm_vcpu *vcpu)
{
	account(vcpu);
}
EXPORT_SYMBOL_GPL(kvm_vcpu_kick);

u64 kvm_total_exits(void)
{
	return READ_ONCE(total_exits);
}

/*
 * The key is in another file. Its address is an immediate operand here, and on
 * x86 that is an error unless the compiler is told that code is not
 * position-independent.
 */
static void wait(void)
{
	u64 until;

	if (!static_branch_unlikely(&kvm_halt_poll_key)) {
		schedule();
		return;
	}
	until = get_jiffies_64() + halt_poll_ns / (1000000000 / CONFIG_HZ);
	while (get_jiffies_64() < until)
		barrier();
}

int kvm_vcpu_run(struct kvm_vcpu *vcpu)
{
	int ret;

	do {
		ret = kvm_arch_vcpu_run(vcpu);
		account(vcpu);
		kvm_dirty_ring_reset(vcpu);
		if (!ret)
			wait();
	} while (!ret);
	return ret;
}

static int __init kvm_init(void)
{
	return kvm_arch_init();
}
module_init(kvm_init);

MODULE_DESCRIPTION("Kernel-based virtual machines");
MODULE_LICENSE("GPL");
