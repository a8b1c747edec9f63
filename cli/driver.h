/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DRIVER_H
#define DRIVER_H

#include <stdbool.h>

/* What identifies a function: of a VF as the kernel knows it, not as it reads */
struct identity {
	unsigned int vendor;
	unsigned int device;
	unsigned int subvendor;
	unsigned int subdevice;
	unsigned int class;		/* with the programming interface */
	bool root_bus;
};

/* What the driver knows of a function, whatever its parameters are */
struct driver_knows {
	bool igd;			/* Intel's integrated graphics */
	bool errata;			/* in vfio-pci's own denylist */
	const char *back_door;		/* which leads around the driver, or NULL */
};

struct driver_knows driver_knows(const struct identity *identity);

#endif /* DRIVER_H */
