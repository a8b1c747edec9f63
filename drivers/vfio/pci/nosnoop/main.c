// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio-pci-nosnoop: vfio-pci for functions that must not bypass CPU caches
 *
 * Requests that a PCIe function marks No Snoop bypass the CPU caches. With them a hostile
 * guest can read memory that was zeroed only in a cache, and other guests read stale memory.
 * Enable No Snoop in Device Control (PCIe 7.5.3.4) permits such requests, and many IOMMUs
 * cannot strip the attribute. So this driver does not let the function send them:
 *
 *   From open to close, whenever PCI_COMMAND_MASTER is set in hardware,
 *   PCI_EXP_DEVCTL_NOSNOOP_EN is 0 in hardware (for a VF: in its PF's). The user
 *   reads the bit as 0, which the specification permits any function. Everything
 *   else is as with vfio-pci.
 *
 * The user's writes of the bit are masked, see config.c. Any reset sets it, and the driver
 * is not told of every reset. But a reset also turns mastering off. So nosnoop_hold() clears
 * the bit before anything that may turn mastering on: the user's write of PCI_COMMAND, and
 * whatever restores PCI_COMMAND as it was saved. A user can have the function reset itself
 * through a BAR in between. So nosnoop_hold() checks again afterwards, and if both bits are on,
 * it turns mastering off until the device is reopened. What is left to a user who races
 * against their own device is in Documentation/driver-api/vfio-pci-nosnoop.rst.
 *
 * No lock that others need is held while anything waits for the user's memory. So a user
 * cannot hold up a reset, an error recovery or an unbind. A function with another way to
 * config space is not covered. If one is known, the kernel's log says so at bind.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/pci.h>
#include <linux/pm_runtime.h>

#include "nosnoop.h"

static char ids[1024] __initdata;
module_param_string(ids, ids, sizeof(ids), 0);
MODULE_PARM_DESC(ids, "Initial PCI IDs to add to the driver, format is \"vendor:device[:subvendor[:subdevice[:class[:class_mask]]]]\" and multiple comma separated entries can be specified");

static bool nointxmask;
module_param(nointxmask, bool, 0644);
MODULE_PARM_DESC(nointxmask, "Disable support for PCI 2.3 style INTx masking, as in vfio-pci");

static bool disable_idle_d3;
module_param(disable_idle_d3, bool, 0644);
MODULE_PARM_DESC(disable_idle_d3, "Disable using the PCI D3 low power state for idle, unused devices");

static bool enable_sriov;
module_param(enable_sriov, bool, 0644);
MODULE_PARM_DESC(enable_sriov, "Enable support for SR-IOV configuration, as in vfio-pci");

static bool disable_denylist;
module_param(disable_denylist, bool, 0444);
MODULE_PARM_DESC(disable_denylist, "Disable use of device denylist, which is vfio-pci's. Disabling the denylist allows binding to devices with known errata");

static bool govern_pf;
module_param(govern_pf, bool, 0644);
MODULE_PARM_DESC(govern_pf, "Clear Enable No Snoop of the PF, too, while one of its VFs is open");

static bool strict;
module_param(strict, bool, 0644);
MODULE_PARM_DESC(strict, "Refuse to bind devices that are known to have another way to config space, by which a guest can set Enable No Snoop");

static struct nosnoop_device *pdev_to_nosnoop(struct pci_dev *pdev)
{
	return container_of(dev_get_drvdata(&pdev->dev), struct nosnoop_device, core);
}

static ssize_t nosnoop_read(struct vfio_device *core_vdev, char __user *buf,
			    size_t count, loff_t *ppos)
{
	struct nosnoop_device *nosnoop = to_nosnoop(core_vdev);

	if (likely(*ppos < nosnoop->ours))
		return vfio_pci_core_read(core_vdev, buf, count, ppos);
	if (VFIO_PCI_OFFSET_TO_INDEX(*ppos) == VFIO_PCI_CONFIG_REGION_INDEX)
		return nosnoop_config_read(nosnoop, buf, count, ppos);

	return nosnoop_bar_read(nosnoop, buf, count, ppos);
}

static ssize_t nosnoop_write(struct vfio_device *core_vdev, const char __user *buf,
			     size_t count, loff_t *ppos)
{
	struct nosnoop_device *nosnoop = to_nosnoop(core_vdev);

	if (likely(*ppos < nosnoop->ours))
		return vfio_pci_core_write(core_vdev, buf, count, ppos);
	if (VFIO_PCI_OFFSET_TO_INDEX(*ppos) == VFIO_PCI_CONFIG_REGION_INDEX)
		return nosnoop_config_write(nosnoop, buf, count, ppos);

	return nosnoop_bar_write(nosnoop, buf, count, ppos);
}

/*
 * An ioctl that a later core adds may turn mastering on, so only those that were reviewed
 * reach the core. An ioeventfd could reset the function while the PCI core saves config space
 * for low power, or write a mirror of config space. Without it, QEMU uses write().
 */
static long nosnoop_ioctl(struct vfio_device *core_vdev, unsigned int cmd,
			  unsigned long arg)
{
	long ret;

	switch (cmd) {
	case VFIO_DEVICE_GET_INFO:
	case VFIO_DEVICE_GET_IRQ_INFO:
	case VFIO_DEVICE_GET_PCI_HOT_RESET_INFO:
	case VFIO_DEVICE_PCI_HOT_RESET:
	case VFIO_DEVICE_RESET:
		return vfio_pci_core_ioctl(core_vdev, cmd, arg);
	case VFIO_DEVICE_SET_IRQS:
		/* To set up interrupts, the core writes PCI_COMMAND back as it was before. */
		ret = vfio_pci_core_ioctl(core_vdev, cmd, arg);
		nosnoop_hold(to_nosnoop(core_vdev), "interrupts");
		return ret;
	default:
		return -ENOTTY;
	}
}

static int nosnoop_get_region_info(struct vfio_device *core_vdev,
				   struct vfio_region_info *info,
				   struct vfio_info_cap *caps)
{
	int ret = vfio_pci_ioctl_get_region_info(core_vdev, info, caps);

	/* To size the ROM, too, the core writes PCI_COMMAND back as it was before. */
	if (info->index == VFIO_PCI_ROM_REGION_INDEX)
		nosnoop_hold(to_nosnoop(core_vdev), "ROM");

	return ret ?: nosnoop_bar_region_info(to_nosnoop(core_vdev), info, caps);
}

static int nosnoop_device_feature(struct vfio_device *core_vdev, u32 flags,
				  void __user *arg, size_t argsz)
{
	int ret;

	switch (flags & VFIO_DEVICE_FEATURE_MASK) {
	case VFIO_DEVICE_FEATURE_PCI_VF_TOKEN:
	case VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY:
	case VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP:
	case VFIO_DEVICE_FEATURE_LOW_POWER_EXIT:
	case VFIO_DEVICE_FEATURE_DMA_BUF:
		break;
	default:
		return -ENOTTY;
	}

	ret = vfio_pci_core_ioctl_feature(core_vdev, flags, arg, argsz);
	/* To leave low power, the PCI core restores PCI_COMMAND. */
	nosnoop_hold(to_nosnoop(core_vdev), "feature");

	return ret;
}

/*
 * Called before and after a reset, with config access locked. The PCI core should save and
 * restore the bit at 0, but the function may reset itself in between.
 */
static void nosnoop_reset(struct pci_dev *pdev)
{
	struct nosnoop_device *nosnoop = pdev_to_nosnoop(pdev);

	if (!list_empty(&nosnoop->opened))
		nosnoop_hold_locked(nosnoop, "reset");
}

static int nosnoop_open_device(struct vfio_device *core_vdev)
{
	struct nosnoop_device *nosnoop = to_nosnoop(core_vdev);
	struct pci_dev *pdev = nosnoop->core.pdev;
	int ret;

	/*
	 * If a VF was suspended while its PF was reset, the PCI core saved all ones, and
	 * turns mastering on when it resumes the VF. So its PF's bit is cleared first.
	 */
	nosnoop->govern_pf = govern_pf;
	ret = pdev->is_virtfn ? nosnoop_begin(nosnoop) : 0;
	if (ret)
		return ret;

	if (pm_runtime_resume_and_get(&pdev->dev)) {
		nosnoop_end(nosnoop);
		return -EIO;
	}

	ret = pdev->is_virtfn ? 0 : nosnoop_begin(nosnoop);
	if (ret)
		goto out_suspend;

	ret = vfio_pci_core_enable(&nosnoop->core);
	if (ret)
		goto out_end;

	/* Once more, after the core's reset */
	ret = nosnoop_hold(nosnoop, "open");
	if (ret) {
		pci_warn(pdev, "Enable No Snoop is set after the reset at open, or the function does not answer: refusing to open\n");
		goto out_disable;
	}

	vfio_pci_core_finish_enable(&nosnoop->core);
	goto out_suspend;

out_disable:
	vfio_pci_core_disable(&nosnoop->core);
out_end:
	nosnoop_end(nosnoop);
out_suspend:
	pm_runtime_put(&pdev->dev);
	return ret;
}

static void nosnoop_close_device(struct vfio_device *core_vdev)
{
	struct nosnoop_device *nosnoop = to_nosnoop(core_vdev);

	/* Stay in D0 to the end. The core resumes it, once it has dropped the wakeup eventfd. */
	pm_runtime_get_noresume(&nosnoop->core.pdev->dev);
	vfio_pci_core_close_device(core_vdev);
	nosnoop_end(nosnoop);
	pm_runtime_put(&nosnoop->core.pdev->dev);
}

static int nosnoop_init_dev(struct vfio_device *core_vdev)
{
	struct nosnoop_device *nosnoop = to_nosnoop(core_vdev);

	INIT_LIST_HEAD(&nosnoop->opened);
	/* Latched, as in vfio-pci. On some GPUs VGA leads to config space. */
	nosnoop->core.nointxmask = nointxmask;
	nosnoop->core.disable_idle_d3 = disable_idle_d3;
	nosnoop->core.disable_vga = true;

	return vfio_pci_core_init_dev(core_vdev);
}

static const struct vfio_device_ops nosnoop_ops = {
	.name		= "vfio-pci-nosnoop",
	.init		= nosnoop_init_dev,
	.release	= vfio_pci_core_release_dev,
	.open_device	= nosnoop_open_device,
	.close_device	= nosnoop_close_device,
	.ioctl		= nosnoop_ioctl,
	.get_region_info_caps = nosnoop_get_region_info,
	.device_feature	= nosnoop_device_feature,
	.read		= nosnoop_read,
	.write		= nosnoop_write,
	.mmap		= nosnoop_bar_mmap,
	.request	= vfio_pci_core_request,
	.match		= vfio_pci_core_match,
	.match_token_uuid = vfio_pci_core_match_token_uuid,
	.bind_iommufd	= vfio_iommufd_physical_bind,
	.unbind_iommufd	= vfio_iommufd_physical_unbind,
	.attach_ioas	= vfio_iommufd_physical_attach_ioas,
	.detach_ioas	= vfio_iommufd_physical_detach_ioas,
	.pasid_attach_ioas = vfio_iommufd_physical_pasid_attach_ioas,
	.pasid_detach_ioas = vfio_iommufd_physical_pasid_detach_ioas,
};

static int nosnoop_check_device(struct pci_dev *pdev, const char *backdoor)
{
	const char *reason = NULL;

	if (!pci_is_pcie(pdev)) {
		pci_warn(pdev, "no PCI Express capability, so no Enable No Snoop to hold: use vfio-pci\n");
		return -ENODEV;
	}
	if (nosnoop_has_errata(pdev))
		pci_warn(pdev, "known errata, as in vfio-pci's denylist\n");
	if (backdoor)
		pci_warn(pdev, "%s: a guest can get around this driver\n", backdoor);
	if (nosnoop_is_integrated_graphics(pdev))
		reason = "Intel integrated graphics is not governed by Enable No Snoop";
	else if (nosnoop_has_errata(pdev) && !disable_denylist)
		reason = "it is in vfio-pci's denylist";
	else if (backdoor && strict)
		reason = "strict is set";
	if (!reason)
		return 0;

	pci_warn(pdev, "refusing to bind: %s\n", reason);
	return -EINVAL;
}

static int nosnoop_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	const char *backdoor = nosnoop_backdoor(pdev);
	struct nosnoop_device *nosnoop;
	int ret = nosnoop_check_device(pdev, backdoor);

	if (ret)
		return ret;

	nosnoop = vfio_alloc_device(nosnoop_device, core.vdev, &pdev->dev,
				    &nosnoop_ops);
	if (IS_ERR(nosnoop))
		return PTR_ERR(nosnoop);

	nosnoop->hi_pos = pdev->pcie_cap + PCI_EXP_DEVCTL + 1;
	nosnoop->pm_pos = pdev->pm_cap ? pdev->pm_cap + PCI_PM_CTRL : 0;
	nosnoop->mirrors = nosnoop_mirrors_of(pdev);
	if (!nosnoop->mirrors)
		nosnoop->ours = VFIO_PCI_INDEX_TO_OFFSET(VFIO_PCI_CONFIG_REGION_INDEX);
	nosnoop->core.pci_ops = &nosnoop_mirror_ops;
	if (nosnoop_can_vouch(pdev, backdoor))
		vfio_device_set_enforces_coherency(&nosnoop->core.vdev);
	dev_set_drvdata(&pdev->dev, &nosnoop->core);

	ret = vfio_pci_core_register_device(&nosnoop->core);
	if (ret)
		vfio_put_device(&nosnoop->core.vdev);

	return ret;
}

static void nosnoop_remove(struct pci_dev *pdev)
{
	struct nosnoop_device *nosnoop = pdev_to_nosnoop(pdev);

	/* Disables SR-IOV, too. The PCI core keeps the device in D0 meanwhile. */
	vfio_pci_core_unregister_device(&nosnoop->core);
	nosnoop_end(nosnoop);
	vfio_put_device(&nosnoop->core.vdev);
}

static int nosnoop_sriov_configure(struct pci_dev *pdev, int nr_virtfn)
{
	if (!enable_sriov)
		return -ENOENT;

	return vfio_pci_core_sriov_configure(&pdev_to_nosnoop(pdev)->core, nr_virtfn);
}

/* Error recovery restores nothing: mastering is off until the user turns it on. */
static const struct pci_error_handlers nosnoop_err_handlers = {
	.error_detected	= vfio_pci_core_aer_err_detected,
	.reset_prepare	= nosnoop_reset,
	.reset_done	= nosnoop_reset,
};

/*
 * There is no id_table. With a wildcard, programs that choose by modules.alias would find
 * this driver beside vfio-pci. With an empty table, new_id refuses every id.
 */
static struct pci_driver nosnoop_driver = {
	.name			= "vfio-pci-nosnoop",
	.probe			= nosnoop_probe,
	.remove			= nosnoop_remove,
	.sriov_configure	= nosnoop_sriov_configure,
	.err_handler		= &nosnoop_err_handlers,
	.driver_managed_dma	= true,
};

static void __init nosnoop_add_id(const char *id)
{
	u32 v, d, sv = PCI_ANY_ID, sd = PCI_ANY_ID, class = 0, mask = 0;

	if (sscanf(id, "%x:%x:%x:%x:%x:%x", &v, &d, &sv, &sd, &class, &mask) < 2)
		pr_warn("invalid id string \"%s\"\n", id);
	else if (pci_add_dynid(&nosnoop_driver, v, d, sv, sd, class, mask, 0))
		pr_warn("failed to add id \"%s\"\n", id);
}

static int __init nosnoop_init(void)
{
	int ret = pci_register_driver(&nosnoop_driver);
	char *rest = ids, *id;

	while (!ret && (id = strsep(&rest, ",")))
		if (*id)
			nosnoop_add_id(id);

	return ret;
}
module_init(nosnoop_init);

static void __exit nosnoop_exit(void)
{
	pci_unregister_driver(&nosnoop_driver);
}
module_exit(nosnoop_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("vfio-pci variant driver that keeps Enable No Snoop clear");
