// SPDX-License-Identifier: GPL-2.0-only
/* Which IOMMU a function is behind, and whether it enforces snooping */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "iommu.h"

#define DEVICE_IOMMU	"/sys/bus/pci/devices/%s/iommu"
#define VTD_ECAP_SC	0x80ull	/* Snoop Control, VT-d 11.4.3 */

/* Asks the function's own VT-d unit, because units differ in what they can do. */
static void ask_vtd(struct iommu *iommu, const char *bdf)
{
	char text[NAME_SIZE], *end;

	if (sysroot_read(text, sizeof(text), DEVICE_IOMMU "/intel-iommu/ecap", bdf) ||
	    !*text)
		return;
	iommu->ecap = strtoull(text, &end, 16);
	if (*end)
		return;
	iommu->has_ecap = true;
	iommu->enforces = iommu->ecap & VTD_ECAP_SC ? KNOWN_YES : KNOWN_NO;
}

/* Linux asks IORT since 6.13. An older kernel with that backported is not recognized. */
static bool is_old_kernel(void)
{
	char text[NAME_SIZE];
	unsigned int major, minor;

	if (sysroot_read(text, sizeof(text), "/proc/sys/kernel/osrelease") ||
	    sscanf(text, "%u.%u", &major, &minor) != 2)
		return true;
	return major < 6 || (major == 6 && minor < 13);
}

static void ask_iort(struct iommu *iommu, const struct address *address)
{
	iommu->canwbs = iort_canwbs(address);
	if (iommu->canwbs == CANWBS_SET && !iommu->old_kernel)
		iommu->enforces = KNOWN_YES;
	else if (iommu->canwbs == CANWBS_CLEAR)
		iommu->enforces = KNOWN_NO;
}

/**
 * iommu_of_iort() - What a copy of the table IORT says about a function of a dump
 * @address: the function
 *
 * Return: the IOMMU, with the answer of a kernel that asks the table.
 */
struct iommu iommu_of_iort(const struct address *address)
{
	struct iommu iommu = { .kind = IOMMU_UNSEEN, .enforces = NOT_KNOWN };

	if (!iort_is_given() || !iort_has_smmu3(address))
		return iommu;
	iommu.kind = IOMMU_SMMU3;
	ask_iort(&iommu, address);
	return iommu;
}

/* A virtio-iommu cannot be told by its name, which is the name that it has on its bus. */
static bool is_virtio(const char *bdf)
{
	char driver[NAME_SIZE];

	return !sysroot_link(driver, DEVICE_IOMMU "/device/driver", bdf) &&
	       !strcmp(driver, "virtio_iommu");
}

static bool starts(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/**
 * iommu_of() - Find the IOMMU of a function
 * @bdf: the function's address
 * @address: the same address
 * @group: the number of its IOMMU group, or less than 0
 *
 * Return: what is known of it. If userspace cannot see whether it enforces snooping,
 * that is NOT_KNOWN.
 */
struct iommu iommu_of(const char *bdf, const struct address *address, int group)
{
	struct iommu iommu = { .kind = IOMMU_NONE, .enforces = KNOWN_NO };
	char name[NAME_SIZE];

	if (group < 0)
		return iommu;
	/* VFIO's own groups for devices that have no IOMMU */
	if (!sysroot_read(name, sizeof(name), "/sys/kernel/iommu_groups/%d/name", group) &&
	    !strcmp(name, "vfio-noiommu"))
		return iommu;

	iommu.kind = IOMMU_OTHER;
	iommu.enforces = NOT_KNOWN;
	if (sysroot_link(iommu.name, DEVICE_IOMMU, bdf))
		return iommu;

	if (starts(iommu.name, "dmar")) {
		iommu.kind = IOMMU_VTD;
		ask_vtd(&iommu, bdf);
	} else if (starts(iommu.name, "ivhd")) {
		iommu.kind = IOMMU_AMD;
		iommu.enforces = KNOWN_YES;
	} else if (starts(iommu.name, "smmu3.")) {
		iommu.kind = IOMMU_SMMU3;
		iommu.old_kernel = is_old_kernel();
		ask_iort(&iommu, address);
	} else if (is_virtio(bdf)) {
		iommu.kind = IOMMU_VIRTIO;
	}
	return iommu;
}

/**
 * iommu_kind_name() - What to call IOMMUs of a kind
 * @kind: the kind
 *
 * Return: a name, "" if there is none to give.
 */
const char *iommu_kind_name(enum iommu_kind kind)
{
	switch (kind) {
	case IOMMU_VTD:
		return "VT-d";
	case IOMMU_AMD:
		return "AMD";
	case IOMMU_SMMU3:
		return "SMMUv3";
	case IOMMU_VIRTIO:
		return "virtio-iommu";
	default:
		return "";
	}
}
