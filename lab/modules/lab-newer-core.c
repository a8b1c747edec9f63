// SPDX-License-Identifier: GPL-2.0-only
/*
 * lab-newer-core: TEST ONLY, for the lab's machine; never in a package
 *
 * While this is loaded, vfio-pci-core answers 0 to each ioctl and each feature that it does
 * not know, as if it were a later version that has them all.
 */
#include <linux/kprobes.h>
#include <linux/module.h>

static int know(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	/* The cast, because one of the two returns a long and the other an int */
	if ((int)regs_return_value(regs) == -ENOTTY)
		regs_set_return_value(regs, 0);

	return 0;
}

static struct kretprobe ioctl = {
	.kp.symbol_name	= "vfio_pci_core_ioctl",
	.handler	= know,
}, feature = {
	.kp.symbol_name	= "vfio_pci_core_ioctl_feature",
	.handler	= know,
};

static struct kretprobe *probes[] = { &ioctl, &feature };

static int __init lab_newer_core_init(void)
{
	return register_kretprobes(probes, ARRAY_SIZE(probes));
}
module_init(lab_newer_core_init);

static void __exit lab_newer_core_exit(void)
{
	unregister_kretprobes(probes, ARRAY_SIZE(probes));
}
module_exit(lab_newer_core_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Has vfio-pci-core know all ioctls and features, for tests");
