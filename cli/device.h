/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DEVICE_H
#define DEVICE_H

#include <stdbool.h>

#include "address.h"
#include "driver.h"
#include "iommu.h"
#include "know.h"
#include "verdict.h"

/* The facts of one function */
struct device {
	struct address address;
	char bdf[ADDRESS_SIZE];
	char name[192];			/* vendor and device, from pci.ids */
	char class_name[96];
	unsigned int vendor;		/* of a VF the PF's */
	unsigned int id;
	unsigned int class;		/* with the programming interface */
	unsigned int subvendor;
	unsigned int subdevice;

	bool answers;
	bool limited;			/* the header is all that could be read */
	bool bridge;
	bool root_bus;
	bool rciep;			/* in the root complex */
	enum know pcie;			/* the capability is there */
	enum know bit;			/* Enable No Snoop of its own */
	enum know master;

	bool vf;
	char pf[ADDRESS_SIZE];		/* if vf */
	struct driver_knows knows;	/* of endpoints */

	char driver[TREE_WORD];		/* "" if there is none */
	bool vfio;			/* the driver is one of VFIO's */
	char override[TREE_WORD];	/* likewise "" */
	char saved[TREE_WORD];		/* by driverctl, for each boot */
	int group;			/* less than 0 if there is none */
	struct iommu iommu;
	enum know open;			/* through VFIO; if bound to VFIO */
};

struct machine {
	const char *dump;		/* the file, or NULL for a machine */
	bool disable_denylist;		/* the driver's parameters; of a dump their */
	bool strict;			/* defaults */
	struct device *devices;
	int count;
};

/* Why the driver refuses a function */
enum denial {
	NOT_DENIED,
	DENIED_IGD,
	DENIED_ERRATA,		/* unless disable_denylist is set */
	DENIED_STRICT,		/* if strict is set */
};

void machine_load(struct machine *machine, const char *dump);
struct device *machine_find(const struct machine *machine,
			    const struct address *address);
struct device *machine_pf(const struct machine *machine, const struct device *vf);
struct facts device_facts(const struct machine *machine, const struct device *device);
enum denial device_denial(const struct machine *machine, const struct device *device);
const char *device_denial_words(enum denial denial);
void device_refresh(struct device *device);
bool device_is_ours(const struct device *device);
bool device_is_endpoint(const struct device *device);
bool device_is_hosts(const struct device *device);

#endif /* DEVICE_H */
