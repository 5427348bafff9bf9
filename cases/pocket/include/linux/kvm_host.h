/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _LINUX_KVM_HOST_H
#define _LINUX_KVM_HOST_H

#include <linux/jump_label.h>
#include <linux/types.h>

#define KVM_MAX_VCPUS		8
#define KVM_DIRTY_RING_SIZE	64
#define KVM_MMIO_RING_SIZE	32

struct kvm;

struct kvm_dirty_gfn {
	u32 flags;
	u32 slot;
	u64 offset;
};

struct kvm_dirty_ring {
	u32 dirty_index;
	u32 reset_index;
	struct kvm_dirty_gfn gfns[KVM_DIRTY_RING_SIZE];
};

struct kvm_vcpu {
	struct kvm *kvm;
	int id;
	u64 exits;
	struct kvm_dirty_ring ring;
};

struct kvm_mmio_entry {
	u64 addr;
	u64 data;
	u32 len;
};

struct kvm_mmio_ring {
	u32 first, last;
	struct kvm_mmio_entry entry[KVM_MMIO_RING_SIZE];
};

struct kvm_irqfd {
	int fd;
	u32 gsi;
	struct kvm_irqfd *next;
};

struct kvm {
	struct kvm_vcpu *vcpus[KVM_MAX_VCPUS];
	unsigned int nr_vcpus;
	struct kvm_irqfd *irqfds;
	struct kvm_mmio_ring mmio;
	u64 mmio_start, mmio_len;
};

/* arch/<arch>/kvm */
extern struct static_key kvm_halt_poll_key;
int kvm_arch_init(void);
int kvm_arch_vcpu_run(struct kvm_vcpu *vcpu);

/* virt/kvm */
struct kvm *kvm_create_vm(void);
void kvm_destroy_vm(struct kvm *kvm);
int kvm_create_vcpu(struct kvm *kvm, int id);
int kvm_vcpu_run(struct kvm_vcpu *vcpu);
void kvm_vcpu_kick(struct kvm_vcpu *vcpu);
u64 kvm_total_exits(void);
int kvm_set_irq(struct kvm *kvm, u32 gsi, int level);

void kvm_dirty_ring_push(struct kvm_vcpu *vcpu, u32 slot, u64 offset);
int kvm_dirty_ring_reset(struct kvm_vcpu *vcpu);
u32 kvm_dirty_ring_used(struct kvm_dirty_ring *ring);

int kvm_coalesced_mmio_add(struct kvm *kvm, u64 start, u64 len);
bool kvm_coalesced_mmio_write(struct kvm *kvm, u64 addr, u64 data, u32 len);

int kvm_irqfd_assign(struct kvm *kvm, int fd, u32 gsi);
void kvm_irqfd_release(struct kvm *kvm);

#endif
