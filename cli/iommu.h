/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef IOMMU_H
#define IOMMU_H

#include "address.h"
#include "iort.h"
#include "tristate.h"
#include "sysroot.h"

enum iommu_kind {
	IOMMU_UNSEEN,	/* a dump does not show it */
	IOMMU_NONE,
	IOMMU_VTD,
	IOMMU_AMD,
	IOMMU_SMMU3,
	IOMMU_VIRTIO,
	IOMMU_OTHER,
};

struct iommu {
	enum iommu_kind kind;
	char name[NAME_SIZE];
	enum tristate enforces;		/* whether it enforces snooping */
	bool has_ecap;			/* VT-d: ecap, on which the answer rests, is known */
	unsigned long long ecap;
	enum canwbs canwbs;		/* SMMUv3: on this the answer rests */
	bool old_kernel;		/* this kernel may not know CANWBS */
};

struct iommu iommu_of(const char *bdf, const struct address *address, int group);
struct iommu iommu_of_iort(const struct address *address);
const char *iommu_kind_name(enum iommu_kind kind);

#endif /* IOMMU_H */
