/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef IOMMU_H
#define IOMMU_H

#include "address.h"
#include "iort.h"
#include "know.h"
#include "tree.h"

enum iommu_kind {
	IOMMU_UNSEEN,	/* a dump tells nothing of it */
	IOMMU_NONE,
	IOMMU_VTD,
	IOMMU_AMD,
	IOMMU_SMMU3,
	IOMMU_VIRTIO,
	IOMMU_OTHER,
};

struct iommu {
	enum iommu_kind kind;
	char name[TREE_WORD];
	enum know enforces;		/* snooping */
	bool has_ecap;			/* of VT-d: what the answer rests on */
	unsigned long long ecap;
	enum canwbs canwbs;		/* of SMMUv3, likewise */
	bool old_kernel;		/* which may not know of it */
};

struct iommu iommu_of(const char *bdf, const struct address *address, int group);
struct iommu iommu_of_iort(const struct address *address);
const char *iommu_kind_name(enum iommu_kind kind);

#endif /* IOMMU_H */
