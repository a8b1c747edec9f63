// SPDX-License-Identifier: GPL-2.0-only
/*
 * Enable No Snoop in hardware: it is cleared at open, held at 0, and given back at close.
 * Locking config access, briefly, keeps out the user's config accesses and resets by the PCI
 * core, but not the restore on the way out of D3hot. core.memory_lock would. But a thread
 * that waits for a reset with it held delays the check after VFIO_DEVICE_SET_IRQS too long.
 */
#include <linux/list.h>
#include <linux/pci.h>
#include <linux/spinlock.h>

#include "nosnoop.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

/*
 * Protects the list of open functions, what they have to restore, and the checks for both
 * bits, so that each moment is reported only once. Nothing waits while it is held.
 */
static DEFINE_SPINLOCK(nosnoop_lock);
static LIST_HEAD(nosnoop_opened);

/* Waits for nothing. All ones mean no answer, because some bits always read as 0. */
static int nosnoop_get(struct pci_dev *pdev, int pos, u16 *value)
{
	if (pci_bus_read_config_word(pdev->bus, pdev->devfn, pos, value) ||
	    PCI_POSSIBLE_ERROR(*value))
		return -EIO;

	return 0;
}

/* The bit of a VF is reserved. The bit of its PF governs the VF. */
static int nosnoop_get_devctl(struct pci_dev *pdev, u16 *devctl)
{
	struct pci_dev *pf = pci_physfn(pdev);

	return nosnoop_get(pf, pf->pcie_cap + PCI_EXP_DEVCTL, devctl);
}

/*
 * A reset of a PF may wait until the users of its VFs have closed them. So this does not
 * wait for that reset, but fails with -EIO. It writes the upper byte alone, because the
 * PF's driver may be writing the other one.
 */
static int nosnoop_set_devctl(struct pci_dev *pdev, u16 devctl)
{
	struct pci_dev *pf = pci_physfn(pdev);

	if (pdev->is_virtfn && !pci_cfg_access_trylock(pf))
		return -EIO;
	pci_bus_write_config_byte(pf->bus, pf->devfn, pf->pcie_cap + PCI_EXP_DEVCTL + 1,
				  devctl >> 8);
	if (pdev->is_virtfn)
		pci_cfg_access_unlock(pf);

	return 0;
}

/* Without govern_pf, the user of a VF must not have the PF's bit cleared: -EPERM */
static int nosnoop_clear(struct nosnoop_device *nosnoop, u16 devctl, const char *cause)
{
	struct pci_dev *pdev = nosnoop->core.pdev;

	if (!(devctl & PCI_EXP_DEVCTL_NOSNOOP_EN))
		return 0;
	if (pdev->is_virtfn && !nosnoop->govern_pf)
		return -EPERM;
	if (nosnoop_set_devctl(pdev, devctl & ~PCI_EXP_DEVCTL_NOSNOOP_EN) ||
	    nosnoop_get_devctl(pdev, &devctl) || devctl & PCI_EXP_DEVCTL_NOSNOOP_EN)
		return -EIO;

	trace_nosnoop_cleared(pdev, cause);
	return 0;
}

/*
 * If both bits are on, turn mastering off until reopened. This does not wait for somebody
 * else's reset, which would restore the bit at 0 unnoticed. On the way out of D3hot the bit is
 * restored at 0 before mastering is. So it must be on both before and after PCI_COMMAND is read.
 */
static void nosnoop_find_one(struct nosnoop_device *nosnoop, const char *cause)
{
	struct pci_dev *pdev = nosnoop->core.pdev;
	u16 before, command, after;
	bool found;

	if (nosnoop_get_devctl(pdev, &before) || nosnoop_get(pdev, PCI_COMMAND, &command) ||
	    nosnoop_get_devctl(pdev, &after) || !(command & PCI_COMMAND_MASTER))
		return;

	found = before & after & PCI_EXP_DEVCTL_NOSNOOP_EN;
	WRITE_ONCE(nosnoop->quarantined, nosnoop->quarantined || found);
	if (nosnoop->quarantined)
		pci_bus_write_config_word(pdev->bus, pdev->devfn, PCI_COMMAND,
					  command & ~PCI_COMMAND_MASTER);
	if (!found)
		return;

	trace_nosnoop_found(pdev, cause);
	pci_warn(pdev, "Enable No Snoop was set while the function mastered the bus (%s), mastering refused until reopened\n",
		 cause);
}

/* A PF and its VFs share one bit, so all of them that are open are checked. */
static void nosnoop_find(struct pci_dev *pdev, const char *cause)
{
	struct nosnoop_device *nosnoop;

	list_for_each_entry(nosnoop, &nosnoop_opened, opened)
		if (pci_physfn(nosnoop->core.pdev) == pci_physfn(pdev))
			nosnoop_find_one(nosnoop, cause);
}

/* nosnoop_hold() for a caller that has config access locked, and keeps it locked */
int nosnoop_hold_locked(struct nosnoop_device *nosnoop, const char *cause)
{
	struct pci_dev *pdev = nosnoop->core.pdev;
	u16 devctl;
	int ret = nosnoop_get_devctl(pdev, &devctl);

	if (!ret && !(devctl & PCI_EXP_DEVCTL_NOSNOOP_EN) && !nosnoop->quarantined)
		return 0;

	spin_lock(&nosnoop_lock);
	nosnoop_find(pdev, cause);
	ret = ret ?: nosnoop_clear(nosnoop, devctl, cause);
	spin_unlock(&nosnoop_lock);

	return nosnoop->quarantined ? -EIO : ret;
}

/**
 * nosnoop_hold() - Make Enable No Snoop 0, and notice whether that came too late
 * @nosnoop: the device, which is open
 * @cause: what is under way, for the log
 *
 * If it finds the bit and mastering both on, the function may have sent requests with
 * No Snoop: mastering is turned off and stays off until the device is reopened, and the
 * kernel's log has a line about it.
 *
 * Context: to clear the bit, locks config access, and so waits for a reset that is
 * under way, but not for a reset of a VF's PF.
 * Return: 0 if the function may master the bus. -EIO if the bit cannot be cleared,
 * the function does not answer, or mastering is off until the device is reopened.
 * -EPERM for a VF whose PF has the bit set, without govern_pf.
 */
int nosnoop_hold(struct nosnoop_device *nosnoop, const char *cause)
{
	struct pci_dev *pdev = nosnoop->core.pdev;
	u16 devctl;
	int ret;

	if (likely(!nosnoop_get_devctl(pdev, &devctl) &&
		   !(devctl & PCI_EXP_DEVCTL_NOSNOOP_EN) &&
		   !READ_ONCE(nosnoop->quarantined)))
		return 0;

	spin_lock(&nosnoop_lock);
	nosnoop_find(pdev, cause);
	spin_unlock(&nosnoop_lock);

	pci_cfg_access_lock(pdev);
	ret = nosnoop_hold_locked(nosnoop, cause);
	pci_cfg_access_unlock(pdev);

	return ret;
}

/**
 * nosnoop_begin() - Clear the bit, before the core touches the device
 * @nosnoop: the device, in D0 or a VF, and about to be opened
 *
 * All that the core saves from here on has the bit at 0. Mastering may still be
 * on, from a driver that had the function before; the core turns it off.
 *
 * Return: as nosnoop_hold(); the kernel's log has a line in any case.
 */
int nosnoop_begin(struct nosnoop_device *nosnoop)
{
	struct pci_dev *pdev = nosnoop->core.pdev, *pf = pci_physfn(pdev);
	const char *was;
	u16 devctl;
	int ret;

	pci_cfg_access_lock(pdev);
	pci_bus_read_config_byte(pdev->bus, pdev->devfn, nosnoop->hi_pos, &nosnoop->hi);
	spin_lock(&nosnoop_lock);
	nosnoop->quarantined = false;
	nosnoop_find(pdev, "open");
	ret = nosnoop_get_devctl(pdev, &devctl);
	ret = ret ?: nosnoop_clear(nosnoop, devctl, "open");
	if (!ret) {
		list_add(&nosnoop->opened, &nosnoop_opened);
		if (devctl & PCI_EXP_DEVCTL_NOSNOOP_EN)
			nosnoop->restore = true;
	}
	was = nosnoop->restore ? "enabled" : "disabled";
	spin_unlock(&nosnoop_lock);
	pci_cfg_access_unlock(pdev);

	if (ret == -EPERM)
		pci_warn(pdev, "PF %s has Enable No Snoop set, which governs this VF: set the parameter govern_pf, or clear it with 'setpci -s %s CAP_EXP+8.w=0:800', which does not work under kernel lockdown\n",
			 pci_name(pf), pci_name(pf));
	else if (ret)
		pci_warn(pdev, "Enable No Snoop cannot be cleared, or the function does not answer: refusing to open\n");
	else if (pdev->is_virtfn)
		pci_info(pdev, "No Snoop is disabled in PF %s (was %s)\n", pci_name(pf), was);
	else
		pci_info(pdev, "No Snoop disabled (was %s)\n", was);

	return ret;
}

/* Set the bit again, or leave that to another open function that shares it */
static bool nosnoop_give_back(struct pci_dev *pdev)
{
	struct nosnoop_device *other;
	u16 devctl, command;

	list_for_each_entry(other, &nosnoop_opened, opened)
		if (pci_physfn(other->core.pdev) == pci_physfn(pdev)) {
			other->restore = true;
			return true;
		}

	return !nosnoop_get_devctl(pdev, &devctl) &&
	       !nosnoop_get(pdev, PCI_COMMAND, &command) && !(command & PCI_COMMAND_MASTER) &&
	       !nosnoop_set_devctl(pdev, devctl | PCI_EXP_DEVCTL_NOSNOOP_EN);
}

/**
 * nosnoop_end() - Make the bit what it was before open
 * @nosnoop: the device, in D0 and closed
 *
 * A PF that has VFs keeps the bit at 0 until the driver is unbound. The core sets
 * sriov_active before it makes VFs, for which it has to lock config access. Of a PF and its VFs
 * the last to be closed gives it back; while the PF is being reset, a later close or the unbind.
 */
void nosnoop_end(struct nosnoop_device *nosnoop)
{
	struct pci_dev *pdev = nosnoop->core.pdev;

	pci_cfg_access_lock(pdev);
	spin_lock(&nosnoop_lock);
	list_del_init(&nosnoop->opened);
	if (nosnoop->restore && !nosnoop->core.sriov_active)
		nosnoop->restore = !nosnoop_give_back(pdev);
	spin_unlock(&nosnoop_lock);
	pci_cfg_access_unlock(pdev);
}
