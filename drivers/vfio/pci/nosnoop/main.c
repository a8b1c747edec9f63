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
 * driver owns the one byte of config space that holds the bit and hands
 * everything before and behind it to the core.
 *
 * Resets are the second: the bit's reset value is 1, and not every reset is
 * announced. But no reset leaves bus mastering on, so it suffices to clear the
 * bit, and see it clear, before each write that may turn mastering on.
 *
 * Not covered: a function that ignores the bit or has another way to it, and
 * one that resets itself, by another thread's access to its BAR, between that
 * check and the core's write of PCI_COMMAND. The latter is found afterwards:
 * mastering is turned off again and stays off until the device is reopened.
 */

#include <linux/module.h>
#include <linux/pagemap.h>
#include <linux/pci.h>
#include <linux/pm_runtime.h>
#include <linux/uaccess.h>
#include <linux/vfio.h>
#include <linux/vfio_pci_core.h>

/* The upper byte of Device Control, the driver's own, as the user sees it. */
#define NOSNOOP_HI(bits)	((bits) >> 8)
#define NOSNOOP_HI_EN		NOSNOOP_HI(PCI_EXP_DEVCTL_NOSNOOP_EN)
#define NOSNOOP_HI_FLR		NOSNOOP_HI(PCI_EXP_DEVCTL_BCR_FLR)
#define NOSNOOP_HI_READRQ	NOSNOOP_HI(PCI_EXP_DEVCTL_READRQ)
#define NOSNOOP_HI_DIRECT	NOSNOOP_HI(PCI_EXP_DEVCTL_EXT_TAG | \
					   PCI_EXP_DEVCTL_AUX_PME)

/* Tries to write PCI_COMMAND from a buffer whose page does not stay in. */
#define NOSNOOP_FAULT_RETRIES	16

struct nosnoop_vfio_pci_device {
	struct vfio_pci_core_device core;
	/* Position of the owned byte in config space */
	u16 hi_pos;
	/*
	 * Set while the promise is given. Written with config access locked,
	 * and so stable in the reset handlers, which run with it locked.
	 */
	bool enforcing;
	/* Found mastering with the bit set: no mastering until reopened. */
	bool quarantined;
	/* The bit was set before open and is to be so again after close. */
	bool was_enabled;
};

static bool enable_sriov;
#ifdef CONFIG_PCI_IOV
module_param(enable_sriov, bool, 0644);
MODULE_PARM_DESC(enable_sriov, "Enable support for SR-IOV configuration, as in vfio-pci");
#endif

static struct nosnoop_vfio_pci_device *to_nosnoop(struct vfio_device *core_vdev)
{
	return container_of(core_vdev, struct nosnoop_vfio_pci_device,
			    core.vdev);
}

/* The core insists on its own structure as drvdata */
static struct nosnoop_vfio_pci_device *pdev_to_nosnoop(struct pci_dev *pdev)
{
	struct vfio_pci_core_device *vdev = dev_get_drvdata(&pdev->dev);

	return container_of(vdev, struct nosnoop_vfio_pci_device, core);
}

/* What a user's write of the owned byte makes of the hardware's */
static u8 nosnoop_hi_to_hw(u8 hw, u8 user)
{
	hw &= ~(NOSNOOP_HI_DIRECT | NOSNOOP_HI_EN | NOSNOOP_HI_FLR);

	return hw | (user & NOSNOOP_HI_DIRECT);
}

/* What the user reads; MRRS is virtual, in vfio-pci's copy of config space */
static u8 nosnoop_hi_to_user(u8 hw, u8 virt)
{
	hw &= ~(NOSNOOP_HI_READRQ | NOSNOOP_HI_EN | NOSNOOP_HI_FLR);

	return hw | (virt & NOSNOOP_HI_READRQ);
}

static bool nosnoop_covers(size_t pos, size_t count, size_t byte)
{
	return pos <= byte && count > byte - pos;
}

/*
 * How much of a write to config space goes in one piece: up to the dword with
 * PCI_COMMAND, that dword, up to the dword with the owned byte, up to the
 * byte, the byte, the rest. The core splits at dwords itself, so that all but
 * the dword with the owned byte reaches it in the same chunks as without us.
 */
static size_t nosnoop_segment(size_t pos, size_t count, size_t hi_pos)
{
	size_t end;

	if (pos < PCI_COMMAND)
		end = PCI_COMMAND;
	else if (pos == PCI_COMMAND)
		end = PCI_COMMAND + sizeof(u32);
	else if (pos < hi_pos - 1)
		end = hi_pos - 1;
	else if (pos <= hi_pos)
		end = pos + 1;
	else
		return count;

	return min(count, end - pos);
}

/* How much of a write at a dword's start the core copies before it acts */
static size_t nosnoop_chunk(size_t count)
{
	return count >= 4 ? 4 : count >= 2 ? 2 : 1;
}

/* 0xffff is what reads return that nobody answers: FLR always reads as 0. */
static int nosnoop_read_devctl(struct pci_dev *pdev, u16 *devctl)
{
	int pos = pdev->pcie_cap + PCI_EXP_DEVCTL;

	if (pci_read_config_word(pdev, pos, devctl) ||
	    PCI_POSSIBLE_ERROR(*devctl))
		return -EIO;

	return 0;
}

/*
 * Clear the bit and see it clear. Config access is locked, by us or by who
 * resets the device, hence the accessors that do not wait for the lock.
 */
static int nosnoop_clear_locked(struct pci_dev *pdev)
{
	int pos = pdev->pcie_cap + PCI_EXP_DEVCTL;
	u16 devctl;
	int ret;

	ret = nosnoop_read_devctl(pdev, &devctl);
	if (ret || !(devctl & PCI_EXP_DEVCTL_NOSNOOP_EN))
		return ret;

	devctl &= ~PCI_EXP_DEVCTL_NOSNOOP_EN;
	pci_write_config_word(pdev, pos, devctl);

	ret = nosnoop_read_devctl(pdev, &devctl);
	if (!ret && devctl & PCI_EXP_DEVCTL_NOSNOOP_EN)
		ret = -EIO;

	return ret;
}

static int nosnoop_clear(struct pci_dev *pdev)
{
	u16 devctl;
	int ret;

	/*
	 * Mostly there is nothing to clear, which is worth knowing before
	 * others' resets fail because of the lock. Waits for a reset's end.
	 */
	ret = pci_user_read_config_word(pdev, pdev->pcie_cap + PCI_EXP_DEVCTL,
					&devctl);
	if (ret || PCI_POSSIBLE_ERROR(devctl))
		return -EIO;
	if (!(devctl & PCI_EXP_DEVCTL_NOSNOOP_EN))
		return 0;

	pci_cfg_access_lock(pdev);
	ret = nosnoop_clear_locked(pdev);
	pci_cfg_access_unlock(pdev);

	return ret;
}

static void nosnoop_quarantine_locked(struct nosnoop_vfio_pci_device *nosnoop)
{
	struct pci_dev *pdev = nosnoop->core.pdev;
	u16 command;

	WRITE_ONCE(nosnoop->quarantined, true);
	if (!pci_read_config_word(pdev, PCI_COMMAND, &command) &&
	    !PCI_POSSIBLE_ERROR(command))
		pci_write_config_word(pdev, PCI_COMMAND,
				      command & ~PCI_COMMAND_MASTER);
	nosnoop_clear_locked(pdev);
	pci_warn(pdev, "No Snoop came back with bus mastering on, mastering refused until reopened\n");
}

/* After a write of PCI_COMMAND: did the function reset itself before it? */
static void nosnoop_check(struct nosnoop_vfio_pci_device *nosnoop)
{
	struct pci_dev *pdev = nosnoop->core.pdev;
	u16 devctl, command;

	pci_user_read_config_word(pdev, pdev->pcie_cap + PCI_EXP_DEVCTL,
				  &devctl);
	if (likely(!(devctl & PCI_EXP_DEVCTL_NOSNOOP_EN)))
		return;

	pci_cfg_access_lock(pdev);
	if (!nosnoop_read_devctl(pdev, &devctl) &&
	    devctl & PCI_EXP_DEVCTL_NOSNOOP_EN &&
	    !pci_read_config_word(pdev, PCI_COMMAND, &command) &&
	    command & PCI_COMMAND_MASTER)
		nosnoop_quarantine_locked(nosnoop);
	pci_cfg_access_unlock(pdev);
}

static int nosnoop_resume(struct nosnoop_vfio_pci_device *nosnoop)
{
	return pm_runtime_resume_and_get(&nosnoop->core.pdev->dev) ? -EIO : 0;
}

static void nosnoop_suspend(struct nosnoop_vfio_pci_device *nosnoop)
{
	pm_runtime_put(&nosnoop->core.pdev->dev);
}

static ssize_t nosnoop_read_hi(struct nosnoop_vfio_pci_device *nosnoop,
			       char __user *buf)
{
	int pos = nosnoop->hi_pos;
	int ret;
	u8 hi;

	ret = pci_user_read_config_byte(nosnoop->core.pdev, pos, &hi);
	if (ret)
		return ret;

	hi = nosnoop_hi_to_user(hi, nosnoop->core.vconfig[pos]);
	if (put_user(hi, (u8 __user *)buf))
		return -EFAULT;

	return 1;
}

/*
 * The owned byte, with the core's meaning for every other bit in it: MRRS is
 * virtual with the physical MPS as its floor in hardware, FLR a reset by the
 * PCI core, Phantom Functions not writable. Config access is locked so that
 * no reset comes between the read and the write, which would undo its restore.
 */
static ssize_t nosnoop_write_hi(struct nosnoop_vfio_pci_device *nosnoop,
				const char __user *buf)
{
	struct pci_dev *pdev = nosnoop->core.pdev;
	u8 *virt = &nosnoop->core.vconfig[nosnoop->hi_pos];
	u8 user, hw, readrq;
	int ret;

	if (get_user(user, (const u8 __user *)buf))
		return -EFAULT;

	pci_cfg_access_lock(pdev);
	ret = pci_read_config_byte(pdev, nosnoop->hi_pos, &hw);
	if (!ret && PCI_POSSIBLE_ERROR(hw))
		ret = PCIBIOS_DEVICE_NOT_FOUND;
	if (!ret)
		ret = pci_write_config_byte(pdev, nosnoop->hi_pos,
					    nosnoop_hi_to_hw(hw, user));
	if (ret) {
		pci_cfg_access_unlock(pdev);
		return -EIO;
	}

	readrq = *virt & NOSNOOP_HI_READRQ;
	*virt = (*virt & ~NOSNOOP_HI_READRQ) | (user & NOSNOOP_HI_READRQ);
	if (readrq != (user & NOSNOOP_HI_READRQ))
		pcie_set_readrq(pdev, max(128 << ((user & NOSNOOP_HI_READRQ) >> 4),
					  pcie_get_mps(pdev)));
	pci_cfg_access_unlock(pdev);

	/* The core ignores a reset that fails, too. */
	if (user & NOSNOOP_HI_FLR && pdev->devcap & PCI_EXP_DEVCAP_FLR)
		vfio_pci_core_ioctl(&nosnoop->core.vdev, VFIO_DEVICE_RESET, 0);

	return 1;
}

/*
 * The gate. The user's page must be there: the write must not wait for a page
 * fault between the check and the hardware, for the user decides how long
 * that takes and what the device does meanwhile.
 */
static ssize_t nosnoop_write_command(struct nosnoop_vfio_pci_device *nosnoop,
				     const char __user *buf, size_t count,
				     loff_t *ppos)
{
	int retries = NOSNOOP_FAULT_RETRIES;
	ssize_t ret;

	do {
		if (fault_in_readable(buf, count))
			return -EFAULT;

		if (READ_ONCE(nosnoop->quarantined))
			return -EIO;

		ret = nosnoop_clear(nosnoop->core.pdev);
		if (ret)
			return ret;

		pagefault_disable();
		ret = vfio_pci_core_write(&nosnoop->core.vdev, buf, count,
					  ppos);
		pagefault_enable();
	} while (ret == -EFAULT && retries--);

	nosnoop_check(nosnoop);

	return ret;
}

/* The first segment of @count bytes; returns its length */
static ssize_t nosnoop_write_segment(struct nosnoop_vfio_pci_device *nosnoop,
				     const char __user *buf, size_t count,
				     loff_t ppos)
{
	size_t pos = ppos & VFIO_PCI_OFFSET_MASK;
	size_t segment = nosnoop_segment(pos, count, nosnoop->hi_pos);

	if (pos == nosnoop->hi_pos)
		return nosnoop_write_hi(nosnoop, buf);
	if (pos == PCI_COMMAND)
		return nosnoop_write_command(nosnoop, buf, segment, &ppos);

	/* A chunk that we split is still written whole or not at all. */
	if (pos == nosnoop->hi_pos - 1 &&
	    fault_in_readable(buf, nosnoop_chunk(count)))
		return -EFAULT;

	return vfio_pci_core_write(&nosnoop->core.vdev, buf, segment, &ppos);
}

/* As the core: a range check before all, and *ppos moves on success only */
static ssize_t nosnoop_config_write(struct nosnoop_vfio_pci_device *nosnoop,
				    const char __user *buf, size_t count,
				    loff_t *ppos)
{
	size_t pos = *ppos & VFIO_PCI_OFFSET_MASK;
	size_t cfg_size = nosnoop->core.pdev->cfg_size;
	size_t done = 0;
	ssize_t ret;

	if (pos >= cfg_size || count > cfg_size - pos)
		return -EFAULT;

	ret = nosnoop_resume(nosnoop);
	if (ret)
		return ret;

	while (done < count) {
		ret = nosnoop_write_segment(nosnoop, buf + done, count - done,
					    *ppos + done);
		if (ret < 0)
			goto out_suspend;
		done += ret;
	}
	*ppos += done;
	ret = done;

out_suspend:
	nosnoop_suspend(nosnoop);
	return ret;
}

static ssize_t nosnoop_config_read(struct nosnoop_vfio_pci_device *nosnoop,
				   char __user *buf, size_t count,
				   loff_t *ppos)
{
	size_t pos = *ppos & VFIO_PCI_OFFSET_MASK;
	size_t cfg_size = nosnoop->core.pdev->cfg_size;
	size_t before = nosnoop->hi_pos - pos;
	size_t behind = count - before - 1;
	loff_t part = *ppos;
	ssize_t ret;

	if (pos >= cfg_size || count > cfg_size - pos)
		return -EFAULT;

	ret = nosnoop_resume(nosnoop);
	if (ret)
		return ret;

	ret = vfio_pci_core_read(&nosnoop->core.vdev, buf, before, &part);
	if (ret < 0)
		goto out_suspend;

	ret = nosnoop_read_hi(nosnoop, buf + before);
	if (ret < 0)
		goto out_suspend;

	part = *ppos + before + 1;
	ret = vfio_pci_core_read(&nosnoop->core.vdev, buf + before + 1, behind,
				 &part);
	if (ret < 0)
		goto out_suspend;

	*ppos += count;
	ret = count;

out_suspend:
	nosnoop_suspend(nosnoop);
	return ret;
}

static ssize_t nosnoop_vfio_pci_read(struct vfio_device *core_vdev,
				     char __user *buf, size_t count,
				     loff_t *ppos)
{
	struct nosnoop_vfio_pci_device *nosnoop = to_nosnoop(core_vdev);

	if (VFIO_PCI_OFFSET_TO_INDEX(*ppos) == VFIO_PCI_CONFIG_REGION_INDEX &&
	    nosnoop_covers(*ppos & VFIO_PCI_OFFSET_MASK, count,
			   nosnoop->hi_pos))
		return nosnoop_config_read(nosnoop, buf, count, ppos);

	return vfio_pci_core_read(core_vdev, buf, count, ppos);
}

static ssize_t nosnoop_vfio_pci_write(struct vfio_device *core_vdev,
				      const char __user *buf, size_t count,
				      loff_t *ppos)
{
	struct nosnoop_vfio_pci_device *nosnoop = to_nosnoop(core_vdev);
	size_t pos = *ppos & VFIO_PCI_OFFSET_MASK;

	if (VFIO_PCI_OFFSET_TO_INDEX(*ppos) == VFIO_PCI_CONFIG_REGION_INDEX &&
	    (nosnoop_covers(pos, count, nosnoop->hi_pos) ||
	     nosnoop_covers(pos, count, PCI_COMMAND)))
		return nosnoop_config_write(nosnoop, buf, count, ppos);

	return vfio_pci_core_write(core_vdev, buf, count, ppos);
}

/*
 * A reset, by whomever. What the PCI core saves before it must have the bit
 * at 0, for that is what it restores afterwards; a function in D3hot resets
 * on its way to D0, behind this and before the save, so look again when done.
 * No locks here: the resetter holds config access, and may hold memory_lock.
 */
static void nosnoop_vfio_pci_reset_prepare(struct pci_dev *pdev)
{
	struct nosnoop_vfio_pci_device *nosnoop = pdev_to_nosnoop(pdev);

	if (nosnoop->enforcing)
		nosnoop_clear_locked(pdev);
}

static void nosnoop_vfio_pci_reset_done(struct pci_dev *pdev)
{
	struct nosnoop_vfio_pci_device *nosnoop = pdev_to_nosnoop(pdev);

	if (nosnoop->enforcing && nosnoop_clear_locked(pdev))
		nosnoop_quarantine_locked(nosnoop);
}

/*
 * A bit that was 0 already may be hardwired to 0. Mastering is off, so there
 * is no harm in trying; a function that was reset may show its default anyway.
 */
static bool nosnoop_is_hardwired_locked(struct pci_dev *pdev)
{
	int pos = pdev->pcie_cap + PCI_EXP_DEVCTL;
	u16 devctl, tried;

	if (nosnoop_read_devctl(pdev, &devctl))
		return false;

	pci_write_config_word(pdev, pos, devctl | PCI_EXP_DEVCTL_NOSNOOP_EN);
	pci_read_config_word(pdev, pos, &tried);
	pci_write_config_word(pdev, pos, devctl & ~PCI_EXP_DEVCTL_NOSNOOP_EN);

	return !(tried & PCI_EXP_DEVCTL_NOSNOOP_EN);
}

/* Before the core touches the device, so that all it saves has the bit at 0 */
static int nosnoop_begin(struct nosnoop_vfio_pci_device *nosnoop)
{
	struct pci_dev *pdev = nosnoop->core.pdev;
	u16 devctl;
	int ret;

	pci_cfg_access_lock(pdev);
	ret = nosnoop_read_devctl(pdev, &devctl);
	if (!ret) {
		nosnoop->was_enabled = devctl & PCI_EXP_DEVCTL_NOSNOOP_EN;
		ret = nosnoop_clear_locked(pdev);
	}
	nosnoop->quarantined = false;
	nosnoop->enforcing = !ret;
	pci_cfg_access_unlock(pdev);

	if (ret)
		pci_warn(pdev, "Enable No Snoop cannot be cleared, refusing to open: use vfio-pci\n");

	return ret;
}

/* The bit as it was before open, unless something masters the bus */
static void nosnoop_end(struct nosnoop_vfio_pci_device *nosnoop)
{
	struct pci_dev *pdev = nosnoop->core.pdev;
	u16 devctl, command;

	pci_cfg_access_lock(pdev);
	nosnoop->enforcing = false;
	if (nosnoop->was_enabled && !nosnoop_read_devctl(pdev, &devctl) &&
	    !pci_read_config_word(pdev, PCI_COMMAND, &command) &&
	    !(command & PCI_COMMAND_MASTER))
		pci_write_config_word(pdev, pdev->pcie_cap + PCI_EXP_DEVCTL,
				      devctl | PCI_EXP_DEVCTL_NOSNOOP_EN);
	pci_cfg_access_unlock(pdev);
}

/* With mastering off and no user yet: verify once more, and tell */
static int nosnoop_verify_open(struct nosnoop_vfio_pci_device *nosnoop)
{
	struct pci_dev *pdev = nosnoop->core.pdev;
	bool hardwired = false;
	int ret;

	pci_cfg_access_lock(pdev);
	ret = nosnoop_clear_locked(pdev);
	if (!ret && !nosnoop->was_enabled)
		hardwired = nosnoop_is_hardwired_locked(pdev);
	pci_cfg_access_unlock(pdev);

	if (ret)
		pci_warn(pdev, "Enable No Snoop does not stay clear, refusing to open: use vfio-pci\n");
	else if (hardwired)
		pci_info(pdev, "never sets No Snoop (hardwired to 0)\n");
	else
		pci_info(pdev, "No Snoop disabled (was %s)\n",
			 nosnoop->was_enabled ? "enabled" : "disabled");

	return ret;
}

static int nosnoop_vfio_pci_open_device(struct vfio_device *core_vdev)
{
	struct nosnoop_vfio_pci_device *nosnoop = to_nosnoop(core_vdev);
	int ret;

	ret = nosnoop_resume(nosnoop);
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
	nosnoop_suspend(nosnoop);
	return ret;
}

static void nosnoop_vfio_pci_close_device(struct vfio_device *core_vdev)
{
	struct nosnoop_vfio_pci_device *nosnoop = to_nosnoop(core_vdev);
	int ret;

	/* Still enforcing in the core's last reset, and in D0 afterwards. */
	ret = nosnoop_resume(nosnoop);
	vfio_pci_core_close_device(core_vdev);
	nosnoop_end(nosnoop);
	if (!ret)
		nosnoop_suspend(nosnoop);
}

static int nosnoop_vfio_pci_init_dev(struct vfio_device *core_vdev)
{
	struct nosnoop_vfio_pci_device *nosnoop = to_nosnoop(core_vdev);

	/* On some GPUs the VGA ports lead to config space. */
	nosnoop->core.disable_vga = true;

	return vfio_pci_core_init_dev(core_vdev);
}

static const struct vfio_device_ops nosnoop_vfio_pci_ops = {
	.name		= "vfio-pci-nosnoop",
	.init		= nosnoop_vfio_pci_init_dev,
	.release	= vfio_pci_core_release_dev,
	.open_device	= nosnoop_vfio_pci_open_device,
	.close_device	= nosnoop_vfio_pci_close_device,
	.ioctl		= vfio_pci_core_ioctl,
	.get_region_info_caps = vfio_pci_ioctl_get_region_info,
	.device_feature	= vfio_pci_core_ioctl_feature,
	.read		= nosnoop_vfio_pci_read,
	.write		= nosnoop_vfio_pci_write,
	.mmap		= vfio_pci_core_mmap,
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
	.get_dmabuf_phys = vfio_pci_core_get_dmabuf_phys,
};

static int nosnoop_vfio_pci_probe(struct pci_dev *pdev,
				  const struct pci_device_id *id)
{
	struct nosnoop_vfio_pci_device *nosnoop;
	int ret;

	if (!pci_is_pcie(pdev)) {
		pci_warn(pdev, "no PCI Express capability, so no Enable No Snoop to hold: use vfio-pci\n");
		return -ENODEV;
	}

	/* A VF's requests are governed by the bit of its PF, not its own. */
	if (pdev->is_virtfn) {
		pci_warn(pdev, "VFs are not supported: No Snoop is governed by PF %s\n",
			 pci_name(pci_physfn(pdev)));
		return -EOPNOTSUPP;
	}

	nosnoop = vfio_alloc_device(nosnoop_vfio_pci_device, core.vdev,
				    &pdev->dev, &nosnoop_vfio_pci_ops);
	if (IS_ERR(nosnoop))
		return PTR_ERR(nosnoop);

	nosnoop->hi_pos = pdev->pcie_cap + PCI_EXP_DEVCTL + 1;
	nosnoop->core.pci_ops = &nosnoop_vfio_pci_dev_ops;
	dev_set_drvdata(&pdev->dev, &nosnoop->core);

	ret = vfio_pci_core_register_device(&nosnoop->core);
	if (ret)
		goto out_put;

	return 0;

out_put:
	vfio_put_device(&nosnoop->core.vdev);
	return ret;
}

static void nosnoop_vfio_pci_remove(struct pci_dev *pdev)
{
	struct vfio_pci_core_device *vdev = dev_get_drvdata(&pdev->dev);

	vfio_pci_core_unregister_device(vdev);
	vfio_put_device(&vdev->vdev);
}

static int nosnoop_vfio_pci_sriov_configure(struct pci_dev *pdev, int nr_virtfn)
{
	struct vfio_pci_core_device *vdev = dev_get_drvdata(&pdev->dev);

	if (!enable_sriov)
		return -ENOENT;

	return vfio_pci_core_sriov_configure(vdev, nr_virtfn);
}

static const struct pci_error_handlers nosnoop_vfio_pci_err_handlers = {
	.error_detected	= vfio_pci_core_aer_err_detected,
	.reset_prepare	= nosnoop_vfio_pci_reset_prepare,
	.reset_done	= nosnoop_vfio_pci_reset_done,
};

/*
 * The name is not KBUILD_MODNAME, which has underscores, but what users type.
 * No table: by driver_override or new_id only. A wildcard would put this
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
module_pci_driver(nosnoop_vfio_pci_driver);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("vfio-pci variant driver that keeps Enable No Snoop clear");
