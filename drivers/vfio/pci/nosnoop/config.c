// SPDX-License-Identifier: GPL-2.0-only
/*
 * The user's access to config space: the byte of Device Control that is the
 * driver's own, and the gate in front of PCI_COMMAND and PCI_PM_CTRL. All else
 * is the core's.
 */
#include <linux/mutex.h>
#include <linux/pagemap.h>
#include <linux/pci.h>
#include <linux/uaccess.h>

#include "nosnoop.h"
#include "policy.h"
#include "trace.h"

/* Tries to write from a buffer whose page does not stay in */
#define NOSNOOP_FAULT_TRIES	16

static ssize_t nosnoop_read_hi(struct nosnoop_vfio_pci_device *nosnoop,
			       char __user *buf)
{
	int pos = nosnoop->hi_pos;
	int ret;
	u8 hi;

	ret = pci_user_read_config_byte(nosnoop->core.pdev, pos, &hi);
	if (ret)
		return ret;

	hi = nosnoop_hi_to_user(hi, READ_ONCE(nosnoop->virt));
	if (put_user(hi, (u8 __user *)buf))
		return -EFAULT;

	return 1;
}

/*
 * The owned byte, with the core's meaning for every other bit in it: MRRS has
 * the physical MPS as its floor in hardware, FLR is a reset by the PCI core.
 * Config access is locked so that no reset comes between a read and a write,
 * which would undo its restore. The core sets MRRS without, whenever it sees
 * MRRS change in its copy of config space; so keep ours elsewhere.
 */
static ssize_t nosnoop_write_hi(struct nosnoop_vfio_pci_device *nosnoop,
				const char __user *buf)
{
	struct pci_dev *pdev = nosnoop->core.pdev;
	u8 user, hw, old;

	if (get_user(user, (const u8 __user *)buf))
		return -EFAULT;

	pci_cfg_access_lock(pdev);
	old = nosnoop->virt;
	WRITE_ONCE(nosnoop->virt, user);
	/* As the core, pass over a function that does not answer. */
	if (!pci_read_config_byte(pdev, nosnoop->hi_pos, &hw) &&
	    !PCI_POSSIBLE_ERROR(hw)) {
		pci_write_config_byte(pdev, nosnoop->hi_pos,
				      nosnoop_hi_to_hw(hw, user));
		if (nosnoop_readrq(user) != nosnoop_readrq(old))
			pcie_set_readrq(pdev, max(nosnoop_readrq(user),
						  pcie_get_mps(pdev)));
	}
	pci_cfg_access_unlock(pdev);

	if (user & NOSNOOP_HI_EN) {
		atomic_inc(&nosnoop->masked);
		trace_nosnoop_masked(pdev, "devctl");
	}

	/* The core ignores a reset that fails, too. */
	if (user & NOSNOOP_HI_FLR && pdev->devcap & PCI_EXP_DEVCAP_FLR)
		vfio_pci_core_ioctl(&nosnoop->core.vdev, VFIO_DEVICE_RESET, 0);

	return 1;
}

static ssize_t nosnoop_refuse(struct nosnoop_vfio_pci_device *nosnoop,
			      const char *cause, ssize_t error)
{
	atomic_inc(&nosnoop->refused);
	trace_nosnoop_refused(nosnoop->core.pdev, cause);
	return error;
}

/**
 * nosnoop_master_gate() - Clear the bit when the core is about to turn
 * mastering on
 * @core: the device
 *
 * Context: in the core's write of PCI_COMMAND, with memory_lock held and the
 * user kept from the BARs until it is done: nothing but a delayed reset comes
 * between.
 * Return: as nosnoop_clear()
 */
int nosnoop_master_gate(struct vfio_pci_core_device *core)
{
	struct nosnoop_vfio_pci_device *nosnoop = core_to_nosnoop(core);

	nosnoop->asked = true;
	return nosnoop_clear(nosnoop, "command");
}

/*
 * The gate: clear, verify, write, look again, one writer at a time. What the
 * write does is decided by the user's buffer when the core reads it, so each
 * write of PCI_COMMAND is taken for one that turns mastering on, also that of
 * its upper byte: the core then writes all of it to mask INTx. A write of
 * PCI_PM_CTRL saves and restores both registers in the core, and is not
 * refused for what it does with mastering.
 */
static ssize_t nosnoop_write_gated(struct nosnoop_vfio_pci_device *nosnoop,
				   const char __user *buf, size_t count,
				   loff_t *ppos, bool command)
{
	const char *cause = command ? "command" : "power";
	ssize_t ret;
	int clear;

	if (command && READ_ONCE(nosnoop->quarantined))
		return nosnoop_refuse(nosnoop, "quarantined", -EIO);
	if (atomic_read(&nosnoop->recovering))
		return nosnoop_refuse(nosnoop, "recovering", -EIO);

	clear = nosnoop_clear(nosnoop, cause);
	if (command && clear)
		return nosnoop_refuse(nosnoop, "not clear", clear);

	nosnoop->asked = false;
	pagefault_disable();
	ret = vfio_pci_core_write(&nosnoop->core.vdev, buf, count, ppos);
	pagefault_enable();

	/* A bit that is set behind the core's gate is so with mastering off. */
	nosnoop_check(nosnoop, !clear && !nosnoop->asked, cause);

	return ret;
}

/*
 * The page of the buffer is there or the write fails: it must not wait for a
 * page fault between the check and the hardware, for the user decides how long
 * that takes and what the device does meanwhile. Nor may it with the gate
 * held, which error recovery waits for.
 */
static ssize_t nosnoop_write_faulted(struct nosnoop_vfio_pci_device *nosnoop,
				     const char __user *buf, size_t count,
				     loff_t ppos, bool command)
{
	int tries = NOSNOOP_FAULT_TRIES;
	bool locked = false;
	ssize_t ret;

	do {
		if (fault_in_readable(buf, count))
			return -EFAULT;

		ret = command ? 0 : nosnoop_lock_resets(nosnoop, &locked);
		if (ret)
			return ret;

		mutex_lock(&nosnoop->gate);
		ret = nosnoop_write_gated(nosnoop, buf, count, &ppos, command);
		mutex_unlock(&nosnoop->gate);

		nosnoop_unlock_resets(nosnoop, locked);
	} while (ret == -EFAULT && --tries);

	return ret;
}

/* The first segment of @count bytes; returns its length */
static ssize_t nosnoop_write_segment(struct nosnoop_vfio_pci_device *nosnoop,
				     const char __user *buf, size_t count,
				     loff_t ppos)
{
	size_t pos = ppos & VFIO_PCI_OFFSET_MASK;
	size_t segment = nosnoop_segment(pos, count, nosnoop->hi_pos,
					 nosnoop->pm_pos);

	if (pos == nosnoop->hi_pos)
		return nosnoop_write_hi(nosnoop, buf);
	if (pos == PCI_COMMAND || pos == PCI_COMMAND + 1)
		return nosnoop_write_faulted(nosnoop, buf, segment, ppos, true);
	if (nosnoop->pm_pos &&
	    pos / sizeof(u32) == nosnoop->pm_pos / sizeof(u32))
		return nosnoop_write_faulted(nosnoop, buf, segment, ppos,
					     false);

	/* A chunk that we split is still written whole or not at all. */
	if (pos == nosnoop->hi_pos - 1 &&
	    fault_in_readable(buf, nosnoop_chunk(count)))
		return -EFAULT;

	return vfio_pci_core_write(&nosnoop->core.vdev, buf, segment, &ppos);
}

/* As the core: a range check before all, and the function in D0 till the end */
static int nosnoop_config_begin(struct nosnoop_vfio_pci_device *nosnoop,
				size_t pos, size_t count)
{
	size_t cfg_size = nosnoop->core.pdev->cfg_size;

	if (pos >= cfg_size || count > cfg_size - pos)
		return -EFAULT;

	return nosnoop_pm_get(nosnoop);
}

/**
 * nosnoop_config_write() - A user's write of config space
 * @nosnoop: the device
 * @buf: the user's buffer
 * @count: bytes, at least 1
 * @ppos: where, with VFIO_PCI_CONFIG_REGION_INDEX; moves on success only
 *
 * Context: takes the gate and all that nosnoop_lock_resets() does.
 * Return: @count or a negative errno: that of vfio_pci_core_write(), or -EIO
 * and -EPERM where mastering is refused.
 */
ssize_t nosnoop_config_write(struct nosnoop_vfio_pci_device *nosnoop,
			     const char __user *buf, size_t count,
			     loff_t *ppos)
{
	size_t pos = *ppos & VFIO_PCI_OFFSET_MASK;
	size_t done = 0;
	ssize_t ret;

	ret = nosnoop_config_begin(nosnoop, pos, count);
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
	nosnoop_pm_put(nosnoop);
	return ret;
}

/**
 * nosnoop_config_read() - A user's read of config space with the owned byte
 * @nosnoop: the device
 * @buf: the user's buffer
 * @count: bytes, of which the owned byte is one
 * @ppos: where, with VFIO_PCI_CONFIG_REGION_INDEX; moves on success only
 *
 * Context: may sleep, until a reset that is under way is done.
 * Return: @count or a negative errno, that of vfio_pci_core_read().
 */
ssize_t nosnoop_config_read(struct nosnoop_vfio_pci_device *nosnoop,
			    char __user *buf, size_t count,
			    loff_t *ppos)
{
	size_t pos = *ppos & VFIO_PCI_OFFSET_MASK;
	size_t before = nosnoop->hi_pos - pos;
	size_t behind = count - before - 1;
	loff_t part = *ppos;
	ssize_t ret;

	ret = nosnoop_config_begin(nosnoop, pos, count);
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
	nosnoop_pm_put(nosnoop);
	return ret;
}
