/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DEVICE_H
#define DEVICE_H

#include <stdbool.h>

#include "address.h"
#include "config.h"
#include "driver.h"
#include "iommu.h"
#include "kernel.h"
#include "tristate.h"
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
	bool has_ids;			/* the following numbers are known */
	unsigned int vendor;		/* a VF has that of its PF */
	unsigned int id;
	unsigned int class;		/* with the programming interface */
	unsigned int subvendor;
	unsigned int subdevice;

	struct config_facts seen;	/* in config space, or in a dump's text */
	bool root_bus;
	bool vf;
	char pf[ADDRESS_SIZE];		/* a VF's PF, or "" if it is not known */
	const struct device *pf_device;	/* or NULL: a machine may have a VF without its PF */
	struct driver_knows knows;	/* for endpoints with has_ids */

	char driver[NAME_SIZE];		/* "" if there is none */
	bool vfio;			/* the driver is one of VFIO's */
	char override[NAME_SIZE];	/* driver_override, or "" */
	char saved[NAME_SIZE];		/* the driver that driverctl gives it at each boot, or "" */
	int group;			/* less than 0 if there is none */
	struct iommu iommu;
	enum tristate open;			/* through a driver of VFIO's */

	enum denial denial;
	bool ungoverned;		/* a VF for which the driver could clear its PF's bit */
	struct facts facts;
	enum verdict verdict;
};

void device_read_sysfs(struct device *device);
void device_judge(struct device *device, const struct parameters *parameters);
const char *device_denial_words(enum denial denial);
void device_refresh(struct device *device);
bool device_is_ours(const struct device *device);
bool device_is_hosts(const struct device *device);
bool device_same_group(const struct device *a, const struct device *b);

#endif /* DEVICE_H */
