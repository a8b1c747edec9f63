/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the measuring programs have in common: a VFIO user's way to a function,
 * on the group interface. An error ends the program.
 */
#ifndef BENCH_VFIO_H
#define BENCH_VFIO_H

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/vfio.h>
#include <sys/ioctl.h>

static inline void die(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

static inline int must(int ret, const char *what)
{
	if (ret < 0)
		die(what);
	return ret;
}

/* The group of the function @bdf, in a container of its own */
static inline int open_group(const char *bdf, int *container)
{
	char path[PATH_MAX], link[PATH_MAX] = "";
	int group;

	*container = must(open("/dev/vfio/vfio", O_RDWR), "/dev/vfio/vfio");
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group", bdf);
	must(readlink(path, link, sizeof(link) - 1), path);
	snprintf(path, sizeof(path), "/dev/vfio/%.32s", strrchr(link, '/') + 1);
	group = must(open(path, O_RDWR), path);
	must(ioctl(group, VFIO_GROUP_SET_CONTAINER, container), "VFIO_GROUP_SET_CONTAINER");
	must(ioctl(*container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU), "VFIO_SET_IOMMU");
	return group;
}

/* Where a region is in the device's file; 0 for one that is not there */
static inline off_t region_offset(int device, unsigned int index)
{
	struct vfio_region_info info = { .argsz = sizeof(info), .index = index };

	return ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &info) ? 0 : info.offset;
}

#endif /* BENCH_VFIO_H */
