// SPDX-License-Identifier: GPL-2.0-only
/*
 * Enable No Snoop in hardware: cleared at open, held at 0, given back at close.
 *
 * Locking config access, briefly, keeps out the user's config accesses and resets by
 * the PCI core, but not the restore on the way out of D3hot. core.memory_lock would: but
 * who waits with it for a reset keeps VFIO_DEVICE_SET_IRQS from its look, until too late.
 */
#include <linux/pci.h>

#include "nosnoop.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

/* Waits for nothing. All ones are no answer, for some bits always read as 0. */
static int nosnoop_get(struct pci_dev *pdev, int pos, u16 *value)
{
	if (pci_bus_read_config_word(pdev->bus, pdev->devfn, pos, value) ||
	    PCI_POSSIBLE_ERROR(*value))
		return -EIO;

	return 0;
}

/* The bit of a VF is reserved. That of its PF governs it. */
static int nosnoop_get_devctl(struct pci_dev *pdev, u16 *devctl)
{
	struct pci_dev *pf = pci_physfn(pdev);

	return nosnoop_get(pf, pf->pcie_cap + PCI_EXP_DEVCTL, devctl);
}

/* A PF's bit is not for a VF's user to clear: -EPERM */
static int nosnoop_clear_locked(struct pci_dev *pdev, u16 devctl, const char *cause)
{
	if (!(devctl & PCI_EXP_DEVCTL_NOSNOOP_EN))
		return 0;
	if (pdev->is_virtfn)
		return -EPERM;

	pci_bus_write_config_word(pdev->bus, pdev->devfn, pdev->pcie_cap + PCI_EXP_DEVCTL,
				  devctl & ~PCI_EXP_DEVCTL_NOSNOOP_EN);
	if (nosnoop_get_devctl(pdev, &devctl) || devctl & PCI_EXP_DEVCTL_NOSNOOP_EN)
		return -EIO;

	trace_nosnoop_cleared(pdev, cause);
	return 0;
}

/*
 * If both bits are on, turn mastering off for good. This does not wait for a reset by
 * somebody else, which would restore the bit at 0, unnoticed. On the way out of D3hot the
 * bit is restored at 0 before mastering is. So it has to be on before and after.
 */
static void nosnoop_find(struct nosnoop_device *nosnoop, const char *cause)
{
	struct pci_dev *pdev = nosnoop->core.pdev;
	u16 before, command, after;
	bool found = false;

	spin_lock(&nosnoop->find_lock);
	if (!nosnoop_get_devctl(pdev, &before) &&
	    !nosnoop_get(pdev, PCI_COMMAND, &command) &&
	    !nosnoop_get_devctl(pdev, &after) && command & PCI_COMMAND_MASTER) {
		found = before & after & PCI_EXP_DEVCTL_NOSNOOP_EN;
		WRITE_ONCE(nosnoop->quarantined, nosnoop->quarantined || found);
		if (nosnoop->quarantined)
			pci_bus_write_config_word(pdev->bus, pdev->devfn, PCI_COMMAND,
						  command & ~PCI_COMMAND_MASTER);
		if (found)
			trace_nosnoop_found(pdev, cause);
	}
	spin_unlock(&nosnoop->find_lock);

	if (found)
		pci_warn(pdev, "Enable No Snoop was set while the function mastered the bus (%s), mastering refused until reopened\n",
			 cause);
}

/* nosnoop_hold() with config access locked, which stays locked */
int nosnoop_hold_locked(struct nosnoop_device *nosnoop, const char *cause)
{
	u16 devctl;
	int ret = nosnoop_get_devctl(nosnoop->core.pdev, &devctl);

	if (!ret && !(devctl & PCI_EXP_DEVCTL_NOSNOOP_EN) && !nosnoop->quarantined)
		return 0;

	nosnoop_find(nosnoop, cause);
	ret = ret ?: nosnoop_clear_locked(nosnoop->core.pdev, devctl, cause);

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
 * Context: locks config access, where the bit is to be cleared, and waits for a
 * reset that is under way.
 * Return: 0 if the function may master the bus. -EIO if the bit cannot be cleared,
 * the function does not answer, or mastering is off until the device is reopened.
 * -EPERM for a VF whose PF has the bit set.
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

	nosnoop_find(nosnoop, cause);
	pci_cfg_access_lock(pdev);
	ret = nosnoop_hold_locked(nosnoop, cause);
	pci_cfg_access_unlock(pdev);

	return ret;
}

/**
 * nosnoop_begin() - Clear the bit, before the core touches the device
 * @nosnoop: the device, in D0 and about to be opened
 *
 * All that the core saves from here on has the bit at 0. Mastering may still be
 * on, from a driver that had the function before; the core turns it off.
 *
 * Return: as nosnoop_hold(); the kernel's log has a line in any case.
 */
int nosnoop_begin(struct nosnoop_device *nosnoop)
{
	struct pci_dev *pdev = nosnoop->core.pdev, *pf = pci_physfn(pdev);
	u16 devctl;
	int ret;

	pci_cfg_access_lock(pdev);
	ret = nosnoop_get_devctl(pdev, &devctl);
	ret = ret ?: nosnoop_clear_locked(pdev, devctl, "open");
	if (!ret && devctl & PCI_EXP_DEVCTL_NOSNOOP_EN)
		nosnoop->restore = true;
	nosnoop->quarantined = false;
	nosnoop->enforcing = !ret;
	pci_bus_read_config_byte(pdev->bus, pdev->devfn, nosnoop->hi_pos, &nosnoop->hi);
	pci_cfg_access_unlock(pdev);

	if (ret == -EPERM)
		pci_warn(pdev, "PF %s has Enable No Snoop set, which governs this VF: clear it with 'setpci -s %s CAP_EXP+8.w=0:800'\n",
			 pci_name(pf), pci_name(pf));
	else if (ret)
		pci_warn(pdev, "Enable No Snoop cannot be cleared, or the function does not answer: refusing to open\n");
	else if (pdev->is_virtfn)
		pci_info(pdev, "No Snoop is disabled in PF %s\n", pci_name(pf));
	else
		pci_info(pdev, "No Snoop disabled (was %s)\n",
			 nosnoop->restore ? "enabled" : "disabled");

	return ret;
}

/**
 * nosnoop_end() - Make the bit what it was before open
 * @nosnoop: the device, in D0 and closed
 *
 * The bit stays 0 under VFs, which it governs, and is then given back when the
 * driver is unbound. The core sets sriov_active before it makes VFs, for which it
 * has to lock config access.
 */
void nosnoop_end(struct nosnoop_device *nosnoop)
{
	struct pci_dev *pdev = nosnoop->core.pdev;
	u16 devctl, command;

	pci_cfg_access_lock(pdev);
	nosnoop->enforcing = false;
	if (nosnoop->restore && !nosnoop->core.sriov_active &&
	    !nosnoop_get_devctl(pdev, &devctl) &&
	    !nosnoop_get(pdev, PCI_COMMAND, &command) && !(command & PCI_COMMAND_MASTER)) {
		pci_bus_write_config_word(pdev->bus, pdev->devfn,
					  pdev->pcie_cap + PCI_EXP_DEVCTL,
					  devctl | PCI_EXP_DEVCTL_NOSNOOP_EN);
		nosnoop->restore = false;
	}
	pci_cfg_access_unlock(pdev);
}
