// SPDX-License-Identifier: GPL-2.0-only
/* One function: what sysfs says about it, and what follows from all its facts */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "kernel.h"
#include "vfio_users.h"

#define DEVICE	"/sys/bus/pci/devices/%s"

/* Reads what changes when drivers come and go. */
static void read_binding(struct device *device)
{
	char text[NAME_SIZE];

	sysroot_link(device->driver, DEVICE "/driver", device->bdf);
	device->vfio = sysroot_has(DEVICE "/vfio-dev", device->bdf) ||
		       !strcmp(device->driver, "vfio-pci") ||
		       !strcmp(device->driver, DRIVER_NAME);
	sysroot_read(text, sizeof(text), DEVICE "/driver_override", device->bdf);
	snprintf(device->override, sizeof(device->override), "%s",
		 strcmp(text, "(null)") ? text : "");
	sysroot_read(device->saved, sizeof(device->saved), "/etc/driverctl.d/pci-%s",
		     device->bdf);
	device->open = KNOWN_NO;
	if (device->vfio)
		device->open = vfio_users_open(device->bdf, device->group);
}

/* Where only the header can be read, sysfs still tells whether it is PCI Express. */
static void read_unseen(struct device *device)
{
	if (!device->seen.limited)
		return;
	device->seen.pcie = sysroot_has(DEVICE "/max_link_speed", device->bdf) ?
			    KNOWN_YES : KNOWN_NO;
	device->seen.limited = device->seen.pcie == KNOWN_YES;
}

/**
 * device_read_sysfs() - Read what is not in config space
 * @device: the function, with its address
 */
void device_read_sysfs(struct device *device)
{
	char text[NAME_SIZE], path[PATH_SIZE], *folder;

	device->group = -1;
	if (!sysroot_link(text, DEVICE "/iommu_group", device->bdf))
		device->group = atoi(text);
	device->iommu = iommu_of(device->bdf, &device->address, device->group);

	if (!sysroot_link(text, DEVICE "/physfn", device->bdf)) {
		device->vf = true;
		snprintf(device->pf, sizeof(device->pf), "%.*s",
			 (int)sizeof(device->pf) - 1, text);
	}

	/* A function on a root bus is in a folder pciDOMAIN:BUS. */
	if (!sysroot_real(path, DEVICE, device->bdf)) {
		*strrchr(path, '/') = '\0';
		folder = strrchr(path, '/');
		device->root_bus = folder && !strncmp(folder, "/pci", 4);
	}
	read_unseen(device);
	read_binding(device);
}

/* Why the driver refuses the function, with its present parameters */
static enum denial denial_of(const struct device *device,
			     const struct parameters *parameters)
{
	if (device->knows.igd)
		return DENIED_IGD;
	if (device->knows.errata && !parameters->disable_denylist)
		return DENIED_ERRATA;
	if (device->knows.back_door && parameters->strict)
		return DENIED_STRICT;
	return NOT_DENIED;
}

/**
 * device_judge() - Draw the conclusions
 * @device: the function, with all facts about it and its PF
 * @parameters: the driver's
 */
void device_judge(struct device *device, const struct parameters *parameters)
{
	const struct device *pf = device->pf_device;

	if (device->seen.bridge)
		device->seen.limited = false;
	device->denial = denial_of(device, parameters);
	device->facts = (struct facts){
		.answers = device->seen.answers,
		.bridge = device->seen.bridge,
		.igd = device->knows.igd,
		.denied = device->denial != NOT_DENIED,
		.back_door = device->knows.back_door,
		.vf = device->vf,
		.isolated = device->iommu.kind != IOMMU_NONE,
		.bound = device_is_ours(device),
		.open = device->open,
		.enforces = device->iommu.enforces,
		.pcie = device->seen.pcie,
		.bit = device->seen.bit,
		.master = device->seen.master,
		.govern_pf = NOT_KNOWN,
	};
	/* A VF's own bit is reserved, and reads 0. */
	if (device->vf)
		device->facts.bit = pf ? pf->seen.bit : NOT_KNOWN;
	/* Without its PF, a VF is an ordinary function to the driver. */
	if (device->vf && *device->pf) {
		device->facts.govern_pf = parameters->govern_pf;
		device->ungoverned = parameters->govern_pf != KNOWN_YES &&
				     !parameters->lacks_govern_pf;
	}
	device->verdict = verdict_of(&device->facts);
}

/**
 * device_denial_words() - A reason in words
 * @denial: the reason
 *
 * Return: the words, to end a sentence with, or NULL if there is none.
 */
const char *device_denial_words(enum denial denial)
{
	static const char * const words[] = {
		[DENIED_IGD] = "Intel integrated graphics is not governed by Enable No Snoop",
		[DENIED_ERRATA] = "known errata, as in vfio-pci",
		[DENIED_STRICT] = "strict is set, and a guest can get around the driver",
	};

	return words[denial];
}

/**
 * device_refresh() - Look again which driver a function has
 * @device: the function
 */
void device_refresh(struct device *device)
{
	read_binding(device);
}

/**
 * device_is_ours() - Whether a function is bound to vfio-pci-nosnoop
 * @device: the function
 *
 * Return: true if it is.
 */
bool device_is_ours(const struct device *device)
{
	return !strcmp(device->driver, DRIVER_NAME);
}

/**
 * device_is_hosts() - Whether a function is bound to a driver of the host
 * @device: the function
 *
 * Return: true if VFIO would not give its group to a user for that reason.
 */
bool device_is_hosts(const struct device *device)
{
	return !device->seen.bridge && *device->driver && !device->vfio &&
	       strcmp(device->driver, "pci-stub");
}

/**
 * device_same_group() - Whether two functions are given to a user together
 * @a: a function
 * @b: another
 *
 * Return: true if they are in one IOMMU group.
 */
bool device_same_group(const struct device *a, const struct device *b)
{
	return a->group >= 0 && a->group == b->group;
}
