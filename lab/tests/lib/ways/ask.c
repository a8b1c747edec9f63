// SPDX-License-Identifier: GPL-2.0-only
/*
 * The file "questions" asks for devices. This prints those that are not in the driver's
 * table of ways around it, and then the entries of the table that nobody asked for.
 */
#include <stdio.h>
#include "devices.c"
#include "pci_ids.h"

static char used[sizeof(nosnoop_backdoors) / sizeof(nosnoop_backdoors[0])];

static void ask(const char *driver, unsigned int vendor, unsigned int device,
		unsigned int class, unsigned int mask, unsigned int other)
{
	struct pci_bus bus = {};
	struct pci_dev pdev = {
		.vendor = vendor, .device = device, .bus = &bus,
		.class = (class & mask) | (other & ~mask),
	};
	const struct pci_device_id *id = pci_match_id(nosnoop_backdoors, &pdev);

	if (id)
		used[id - nosnoop_backdoors] = 1;
	if (!nosnoop_backdoor(&pdev))
		printf("%s %04x:%04x\n", driver, pdev.vendor, pdev.device);
}

int main(void)
{
	const struct pci_device_id *id;

#include "questions"
	for (id = nosnoop_backdoors; id->vendor; id++)
		if (!used[id - nosnoop_backdoors])
			printf("table %04x:%04x\n", id->vendor, id->device & 0xffff);
	return 0;
}
