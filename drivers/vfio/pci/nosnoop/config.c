// SPDX-License-Identifier: GPL-2.0-only
/*
 * The user's access to config space. The upper byte of Device Control, which has the
 * bit, is the driver's. Writes of PCI_COMMAND and PCI_PM_CTRL, which may turn mastering
 * on, are the core's with a look at the bit before and after. All else is the core's.
 */
#include <linux/pagemap.h>
#include <linux/pci.h>
#include <linux/pm_runtime.h>
#include <linux/uaccess.h>

#include "nosnoop.h"
#include "policy.h"
#include "trace.h"

/*
 * The core's read with one byte put right, also if it fails behind that. The user's MRRS
 * is kept in the driver: if the core sees it change in its copy, it sets it in hardware
 * without a lock, and with a reset in the middle it would write the bit back.
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
 * With the core's meaning for every other bit: MRRS has the physical MPS as its floor,
 * FLR is a reset by the PCI core, but only if the one at open worked. Config access is
 * locked so that no reset comes between a read and a write, which would undo its restore.
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
	/* As the core does, pass over a function that does not answer. */
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
	if (nosnoop_is_flr(user, pdev->devcap))
		vfio_pci_core_ioctl(&nosnoop->core.vdev, VFIO_DEVICE_RESET, 0);

	/* Behind it is Device Status, of which the core lets nobody write a bit. */
	return min(count, sizeof(u32) - 1);
}

/*
 * The user's buffer may change until the core reads it, so that each write of
 * PCI_COMMAND is taken for one that turns mastering on. PCI_PM_CTRL has the core save
 * or restore PCI_COMMAND, and is not refused: the function may need it to answer.
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

/* The first piece of @count bytes, which is one chunk of the core's or less */
static ssize_t nosnoop_write_segment(struct nosnoop_device *nosnoop,
				     const char __user *buf, size_t count, loff_t ppos)
{
	struct device *dev = &nosnoop->core.pdev->dev;
	size_t pos = ppos & VFIO_PCI_OFFSET_MASK;
	size_t segment = nosnoop_segment(pos, count, nosnoop->hi_pos);
	bool command = nosnoop_is_command(pos);
	ssize_t ret;

	/* Unless the user unmaps it meanwhile, a chunk is written whole or not at all. */
	if (pos == nosnoop->hi_pos - 1 &&
	    fault_in_readable(buf, min(count, sizeof(u32))))
		return -EFAULT;
	if (pos != nosnoop->hi_pos && !command && !nosnoop_is_pm(pos, nosnoop->pm_pos))
		return vfio_pci_core_write(&nosnoop->core.vdev, buf, segment, &ppos);

	/* In D0, also for the looks at the bit */
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
 * In the core's own chunks: a user can make it wait for the page with the next one,
 * which must not delay the look after PCI_COMMAND. No lock is held meanwhile.
 */
ssize_t nosnoop_config_write(struct nosnoop_device *nosnoop, const char __user *buf,
			     size_t count, loff_t *ppos)
{
	size_t pos = *ppos & VFIO_PCI_OFFSET_MASK;
	size_t cfg_size = nosnoop->core.pdev->cfg_size;
	size_t done = 0;
	ssize_t ret;

	/* Mostly it is one dword, and not ours. */
	if (likely(pos % sizeof(u32) + count <= sizeof(u32) &&
		   nosnoop_is_core(pos, nosnoop->hi_pos, nosnoop->pm_pos)))
		return vfio_pci_core_write(&nosnoop->core.vdev, buf, count, ppos);
	/* As the core does, check all of the range before any of it is written. */
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
