// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Intel processors: is there VMX at all?
 */
#include <linux/kernel.h>
#include <linux/kvm_host.h>
#include <linux/module.h>

static bool enable_ept = true;
module_param_named(ept, enable_ept, bool, 0444);

static bool has_vmx(void)
{
	u32 eax = 1, ebx, ecx = 0, edx;

	asm volatile("cpuid" : "+a" (eax), "=b" (ebx), "+c" (ecx), "=d" (edx));
	return ecx & 1u << 5;
}

static int __init vmx_init(void)
{
	if (!has_vmx())
		return -ENODEV;
	pr_info("vmx: EPT is %s, %lu exits\n", enable_ept ? "on" : "off",
		(unsigned long)kvm_total_exits());
	return 0;
}
module_init(vmx_init);

MODULE_DESCRIPTION("KVM for Intel processors");
MODULE_LICENSE("GPL");
