// SPDX-License-Identifier: GPL-2.0-only
/* The driver's own table of functions, asked as the driver asks it */

#include <linux/pci.h>

#include "devices.h"
#include "driver.h"

/**
 * driver_knows() - What the driver knows of a function
 * @identity: the function
 *
 * Return: that, with a back door in the driver's words.
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
		.bus = &bus,
	};

	return (struct driver_knows){
		.igd = nosnoop_is_integrated_graphics(&pdev),
		.errata = nosnoop_has_errata(&pdev),
		.back_door = nosnoop_backdoor(&pdev),
	};
}
