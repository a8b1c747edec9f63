/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DEVICE_H
#define DEVICE_H

#include <stdbool.h>

#include "address.h"
#include "config.h"
#include "driver.h"
#include "iommu.h"
#include "know.h"
#include "verdict.h"

/* Why the driver refuses a function */
enum denial {
	NOT_DENIED,
	DENIED_IGD,
	DENIED_ERRATA,		/* unless disable_denylist is set */
	DENIED_STRICT,		/* if strict is set */
};

/* One function: its facts, and what follows from them */
struct device {
	struct address address;
	char bdf[ADDRESS_SIZE];
	char name[192];			/* vendor and device, from pci.ids */
	char class_name[96];
	bool has_ids;			/* the numbers are known */
	unsigned int vendor;		/* of a VF the PF's */
	unsigned int id;
	unsigned int class;		/* with the programming interface */
	unsigned int subvendor;
	unsigned int subdevice;

	struct config_facts seen;	/* in config space, or in a dump's text */
	bool root_bus;
	bool vf;
	char pf[ADDRESS_SIZE];		/* of a VF, "" if it is not known */
	const struct device *pf_device;	/* likewise NULL: a machine may have a VF alone */
	struct driver_knows knows;	/* of endpoints whose numbers are known */

	char driver[TREE_WORD];		/* "" if there is none */
	bool vfio;			/* the driver is one of VFIO's */
	char override[TREE_WORD];	/* likewise "" */
	char saved[TREE_WORD];		/* by driverctl, for each boot */
	int group;			/* less than 0 if there is none */
	struct iommu iommu;
	enum know open;			/* through VFIO; if bound to VFIO */

	enum denial denial;
	struct facts facts;
	enum verdict verdict;
};

void device_read_sysfs(struct device *device);
void device_judge(struct device *device, bool disable_denylist, bool strict);
const char *device_denial_words(enum denial denial);
void device_refresh(struct device *device);
bool device_is_ours(const struct device *device);
bool device_is_hosts(const struct device *device);
bool device_same_group(const struct device *a, const struct device *b);

#endif /* DEVICE_H */
