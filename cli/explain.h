/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef EXPLAIN_H
#define EXPLAIN_H

#include "commands.h"
#include "sysroot.h"

/* What status says about a function besides its own facts */
struct context {
	const struct device *device;
	enum tristate module;		/* the driver's module is installed */
	char release[NAME_SIZE];
	enum tristate kvm;			/* a driver can vouch for its device */
	bool kvm_asks;			/* whether DMA is coherent, as only on x86 */
	char arch[NAME_SIZE];
	bool is_iommu;			/* the function is an IOMMU itself */
	int hosts;			/* how many others of the group have a driver of the host */
	int strangers;			/* how many have another of VFIO's drivers */
	char next[PATH_SIZE];		/* the command to run, "" for none */
};

void explain(const struct request *request, const struct context *context);

#endif /* EXPLAIN_H */
