// SPDX-License-Identifier: GPL-2.0-only
/*
 * The user's accesses to config space. The core copies from a buffer that the user may
 * change after the driver has checked it, so the driver itself writes the upper byte of
 * Device Control, which has Enable No Snoop. The core writes PCI_COMMAND and PCI_PM_CTRL, which
 * may turn mastering on, and the driver checks the bit before and after. The rest is the core's.
 */
#include <linux/pagemap.h>
#include <linux/pci.h>
#include <linux/pm_runtime.h>
#include <linux/uaccess.h>

#include "nosnoop.h"
#include "policy.h"
#include "trace.h"

/*
 * The core reads, and one byte is corrected, even if the read fails after that byte. The
 * driver keeps the user's MRRS: when the core's copy of it changes, the core sets it in
 * hardware without a lock, and if a reset comes in the middle, it writes the bit back.
 */
ssize_t nosnoop_config_read(struct nosnoop_device *nosnoop, char __user *buf,
			    size_t count, loff_t *ppos)
{
	size_t pos = *ppos & VFIO_PCI_OFFSET_MASK;
	loff_t next = *ppos;
	u8 __user *hi;
	ssize_t ret;
	u8 byte;

	ret = vfio_pci_core_read(&nosnoop->core.vdev, buf, count, &next);
	if (nosnoop_covers(pos, count, nosnoop->hi_pos)) {
		hi = (u8 __user *)buf + (nosnoop->hi_pos - pos);
		if (get_user(byte, hi) ||
		    put_user(nosnoop_hi_to_user(byte, READ_ONCE(nosnoop->hi)), hi))
			ret = ret < 0 ? ret : -EFAULT;
	}
	if (ret > 0)
		*ppos = next;

	return ret;
}

/*
 * Every other bit means what it means to the core: MRRS is not set below the physical MPS,
 * and FLR is a reset by the PCI core, if the reset at open worked. A reset between the read
 * and the write would have its restore undone, so config access is locked.
 */
static ssize_t nosnoop_write_hi(struct nosnoop_device *nosnoop, const u8 __user *buf,
				size_t count)
{
	struct pci_dev *pdev = nosnoop->core.pdev;
	u8 user, old, hw;

	if (get_user(user, buf))
		return -EFAULT;

	pci_cfg_access_lock(pdev);
	old = nosnoop->hi;
	WRITE_ONCE(nosnoop->hi, user);
	pci_bus_read_config_byte(pdev->bus, pdev->devfn, nosnoop->hi_pos, &hw);
	if (hw & NOSNOOP_HI(PCI_EXP_DEVCTL_NOSNOOP_EN))
		nosnoop_hold_locked(nosnoop, "devctl");
	/* As the core does, skip the write if the function does not answer. */
	if (!PCI_POSSIBLE_ERROR(hw)) {
		pci_bus_write_config_byte(pdev->bus, pdev->devfn, nosnoop->hi_pos,
					  nosnoop_hi_to_hw(hw, user));
		if (nosnoop_readrq(user) != nosnoop_readrq(old))
			pcie_set_readrq(pdev,
					max(nosnoop_readrq(user), pcie_get_mps(pdev)));
	}
	pci_cfg_access_unlock(pdev);

	if (user & NOSNOOP_HI(PCI_EXP_DEVCTL_NOSNOOP_EN))
		trace_nosnoop_masked(pdev, "devctl");
	if (user & NOSNOOP_HI(PCI_EXP_DEVCTL_BCR_FLR) && pdev->devcap & PCI_EXP_DEVCAP_FLR)
		vfio_pci_core_ioctl(&nosnoop->core.vdev, VFIO_DEVICE_RESET, 0);

	/* Device Status follows, and the core lets nobody write any bit of it. */
	return min(count, sizeof(u32) - 1);
}

/*
 * The user's buffer may change until the core reads it, so every write of PCI_COMMAND is
 * treated as one that turns mastering on. A write of PCI_PM_CTRL has the core save or restore
 * PCI_COMMAND. It is not refused, because the function may need it to answer again.
 */
static ssize_t nosnoop_write_held(struct nosnoop_device *nosnoop,
				  const char __user *buf, size_t count, loff_t *ppos,
				  bool command)
{
	const char *cause = command ? "command" : "power";
	int held = nosnoop_hold(nosnoop, cause);
	ssize_t ret;

	if (held && command) {
		trace_nosnoop_refused(nosnoop->core.pdev, cause);
		return held;
	}

	ret = vfio_pci_core_write(&nosnoop->core.vdev, buf, count, ppos);
	held = nosnoop_hold(nosnoop, cause);

	return held && command ? held : ret;
}

/* Write the first piece of @count bytes, which is at most one of the core's chunks */
static ssize_t nosnoop_write_segment(struct nosnoop_device *nosnoop,
				     const char __user *buf, size_t count, loff_t ppos)
{
	struct device *dev = &nosnoop->core.pdev->dev;
	size_t pos = ppos & VFIO_PCI_OFFSET_MASK;
	size_t segment = nosnoop_segment(pos, count, nosnoop->hi_pos);
	bool command = nosnoop_is_command(pos);
	ssize_t ret;

	/* Write a chunk whole or not at all, unless the user unmaps it meanwhile. */
	if (pos == nosnoop->hi_pos - 1 &&
	    fault_in_readable(buf, min(count, sizeof(u32))))
		return -EFAULT;
	if (pos != nosnoop->hi_pos && !command && !nosnoop_is_pm(pos, nosnoop->pm_pos))
		return vfio_pci_core_write(&nosnoop->core.vdev, buf, segment, &ppos);

	/* In D0, which checking the bit needs, too */
	if (pm_runtime_resume_and_get(dev))
		return -EIO;
	if (pos == nosnoop->hi_pos)
		ret = nosnoop_write_hi(nosnoop, (const u8 __user *)buf, count);
	else
		ret = nosnoop_write_held(nosnoop, buf, segment, &ppos, command);
	pm_runtime_put(dev);

	return ret;
}

/*
 * A user can make the core wait for a page of their buffer, which must not delay the check
 * after PCI_COMMAND. So the core gets one of its own chunks at a time, without a lock held.
 */
ssize_t nosnoop_config_write(struct nosnoop_device *nosnoop, const char __user *buf,
			     size_t count, loff_t *ppos)
{
	size_t pos = *ppos & VFIO_PCI_OFFSET_MASK;
	size_t cfg_size = nosnoop->core.pdev->cfg_size;
	size_t done = 0;
	ssize_t ret;

	/* Most writes are within one dword that is all the core's. */
	if (likely(pos % sizeof(u32) + count <= sizeof(u32) &&
		   nosnoop_is_core(pos, nosnoop->hi_pos, nosnoop->pm_pos)))
		return vfio_pci_core_write(&nosnoop->core.vdev, buf, count, ppos);
	/* As the core does, check the whole range before any of it is written. */
	if (count > cfg_size - min(pos, cfg_size))
		return -EFAULT;

	while (done < count) {
		ret = nosnoop_write_segment(nosnoop, buf + done, count - done,
					    *ppos + done);
		if (ret < 0)
			return ret;
		done += ret;
	}
	*ppos += done;

	return done;
}
