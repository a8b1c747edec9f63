// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio-pci-nosnoop: vfio-pci for functions that must not bypass CPU caches
 *
 * A PCIe function may mark its requests No Snoop while Enable No Snoop is set
 * in Device Control (PCIe 7.5.3.4). Such a request bypasses the CPU caches,
 * which a VM can only survive if its hypervisor emulates cache maintenance,
 * and which shows a hostile guest memory that was zeroed in the cache only.
 * Many IOMMUs cannot strip the attribute, so this driver keeps it from being
 * sent:
 *
 *   From open to close, whenever PCI_COMMAND_MASTER is set in hardware,
 *   PCI_EXP_DEVCTL_NOSNOOP_EN is 0 in hardware. Userspace reads the bit as
 *   hardwired to 0, which the specification permits any function. All else is
 *   as with vfio-pci.
 *
 * The user's access to config space is the first way for the bit to come
 * back. vfio_pci_core_write() copies from the user's buffer itself, so a
 * buffer that was looked at here may have changed by then. Therefore the
 * driver carries out accesses to Device Control itself and hands everything
 * before and behind it to the core.
 *
 * Resets are the second: the bit's reset value is 1, and not every reset is
 * announced. But no reset leaves bus mastering on, so it suffices to clear the
 * bit, and see it clear, before each write that may turn mastering on.
 *
 * Another thread's access to a BAR may have the function reset itself between
 * that check and the core's write of PCI_COMMAND. So the core has us check once
 * more while it keeps the user from the BARs. What it cannot keep out, delayed
 * resets say, is found afterwards: mastering is turned off again, and writes of
 * PCI_COMMAND are refused until the device is reopened.
 *
 * Some functions have their config space in a BAR, too. What is written there is
 * a write of config space for us, and nobody maps it.
 *
 * Not covered: a function that ignores the bit or has another way to it, that
 * is not known or cannot be trapped. Where that is known, it is refused.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/device.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/nospec.h>
#include <linux/pci.h>
#include <linux/pm_runtime.h>
#include <linux/vfio.h>
#include <linux/vfio_pci_core.h>

#include "denylist.h"
#include "mirror.h"
#include "nosnoop.h"
#include "policy.h"

static char ids[1024] __initdata;
module_param_string(ids, ids, sizeof(ids), 0);
MODULE_PARM_DESC(ids, "Initial PCI IDs to add to the driver, format is \"vendor:device[:subvendor[:subdevice[:class[:class_mask]]]]\" and multiple comma separated entries can be specified");

static bool nointxmask;
module_param(nointxmask, bool, 0644);
MODULE_PARM_DESC(nointxmask, "Disable support for PCI 2.3 style INTx masking, as in vfio-pci");

#ifdef CONFIG_VFIO_PCI_VGA
static bool disable_vga = true;
module_param(disable_vga, bool, 0444);
MODULE_PARM_DESC(disable_vga, "For vfio-pci's command lines: VGA resource access is always disabled");
#endif

static bool disable_idle_d3;
module_param(disable_idle_d3, bool, 0644);
MODULE_PARM_DESC(disable_idle_d3, "Disable using the PCI D3 low power state for idle, unused devices");

static bool enable_sriov;
#ifdef CONFIG_PCI_IOV
module_param(enable_sriov, bool, 0644);
MODULE_PARM_DESC(enable_sriov, "Enable support for SR-IOV configuration, as in vfio-pci");
#endif

static bool disable_denylist;
module_param(disable_denylist, bool, 0444);
MODULE_PARM_DESC(disable_denylist, "Disable use of device denylist. Binds devices whose No Snoop cannot be held off, or with the errata in vfio-pci's denylist");

static char mirrors[1024] __initdata;
module_param_string(mirrors, mirrors, sizeof(mirrors), 0);
MODULE_PARM_DESC(mirrors, "Config space in BARs that the driver does not know of, format is \"vendor:device:bar:offset:size\", all hexadecimal, and multiple comma separated entries can be specified");

static struct nosnoop_vfio_pci_device *to_nosnoop(struct vfio_device *core_vdev)
{
	return container_of(core_vdev, struct nosnoop_vfio_pci_device,
			    core.vdev);
}

/* The core insists on its own structure as drvdata */
static struct nosnoop_vfio_pci_device *pdev_to_nosnoop(struct pci_dev *pdev)
{
	return core_to_nosnoop(dev_get_drvdata(&pdev->dev));
}

static bool nosnoop_has_window(struct nosnoop_vfio_pci_device *nosnoop,
			       unsigned int index)
{
	return index < PCI_STD_NUM_BARS &&
	       nosnoop->mirrors.windows & BIT(index);
}

static bool nosnoop_has_mirrors(struct nosnoop_vfio_pci_device *nosnoop)
{
	return nosnoop->mirrors.count || nosnoop->mirrors.windows;
}

/* From the start of config space; the BARs are before it, far away */
static u64 nosnoop_distance(loff_t pos)
{
	return pos - VFIO_PCI_INDEX_TO_OFFSET(VFIO_PCI_CONFIG_REGION_INDEX);
}

static ssize_t nosnoop_vfio_pci_read(struct vfio_device *core_vdev,
				     char __user *buf, size_t count,
				     loff_t *ppos)
{
	struct nosnoop_vfio_pci_device *nosnoop = to_nosnoop(core_vdev);
	u64 pos = nosnoop_distance(*ppos);

	if (likely(pos > nosnoop->watched))
		return vfio_pci_core_read(core_vdev, buf, count, ppos);

	if (nosnoop_covers(pos, count, nosnoop->hi_pos))
		return nosnoop_config_read(nosnoop, buf, count, ppos);
	if (nosnoop_has_window(nosnoop, VFIO_PCI_OFFSET_TO_INDEX(*ppos)))
		return -EINVAL;

	return vfio_pci_core_read(core_vdev, buf, count, ppos);
}

/* A write that may be ours; each one if there are mirrors */
static noinline ssize_t
nosnoop_write_watched(struct nosnoop_vfio_pci_device *nosnoop,
		      const char __user *buf, size_t count, loff_t *ppos)
{
	unsigned int index = VFIO_PCI_OFFSET_TO_INDEX(*ppos);

	if (index == VFIO_PCI_CONFIG_REGION_INDEX && count)
		return nosnoop_config_write(nosnoop, buf, count, ppos);
	if (nosnoop_has_window(nosnoop, index))
		return -EINVAL;
	if (index < PCI_STD_NUM_BARS && nosnoop->mirrors.count)
		return nosnoop_bar_write(nosnoop, buf, count, ppos);

	return vfio_pci_core_write(&nosnoop->core.vdev, buf, count, ppos);
}

static ssize_t nosnoop_vfio_pci_write(struct vfio_device *core_vdev,
				      const char __user *buf, size_t count,
				      loff_t *ppos)
{
	struct nosnoop_vfio_pci_device *nosnoop = to_nosnoop(core_vdev);
	/* A pointer, for UBSAN not to ask for its bounds once more */
	const u8 *reach = nosnoop->reach;
	u64 pos = nosnoop_distance(*ppos);

	if (likely(pos > nosnoop->watched ||
		   (pos < PCI_CFG_SPACE_SIZE &&
		    count < reach[array_index_nospec(pos, PCI_CFG_SPACE_SIZE)])))
		return vfio_pci_core_write(core_vdev, buf, count, ppos);

	return nosnoop_write_watched(nosnoop, buf, count, ppos);
}

static int nosnoop_vfio_pci_mmap(struct vfio_device *core_vdev,
				 struct vm_area_struct *vma)
{
	return nosnoop_bar_mmap(to_nosnoop(core_vdev), vma);
}

/*
 * To set up interrupts and to size the ROM the core writes PCI_COMMAND back
 * as it was a while ago; the function may have reset itself since. Resets by
 * others wait.
 */
static long nosnoop_vfio_pci_ioctl(struct vfio_device *core_vdev,
				   unsigned int cmd, unsigned long arg)
{
	struct nosnoop_vfio_pci_device *nosnoop = to_nosnoop(core_vdev);
	bool clear, locked;
	long ret;

	/*
	 * Where it is to write is in user memory, which the core reads itself.
	 * As from a kernel without it: QEMU then uses write().
	 */
	if (cmd == VFIO_DEVICE_IOEVENTFD && nosnoop->mirrors.count)
		return -ENOTTY;
	if (cmd != VFIO_DEVICE_SET_IRQS)
		return vfio_pci_core_ioctl(core_vdev, cmd, arg);

	ret = nosnoop_lock_resets(nosnoop, &locked);
	if (ret)
		return ret;

	clear = !nosnoop_clear(nosnoop, "interrupts");
	ret = vfio_pci_core_ioctl(core_vdev, cmd, arg);
	nosnoop_check(nosnoop, clear, "interrupts");

	nosnoop_unlock_resets(nosnoop, locked);

	return ret;
}

static int nosnoop_vfio_pci_get_region_info(struct vfio_device *core_vdev,
					    struct vfio_region_info *info,
					    struct vfio_info_cap *caps)
{
	struct nosnoop_vfio_pci_device *nosnoop = to_nosnoop(core_vdev);
	bool clear, locked;
	int ret;

	if (info->index != VFIO_PCI_ROM_REGION_INDEX) {
		ret = vfio_pci_ioctl_get_region_info(core_vdev, info, caps);
		if (!ret && info->index < PCI_STD_NUM_BARS &&
		    nosnoop_has_mirrors(nosnoop))
			ret = nosnoop_bar_region_info(nosnoop, info, caps);
		return ret;
	}

	ret = nosnoop_lock_resets(nosnoop, &locked);
	if (ret)
		return ret;

	clear = !nosnoop_clear(nosnoop, "ROM");
	ret = vfio_pci_ioctl_get_region_info(core_vdev, info, caps);
	nosnoop_check(nosnoop, clear, "ROM");

	nosnoop_unlock_resets(nosnoop, locked);

	return ret;
}

/*
 * A reset, by whomever. What the PCI core saves before it should have the bit
 * at 0, for that is what it restores afterwards; a function in D3hot resets on
 * its way to D0, behind this and before the save, so look again when done. No
 * locks here: the resetter holds config access, and may hold memory_lock.
 */
static void nosnoop_vfio_pci_reset_prepare(struct pci_dev *pdev)
{
	struct nosnoop_vfio_pci_device *nosnoop = pdev_to_nosnoop(pdev);

	if (nosnoop->enforcing)
		nosnoop_clear_locked(nosnoop, "reset prepare");
}

/* One that does not answer has mastering off when it does: see the gate. */
static void nosnoop_vfio_pci_reset_done(struct pci_dev *pdev)
{
	struct nosnoop_vfio_pci_device *nosnoop = pdev_to_nosnoop(pdev);
	u16 devctl;

	if (nosnoop->enforcing && !pdev->is_virtfn &&
	    nosnoop_clear_locked(nosnoop, "reset done") &&
	    !nosnoop_get_devctl(pdev, &devctl))
		nosnoop_quarantine_locked(nosnoop, "reset");
}

/*
 * Error recovery may reset the link and restores nothing, so that the bit is
 * set and mastering off afterwards. Let no write of PCI_COMMAND pass until it
 * is over, and wait for one that has passed the check: it does not wait for a
 * page, and there is one at the most.
 */
static pci_ers_result_t
nosnoop_vfio_pci_error_detected(struct pci_dev *pdev,
				pci_channel_state_t state)
{
	struct nosnoop_vfio_pci_device *nosnoop = pdev_to_nosnoop(pdev);

	if (state == pci_channel_io_perm_failure) {
		atomic_dec_if_positive(&nosnoop->recovering);
	} else {
		atomic_inc(&nosnoop->recovering);
		mutex_lock(&nosnoop->gate);
		mutex_unlock(&nosnoop->gate);
	}

	return vfio_pci_core_aer_err_detected(pdev, state);
}

static void nosnoop_vfio_pci_resume(struct pci_dev *pdev)
{
	struct nosnoop_vfio_pci_device *nosnoop = pdev_to_nosnoop(pdev);

	pci_cfg_access_lock(pdev);
	if (nosnoop->enforcing)
		nosnoop_clear_locked(nosnoop, "recovery");
	pci_cfg_access_unlock(pdev);

	atomic_dec_if_positive(&nosnoop->recovering);
}

/*
 * A bit that is 0 may be hardwired to 0. Mastering is off, there is no user
 * yet and there are no VFs, so there is no harm in trying.
 */
static bool nosnoop_is_hardwired_locked(struct pci_dev *pdev)
{
	int pos = pdev->pcie_cap + PCI_EXP_DEVCTL;
	u16 devctl, tried;

	if (nosnoop_get(pdev, pos, &devctl))
		return false;

	nosnoop_set(pdev, pos, devctl | PCI_EXP_DEVCTL_NOSNOOP_EN);
	if (nosnoop_get(pdev, pos, &tried))
		tried = 0;
	nosnoop_set(pdev, pos, devctl & ~PCI_EXP_DEVCTL_NOSNOOP_EN);

	return !(tried & PCI_EXP_DEVCTL_NOSNOOP_EN);
}

static void nosnoop_tell_refusal(struct pci_dev *pdev, int error)
{
	struct pci_dev *pf = pci_physfn(pdev);

	if (error == -EPERM)
		pci_warn(pdev, "PF %s has Enable No Snoop set, which governs this VF: clear it with 'setpci -s %s CAP_EXP+8.w=0:800'\n",
			 pci_name(pf), pci_name(pf));
	else
		pci_warn(pdev, "Enable No Snoop cannot be cleared, refusing to open: use vfio-pci\n");
}

/* Before the core touches the device, so that all it saves has the bit at 0 */
static int nosnoop_begin(struct nosnoop_vfio_pci_device *nosnoop)
{
	struct pci_dev *pdev = nosnoop->core.pdev;
	u16 devctl;
	int ret;

	pci_cfg_access_lock(pdev);
	ret = nosnoop_get_devctl(pdev, &devctl);
	if (!ret)
		ret = nosnoop_clear_locked(nosnoop, "open");
	if (!ret && devctl & PCI_EXP_DEVCTL_NOSNOOP_EN)
		nosnoop->restore = true;
	nosnoop->quarantined = false;
	nosnoop->enforcing = !ret;
	pci_cfg_access_unlock(pdev);

	if (ret)
		nosnoop_tell_refusal(pdev, ret);

	return ret;
}

/* With mastering off and no user yet: verify once more, and tell */
static int nosnoop_verify_open(struct nosnoop_vfio_pci_device *nosnoop)
{
	struct pci_dev *pdev = nosnoop->core.pdev;
	bool hardwired = false;
	u16 devctl;
	int ret;

	pci_cfg_access_lock(pdev);
	ret = nosnoop_clear_locked(nosnoop, "open");
	if (!ret && !nosnoop->restore && !pdev->is_virtfn &&
	    !nosnoop->core.sriov_active) {
		hardwired = nosnoop_is_hardwired_locked(pdev);
		ret = nosnoop_clear_locked(nosnoop, "open");
	}
	if (!nosnoop_get(pdev, nosnoop->hi_pos - 1, &devctl))
		nosnoop->virt = NOSNOOP_HI(devctl);
	pci_cfg_access_unlock(pdev);

	if (ret)
		nosnoop_tell_refusal(pdev, ret);
	else if (pdev->is_virtfn)
		pci_info(pdev, "No Snoop is disabled in PF %s\n",
			 pci_name(pci_physfn(pdev)));
	else if (hardwired)
		pci_info(pdev, "never sets No Snoop (hardwired to 0)\n");
	else
		pci_info(pdev, "No Snoop disabled (was %s)\n",
			 nosnoop->restore ? "enabled" : "disabled");

	return ret;
}

/*
 * The bit as it was before open, unless something masters the bus: us, or VFs,
 * which this bit governs. Then when the driver is unbound. The core sets
 * sriov_active before it makes VFs, for which it has to lock config access.
 */
static void nosnoop_end(struct nosnoop_vfio_pci_device *nosnoop)
{
	struct pci_dev *pdev = nosnoop->core.pdev;
	u16 devctl, command;

	pci_cfg_access_lock(pdev);
	nosnoop->enforcing = false;
	if (nosnoop->restore && !nosnoop->core.sriov_active &&
	    !nosnoop_get_devctl(pdev, &devctl) &&
	    !nosnoop_get(pdev, PCI_COMMAND, &command) &&
	    !(command & PCI_COMMAND_MASTER)) {
		nosnoop_set(pdev, pdev->pcie_cap + PCI_EXP_DEVCTL,
			    devctl | PCI_EXP_DEVCTL_NOSNOOP_EN);
		nosnoop->restore = false;
	}
	pci_cfg_access_unlock(pdev);
}

static int nosnoop_vfio_pci_open_device(struct vfio_device *core_vdev)
{
	struct nosnoop_vfio_pci_device *nosnoop = to_nosnoop(core_vdev);
	int ret;

	ret = nosnoop_pm_get(nosnoop);
	if (ret)
		return ret;

	ret = nosnoop_begin(nosnoop);
	if (ret)
		goto out_suspend;

	ret = vfio_pci_core_enable(&nosnoop->core);
	if (ret)
		goto out_end;

	ret = nosnoop_verify_open(nosnoop);
	if (ret)
		goto out_disable;

	vfio_pci_core_finish_enable(&nosnoop->core);
	goto out_suspend;

out_disable:
	vfio_pci_core_disable(&nosnoop->core);
out_end:
	nosnoop_end(nosnoop);
out_suspend:
	nosnoop_pm_put(nosnoop);
	return ret;
}

static void nosnoop_vfio_pci_close_device(struct vfio_device *core_vdev)
{
	struct nosnoop_vfio_pci_device *nosnoop = to_nosnoop(core_vdev);

	/*
	 * Still enforcing in the core's last reset, and in D0 afterwards. The
	 * core resumes the device itself, after it has let go of who wants to
	 * be told of that.
	 */
	pm_runtime_get_noresume(&nosnoop->core.pdev->dev);
	vfio_pci_core_close_device(core_vdev);
	nosnoop_end(nosnoop);
	nosnoop_pm_put(nosnoop);
}

static int nosnoop_vfio_pci_init_dev(struct vfio_device *core_vdev)
{
	struct nosnoop_vfio_pci_device *nosnoop = to_nosnoop(core_vdev);

	mutex_init(&nosnoop->gate);

	/* Latched, as in vfio-pci. On some GPUs VGA leads to config space. */
	nosnoop->core.nointxmask = nointxmask;
	nosnoop->core.disable_idle_d3 = disable_idle_d3;
	nosnoop->core.disable_vga = true;

	return vfio_pci_core_init_dev(core_vdev);
}

static const struct vfio_device_ops nosnoop_vfio_pci_ops = {
	.name		= "vfio-pci-nosnoop",
	.init		= nosnoop_vfio_pci_init_dev,
	.release	= vfio_pci_core_release_dev,
	.open_device	= nosnoop_vfio_pci_open_device,
	.close_device	= nosnoop_vfio_pci_close_device,
	.ioctl		= nosnoop_vfio_pci_ioctl,
	.get_region_info_caps = nosnoop_vfio_pci_get_region_info,
	.device_feature	= vfio_pci_core_ioctl_feature,
	.read		= nosnoop_vfio_pci_read,
	.write		= nosnoop_vfio_pci_write,
	.mmap		= nosnoop_vfio_pci_mmap,
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

static const struct vfio_pci_device_ops nosnoop_vfio_pci_dev_ops = {
	.get_dmabuf_phys = nosnoop_bar_get_dmabuf_phys,
};

#ifdef CONFIG_VFIO_DEBUGFS
/* In the device's folder of the core, which removes it with that */
static void nosnoop_debugfs_init(struct nosnoop_vfio_pci_device *nosnoop)
{
	struct dentry *dir = debugfs_create_dir("nosnoop",
						nosnoop->core.vdev.debug_root);

	debugfs_create_atomic_t("masked", 0444, dir, &nosnoop->masked);
	debugfs_create_atomic_t("cleared", 0444, dir, &nosnoop->cleared);
	debugfs_create_atomic_t("refused", 0444, dir, &nosnoop->refused);
	debugfs_create_atomic_t("found", 0444, dir, &nosnoop->found);
}
#else
static inline void
nosnoop_debugfs_init(struct nosnoop_vfio_pci_device *nosnoop)
{
}
#endif

/*
 * May KVM take this function's DMA for coherent, for as long as it is bound? A
 * VF's bit is its PF's, which others have; what is in the denylist gets around
 * the bit; and one in the root complex may have ways of its own to memory.
 */
static bool nosnoop_can_vouch(struct pci_dev *pdev)
{
	return !pdev->is_virtfn && !nosnoop_denied(pdev) &&
	       pci_pcie_type(pdev) != PCI_EXP_TYPE_RC_END;
}

static int nosnoop_eligible(struct pci_dev *pdev)
{
	const char *reason;

	if (!pci_is_pcie(pdev)) {
		pci_warn(pdev, "no PCI Express capability, so no Enable No Snoop to hold: use vfio-pci\n");
		return -ENODEV;
	}

	reason = nosnoop_denied(pdev);
	if (!reason)
		return 0;

	if (disable_denylist) {
		pci_warn(pdev, "denylist disabled, allowing %04x:%04x: %s\n",
			 pdev->vendor, pdev->device, reason);
		return 0;
	}

	pci_warn(pdev, "%04x:%04x is in the denylist: %s\n",
		 pdev->vendor, pdev->device, reason);
	return -EINVAL;
}

static int nosnoop_vfio_pci_probe(struct pci_dev *pdev,
				  const struct pci_device_id *id)
{
	struct nosnoop_vfio_pci_device *nosnoop;
	int ret;

	ret = nosnoop_eligible(pdev);
	if (ret)
		return ret;

	nosnoop = vfio_alloc_device(nosnoop_vfio_pci_device, core.vdev,
				    &pdev->dev, &nosnoop_vfio_pci_ops);
	if (IS_ERR(nosnoop))
		return PTR_ERR(nosnoop);

	ret = nosnoop_mirrors_find(pdev, &nosnoop->mirrors);
	if (ret)
		goto out_put;

	nosnoop->hi_pos = pdev->pcie_cap + PCI_EXP_DEVCTL + 1;
	if (pdev->pm_cap)
		nosnoop->pm_pos = pdev->pm_cap + PCI_PM_CTRL;
	nosnoop->watched = nosnoop_fill_reach(nosnoop->reach, nosnoop->hi_pos,
					      nosnoop->pm_pos);
	if (nosnoop_has_mirrors(nosnoop))
		nosnoop->watched = U64_MAX;
	nosnoop->core.pci_ops = &nosnoop_vfio_pci_dev_ops;
	vfio_pci_core_set_master_gate(&nosnoop->core, nosnoop_master_gate);
	if (nosnoop_can_vouch(pdev))
		vfio_device_set_enforces_coherency(&nosnoop->core.vdev);
	dev_set_drvdata(&pdev->dev, &nosnoop->core);

	ret = vfio_pci_core_register_device(&nosnoop->core);
	if (ret)
		goto out_put;

	nosnoop_debugfs_init(nosnoop);

	return 0;

out_put:
	vfio_put_device(&nosnoop->core.vdev);
	return ret;
}

static void nosnoop_vfio_pci_remove(struct pci_dev *pdev)
{
	struct nosnoop_vfio_pci_device *nosnoop = pdev_to_nosnoop(pdev);

	WRITE_ONCE(nosnoop->removing, true);
	/* Disables SR-IOV, too. The PCI core keeps the device in D0 meanwhile. */
	vfio_pci_core_unregister_device(&nosnoop->core);
	nosnoop_end(nosnoop);
	vfio_put_device(&nosnoop->core.vdev);
}

static int nosnoop_vfio_pci_sriov_configure(struct pci_dev *pdev, int nr_virtfn)
{
	struct nosnoop_vfio_pci_device *nosnoop = pdev_to_nosnoop(pdev);

	if (!enable_sriov)
		return -ENOENT;

	return vfio_pci_core_sriov_configure(&nosnoop->core, nr_virtfn);
}

static const struct pci_error_handlers nosnoop_vfio_pci_err_handlers = {
	.error_detected	= nosnoop_vfio_pci_error_detected,
	.reset_prepare	= nosnoop_vfio_pci_reset_prepare,
	.reset_done	= nosnoop_vfio_pci_reset_done,
	.resume		= nosnoop_vfio_pci_resume,
};

/*
 * The name is not KBUILD_MODNAME, which has underscores, but what users type.
 * No table: by driver_override or dynamic ids only. A wildcard would put this
 * driver beside vfio-pci for programs that choose by modules.alias, and with
 * an empty table new_id refuses each id for its driver_data.
 */
static struct pci_driver nosnoop_vfio_pci_driver = {
	.name			= "vfio-pci-nosnoop",
	.id_table		= NULL,
	.probe			= nosnoop_vfio_pci_probe,
	.remove			= nosnoop_vfio_pci_remove,
	.sriov_configure	= nosnoop_vfio_pci_sriov_configure,
	.err_handler		= &nosnoop_vfio_pci_err_handlers,
	.driver_managed_dma	= true,
};

static void __init nosnoop_add_id(const char *id)
{
	unsigned int vendor, device, class = 0, class_mask = 0;
	unsigned int subvendor = PCI_ANY_ID, subdevice = PCI_ANY_ID;
	int ret;

	if (sscanf(id, "%x:%x:%x:%x:%x:%x", &vendor, &device, &subvendor,
		   &subdevice, &class, &class_mask) < 2) {
		pr_warn("invalid id string \"%s\"\n", id);
		return;
	}

	ret = pci_add_dynid(&nosnoop_vfio_pci_driver, vendor, device, subvendor,
			    subdevice, class, class_mask, 0);
	if (ret)
		pr_warn("failed to add id \"%s\" (%d)\n", id, ret);
	else
		pr_info("added id \"%s\"\n", id);
}

static int __init nosnoop_vfio_pci_init(void)
{
	char *rest = ids, *id;
	int ret;

	ret = nosnoop_mirrors_parse(mirrors);
	if (ret)
		return ret;

	ret = pci_register_driver(&nosnoop_vfio_pci_driver);
	if (ret)
		return ret;

	while ((id = strsep(&rest, ",")))
		if (*id)
			nosnoop_add_id(id);

	if (disable_denylist)
		pr_warn("device denylist disabled\n");

	return 0;
}
module_init(nosnoop_vfio_pci_init);

static void __exit nosnoop_vfio_pci_exit(void)
{
	pci_unregister_driver(&nosnoop_vfio_pci_driver);
}
module_exit(nosnoop_vfio_pci_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("vfio-pci variant driver that keeps Enable No Snoop clear");
