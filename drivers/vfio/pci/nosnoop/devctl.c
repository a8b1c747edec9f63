// SPDX-License-Identifier: GPL-2.0-only
/*
 * Enable No Snoop in hardware: cleared, seen clear, looked after once more, and
 * what becomes of a function that does not keep to it. And what keeps resets,
 * which set it again, away from that.
 */
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/pci.h>
#include <linux/sched/signal.h>

#include "nosnoop.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

/* Tries, 1 ms or more apart, to keep resets out: most take 0.1 to 1 s */
#define NOSNOOP_LOCK_TRIES	2000

/**
 * nosnoop_get() - Read a word of config space
 * @pdev: the function
 * @pos: where, even
 * @value: what is read
 *
 * Does not wait while config access is locked, and reaches a function that is
 * marked disconnected: the user's writes reach it, too.
 *
 * Return: 0, or -EIO where the function does not answer.
 */
int nosnoop_get(struct pci_dev *pdev, int pos, u16 *value)
{
	if (pci_bus_read_config_word(pdev->bus, pdev->devfn, pos, value) ||
	    PCI_POSSIBLE_ERROR(*value))
		return -EIO;

	return 0;
}

/**
 * nosnoop_set() - Write a word of config space
 * @pdev: the function
 * @pos: where, even
 * @value: what to write
 *
 * Waits for nothing, as nosnoop_get().
 */
void nosnoop_set(struct pci_dev *pdev, int pos, u16 value)
{
	pci_bus_write_config_word(pdev->bus, pdev->devfn, pos, value);
}

/**
 * nosnoop_get_devctl() - Read the Device Control that governs No Snoop
 * @pdev: the function; for a VF its PF's is read, as a VF's own bit is RsvdP
 * @devctl: what is read
 *
 * All ones is no answer, as FLR reads as 0. Waits for nothing.
 *
 * Return: 0, or -EIO where the function does not answer.
 */
int nosnoop_get_devctl(struct pci_dev *pdev, u16 *devctl)
{
	struct pci_dev *pf = pci_physfn(pdev);

	return nosnoop_get(pf, pf->pcie_cap + PCI_EXP_DEVCTL, devctl);
}

/* The same, after a reset that is under way. Not the PF's: it may wait for us */
static int nosnoop_wait_devctl(struct pci_dev *pdev, u16 *devctl)
{
	if (pdev->is_virtfn)
		return nosnoop_get_devctl(pdev, devctl);

	if (pci_user_read_config_word(pdev, pdev->pcie_cap + PCI_EXP_DEVCTL,
				      devctl) ||
	    PCI_POSSIBLE_ERROR(*devctl))
		return -EIO;

	return 0;
}

/**
 * nosnoop_clear_locked() - Clear Enable No Snoop and verify that
 * @nosnoop: the device
 * @cause: why, for the tracepoint
 *
 * Context: config access is locked, by us or by who resets the device.
 * Return: 0 if the bit is clear; -EIO if it is not, or the function does not
 * answer; -EPERM for a VF whose PF has it set, which is not for a VF's user to
 * clear.
 */
int nosnoop_clear_locked(struct nosnoop_vfio_pci_device *nosnoop,
			 const char *cause)
{
	struct pci_dev *pdev = nosnoop->core.pdev;
	u16 devctl;
	int ret;

	ret = nosnoop_get_devctl(pdev, &devctl);
	if (ret || !(devctl & PCI_EXP_DEVCTL_NOSNOOP_EN))
		return ret;
	if (pdev->is_virtfn)
		return -EPERM;

	nosnoop_set(pdev, pdev->pcie_cap + PCI_EXP_DEVCTL,
		    devctl & ~PCI_EXP_DEVCTL_NOSNOOP_EN);

	ret = nosnoop_get_devctl(pdev, &devctl);
	if (ret || devctl & PCI_EXP_DEVCTL_NOSNOOP_EN)
		return -EIO;

	atomic_inc(&nosnoop->cleared);
	trace_nosnoop_cleared(pdev, cause);
	return 0;
}

/**
 * nosnoop_clear() - The same, and lock config access if there is need
 * @nosnoop: the device
 * @cause: why, for the tracepoint
 *
 * Context: may sleep, until a reset that is under way is done.
 * Return: as nosnoop_clear_locked()
 */
int nosnoop_clear(struct nosnoop_vfio_pci_device *nosnoop, const char *cause)
{
	struct pci_dev *pdev = nosnoop->core.pdev;
	u16 devctl;
	int ret;

	/*
	 * Mostly there is nothing to clear, which is worth knowing before
	 * others' resets fail because of the lock. Waits for a reset's end.
	 */
	ret = nosnoop_wait_devctl(pdev, &devctl);
	if (ret || !(devctl & PCI_EXP_DEVCTL_NOSNOOP_EN))
		return ret;

	pci_cfg_access_lock(pdev);
	ret = nosnoop_clear_locked(nosnoop, cause);
	pci_cfg_access_unlock(pdev);

	return ret;
}

/**
 * nosnoop_quarantine_locked() - Turn mastering off until the device is reopened
 * @nosnoop: the device, whose bit came back
 * @cause: what was under way, for the log
 *
 * Context: config access is locked.
 */
void nosnoop_quarantine_locked(struct nosnoop_vfio_pci_device *nosnoop,
			       const char *cause)
{
	struct pci_dev *pdev = nosnoop->core.pdev;
	u16 command;

	WRITE_ONCE(nosnoop->quarantined, true);
	if (!nosnoop_get(pdev, PCI_COMMAND, &command))
		nosnoop_set(pdev, PCI_COMMAND, command & ~PCI_COMMAND_MASTER);
	nosnoop_clear_locked(nosnoop, "quarantine");

	atomic_inc(&nosnoop->found);
	trace_nosnoop_found(pdev, cause);
	pci_warn(pdev, "Enable No Snoop came back behind a check (%s), mastering refused until reopened\n",
		 cause);
}

/**
 * nosnoop_check() - Look again, after what may have turned mastering on
 * @nosnoop: the device
 * @clear: whether the bit was seen clear before
 * @cause: what it was, for the log
 *
 * If the bit was @clear and is set now, the function has reset itself
 * meanwhile: before mastering was turned on, or after it, or both, so that it
 * does not matter whether mastering is on now. It does if the bit could not be
 * read before, or error recovery resets the link. A VF's reset does not touch
 * the bit of its PF.
 *
 * Context: takes memory_lock, for not to see a function on its way from D3hot
 * to D0, which has reset and is not restored yet; then locks config access.
 */
void nosnoop_check(struct nosnoop_vfio_pci_device *nosnoop, bool clear,
		   const char *cause)
{
	struct pci_dev *pdev = nosnoop->core.pdev;
	u16 devctl, command;

	if (pdev->is_virtfn || nosnoop_wait_devctl(pdev, &devctl) ||
	    likely(!(devctl & PCI_EXP_DEVCTL_NOSNOOP_EN)))
		return;

	down_read(&nosnoop->core.memory_lock);
	pci_cfg_access_lock(pdev);
	if (!nosnoop_get_devctl(pdev, &devctl) &&
	    devctl & PCI_EXP_DEVCTL_NOSNOOP_EN &&
	    !nosnoop_get(pdev, PCI_COMMAND, &command) &&
	    (command & PCI_COMMAND_MASTER ||
	     (clear && !atomic_read(&nosnoop->recovering))))
		nosnoop_quarantine_locked(nosnoop, cause);
	pci_cfg_access_unlock(pdev);
	up_read(&nosnoop->core.memory_lock);
}

/**
 * nosnoop_lock_resets() - Keep out resets that are not the user's own
 * @nosnoop: the device
 * @locked: for nosnoop_unlock_resets()
 *
 * In a write of PCI_PM_CTRL the core saves or restores config space, register
 * by register, with nothing to keep such resets out. One amidst that has
 * PCI_COMMAND saved as before it and Device Control as after, and both are
 * restored, by the reset itself and from D3hot. Likewise for interrupts and the
 * ROM the core writes PCI_COMMAND as before the reset. Who resets has the
 * device's lock; who unbinds has it, too, and waits for the user.
 *
 * Context: the device's lock, taken before the gate and the core's locks, as in
 * error recovery.
 * Return: 0, -EINTR if the user is killed, -EAGAIN after some seconds.
 */
int nosnoop_lock_resets(struct nosnoop_vfio_pci_device *nosnoop, bool *locked)
{
	int tries = NOSNOOP_LOCK_TRIES;

	*locked = false;
	while (!device_trylock(&nosnoop->core.pdev->dev)) {
		if (READ_ONCE(nosnoop->removing))
			return 0;
		if (fatal_signal_pending(current))
			return -EINTR;
		if (!--tries)
			return -EAGAIN;
		usleep_range(1000, 2000);
	}
	*locked = true;

	return 0;
}

/**
 * nosnoop_unlock_resets() - Let them in again
 * @nosnoop: the device
 * @locked: from nosnoop_lock_resets()
 */
void nosnoop_unlock_resets(struct nosnoop_vfio_pci_device *nosnoop,
			   bool locked)
{
	if (locked)
		device_unlock(&nosnoop->core.pdev->dev);
}
