// SPDX-License-Identifier: GPL-2.0-only
/*
 * lab-lock-config: TEST ONLY, for the lab's machine; never in a package
 *
 * While it is loaded, config access of the function "bdf" is locked, as during a reset that
 * takes its time. The user's accesses wait, and so does whoever wants to lock it.
 */
#include <linux/module.h>
#include <linux/pci.h>

static char *bdf = "";
module_param(bdf, charp, 0444);
MODULE_PARM_DESC(bdf, "Function to lock: 0000:01:00.0");

static struct pci_dev *locked;

static int __init lock_config_init(void)
{
	unsigned int domain, bus, slot, fn;

	if (sscanf(bdf, "%x:%x:%x.%x", &domain, &bus, &slot, &fn) != 4)
		return -EINVAL;
	locked = pci_get_domain_bus_and_slot(domain, bus, PCI_DEVFN(slot, fn));
	if (!locked)
		return -ENODEV;

	pci_cfg_access_lock(locked);
	return 0;
}
module_init(lock_config_init);

static void __exit lock_config_exit(void)
{
	pci_cfg_access_unlock(locked);
	pci_dev_put(locked);
}
module_exit(lock_config_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("TEST ONLY: a function whose config access is locked");
/* Taints the kernel as one under test. */
MODULE_INFO(test, "Y");
