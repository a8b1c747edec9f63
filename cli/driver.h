/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DRIVER_H
#define DRIVER_H

#include <stdbool.h>

/* What identifies a function. For a VF, what the kernel knows, not what it reads as */
struct identity {
	unsigned int vendor;
	unsigned int device;
	unsigned int subvendor;
	unsigned int subdevice;
	unsigned int class;		/* with the programming interface */
	bool root_bus;
	bool vf;
};

/* What the driver knows about a function, whatever its parameters are */
struct driver_knows {
	bool igd;			/* Intel's integrated graphics */
	bool errata;			/* it is in vfio-pci's own denylist */
	const char *back_door;		/* the way around the driver, or NULL */
	const char *not_vouched;	/* why the driver does not vouch for it to KVM, or NULL */
};

struct driver_knows driver_knows(const struct identity *identity);

#endif /* DRIVER_H */
