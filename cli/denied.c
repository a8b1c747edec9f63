// SPDX-License-Identifier: GPL-2.0-only
/* The driver's own denylist, asked as the driver asks it */

#include <linux/pci.h>

#include "denied.h"
#include "denylist.h"

/**
 * denied_reason() - Why the driver refuses a function
 * @vendor: as the kernel knows it, for a VF its PF's
 * @device: likewise
 * @class: with the programming interface
 * @root_bus: whether the function is on a root bus
 *
 * Return: the driver's words, or NULL if it does not.
 */
const char *denied_reason(unsigned int vendor, unsigned int device,
			  unsigned int class, bool root_bus)
{
	struct pci_bus bus = { .is_root = root_bus };
	struct pci_dev pdev = {
		.vendor = vendor,
		.device = device,
		.class = class,
		.bus = &bus,
	};

	return nosnoop_denied(&pdev);
}

/**
 * denied_is_igd() - Whether a function is Intel's integrated graphics
 * @vendor: as the kernel knows it
 * @class: with the programming interface
 * @root_bus: whether the function is on a root bus
 *
 * Return: true if it is.
 */
bool denied_is_igd(unsigned int vendor, unsigned int class, bool root_bus)
{
	return vendor == PCI_VENDOR_ID_INTEL && class >> 16 == 0x03 && root_bus;
}
