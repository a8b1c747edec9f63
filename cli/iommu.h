/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef IOMMU_H
#define IOMMU_H

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
};

struct iommu iommu_of(const char *bdf, int group);
const char *iommu_kind_name(enum iommu_kind kind);

#endif /* IOMMU_H */
