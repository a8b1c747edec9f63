// SPDX-License-Identifier: GPL-2.0-only
/*
 * The user's access to config space: Device Control, which is the driver's own
 * but for its lower byte alone, and the gate in front of PCI_COMMAND and
 * PCI_PM_CTRL. All else is the core's.
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

/*
 * Device Control, or its upper byte if @count is 1. What the core keeps of the
 * lower byte is MPS as the user wrote it; for the upper see below.
 */
static ssize_t nosnoop_read_devctl(struct nosnoop_vfio_pci_device *nosnoop,
				   char __user *buf, size_t count)
{
	int pos = nosnoop->hi_pos - 1;
	u16 hw, virt, user;
	int ret;

	ret = pci_user_read_config_word(nosnoop->core.pdev, pos, &hw);
	if (ret)
		return ret;

	virt = READ_ONCE(nosnoop->core.vconfig[pos]) |
	       READ_ONCE(nosnoop->virt) << 8;
	user = nosnoop_devctl_to_user(hw, virt);

	if (count == 1)
		ret = put_user(NOSNOOP_HI(user), (u8 __user *)buf);
	else
		ret = put_user(cpu_to_le16(user), (__le16 __user *)buf);

	return ret ? -EFAULT : count;
}

static int nosnoop_get_user(const char __user *buf, size_t count, u16 *user)
{
	__le16 word;
	u8 hi;

	if (count == 1) {
		if (get_user(hi, (const u8 __user *)buf))
			return -EFAULT;
		*user = hi << 8;
		return 0;
	}

	if (get_user(word, (const __le16 __user *)buf))
		return -EFAULT;
	*user = le16_to_cpu(word);

	return 0;
}

/*
 * Device Control, or its upper byte if @count is 1, with the core's meaning for
 * every other bit in it: MPS is virtual, MRRS has the physical MPS as its floor
 * in hardware, FLR is a reset by the PCI core. Config access is locked so that
 * no reset comes between a read and a write, which would undo its restore. The
 * core sets MRRS without, whenever it sees MRRS change in its copy of config
 * space; so keep ours elsewhere.
 */
static ssize_t nosnoop_write_devctl(struct nosnoop_vfio_pci_device *nosnoop,
				    const char __user *buf, size_t count)
{
	struct pci_dev *pdev = nosnoop->core.pdev;
	int pos = nosnoop->hi_pos - 1;
	u16 user, hw;
	u8 hi, old, *lo;

	if (nosnoop_get_user(buf, count, &user))
		return -EFAULT;

	hi = NOSNOOP_HI(user);
	pci_cfg_access_lock(pdev);
	old = nosnoop->virt;
	WRITE_ONCE(nosnoop->virt, hi);
	if (count > 1) {
		lo = &nosnoop->core.vconfig[pos];
		WRITE_ONCE(*lo, nosnoop_lo_to_virt(*lo, user));
	}
	/* As the core, pass over a function that does not answer. */
	if (!nosnoop_get(pdev, pos, &hw)) {
		nosnoop_set(pdev, pos,
			    nosnoop_devctl_to_hw(hw, user,
						 nosnoop_written(count)));
		if (nosnoop_readrq(hi) != nosnoop_readrq(old))
			pcie_set_readrq(pdev, max(nosnoop_readrq(hi),
						  pcie_get_mps(pdev)));
	}
	pci_cfg_access_unlock(pdev);

	if (user & PCI_EXP_DEVCTL_NOSNOOP_EN) {
		atomic_inc(&nosnoop->masked);
		trace_nosnoop_masked(pdev, "devctl");
	}

	/* The core ignores a reset that fails, too. */
	if (nosnoop_resets(user, pdev->devcap))
		vfio_pci_core_ioctl(&nosnoop->core.vdev, VFIO_DEVICE_RESET, 0);

	return count;
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

	if (nosnoop_covers(pos, segment, nosnoop->hi_pos)) {
		/* A chunk that we split is still written whole or not at all. */
		if (pos < nosnoop->hi_pos && nosnoop_splits(count) &&
		    fault_in_readable(buf, sizeof(u32)))
			return -EFAULT;
		return nosnoop_write_devctl(nosnoop, buf, segment);
	}
	if (pos == PCI_COMMAND || pos == PCI_COMMAND + 1)
		return nosnoop_write_faulted(nosnoop, buf, segment, ppos, true);
	if (nosnoop->pm_pos &&
	    pos / sizeof(u32) == nosnoop->pm_pos / sizeof(u32))
		return nosnoop_write_faulted(nosnoop, buf, segment, ppos,
					     false);

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
 * nosnoop_config_read() - A user's read of config space with the bit in it
 * @nosnoop: the device
 * @buf: the user's buffer
 * @count: bytes, of which the one with the bit is one
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
	size_t devctl = max_t(size_t, pos, nosnoop->hi_pos - 1);
	size_t before = devctl - pos;
	size_t behind = pos + count - (nosnoop->hi_pos + 1);
	loff_t part = *ppos;
	ssize_t ret;

	ret = nosnoop_config_begin(nosnoop, pos, count);
	if (ret)
		return ret;

	ret = vfio_pci_core_read(&nosnoop->core.vdev, buf, before, &part);
	if (ret < 0)
		goto out_suspend;

	ret = nosnoop_read_devctl(nosnoop, buf + before,
				  count - before - behind);
	if (ret < 0)
		goto out_suspend;

	part = *ppos + count - behind;
	ret = vfio_pci_core_read(&nosnoop->core.vdev, buf + count - behind,
				 behind, &part);
	if (ret < 0)
		goto out_suspend;

	*ppos += count;
	ret = count;

out_suspend:
	nosnoop_pm_put(nosnoop);
	return ret;
}
