// SPDX-License-Identifier: GPL-2.0-only
/* The driver's own table of functions, asked as the driver asks it */

#include <linux/pci.h>
#include <pci/header.h>

#include "devices.h"
#include "driver.h"

/* Has to follow the driver's nosnoop_can_vouch(). A test compares the two. */
static const char *why_not_vouched(struct pci_dev *pdev)
{
	if (pdev->is_virtfn)
		return "a VF, whose bit is its PF's";
	if (nosnoop_has_errata(pdev))
		return "a function with known errata";
	if (nosnoop_backdoor(pdev))
		return "a function with a known way around it";
	if (pdev->class >> 16 == PCI_BASE_CLASS_BRIDGE)
		return "a function of a bridge's class, which may forward the requests of others";
	if (nosnoop_mirrors_of(pdev))
		return "a function whose registers mirror config space";
	if (pci_is_root_bus(pdev->bus))
		return "a function on a root bus, which may reach memory in other ways";
	return NULL;
}

/**
 * driver_knows() - What the driver knows about a function
 * @identity: the function
 *
 * Return: what it knows, with a back door in the driver's words.
 */
struct driver_knows driver_knows(const struct identity *identity)
{
	struct pci_bus bus = { .is_root = identity->root_bus };
	struct pci_dev pdev = {
		.vendor = identity->vendor,
		.device = identity->device,
		.subsystem_vendor = identity->subvendor,
		.subsystem_device = identity->subdevice,
		.class = identity->class,
		.is_virtfn = identity->vf,
		.bus = &bus,
	};

	return (struct driver_knows){
		.igd = nosnoop_is_integrated_graphics(&pdev),
		.errata = nosnoop_has_errata(&pdev),
		.back_door = nosnoop_backdoor(&pdev),
		.not_vouched = why_not_vouched(&pdev),
	};
}
