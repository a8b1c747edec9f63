/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the programs that use a device have in common: one device, opened as any VFIO user
 * opens it (group interface, type1v2, no memory mapped for it), config space through VFIO,
 * a mapped BAR0, and config space as root sees it. Has to be included first. Functions
 * return 0 or a negative errno unless they say otherwise.
 */
#ifndef LAB_VFIO_H
#define LAB_VFIO_H

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "../model/registers.h"
#include "../model/types.h"

#define DEVCTL		(MODEL_CAP_EXP + PCI_EXP_DEVCTL)
#define PMCSR		(MODEL_CAP_PM + PCI_PM_CTRL)
#define BAR0_SIZE	0x10000UL

struct device {
	const char *bdf;
	int container;
	int group;
	int fd;
	u64 config;		/* offsets in fd */
	u64 bar0_offset;
	volatile u32 *bar0;	/* mapped, or NULL */
};

#define DEVICE_CLOSED	{ .container = -1, .group = -1, .fd = -1 }

static inline int result_of(ssize_t ret)
{
	return ret < 0 ? -errno : 0;
}

/* The same, for a call that must take all bytes */
static inline int result_of_all(ssize_t ret, size_t size)
{
	return ret >= 0 && (size_t)ret != size ? -EMSGSIZE : result_of(ret);
}

static inline const char *name_of(int error)
{
	return error ? strerrorname_np(-error) : "ok";
}

static inline void answer(int error)
{
	printf("%s\n", name_of(error));
}

/* Open and close */

/* What group_open() tried last: a path, or an ioctl's name */
static char group_step[PATH_MAX];

/* The group gets a container of its own. After a failure, device_close() has to be called. */
static inline int group_open(struct device *d)
{
	char link[PATH_MAX] = "";

	d->container = -1;
	d->group = -1;
	d->fd = -1;
	d->bar0 = NULL;
	strcpy(group_step, "/dev/vfio/vfio");
	d->container = open(group_step, O_RDWR | O_CLOEXEC);
	if (d->container < 0)
		return -errno;
	snprintf(group_step, PATH_MAX, "/sys/bus/pci/devices/%s/iommu_group", d->bdf);
	if (readlink(group_step, link, sizeof(link) - 1) < 0)
		return -errno;
	snprintf(group_step, PATH_MAX, "/dev/vfio/%.32s", strrchr(link, '/') + 1);
	d->group = open(group_step, O_RDWR | O_CLOEXEC);
	if (d->group < 0)
		return -errno;
	strcpy(group_step, "VFIO_GROUP_SET_CONTAINER");
	if (ioctl(d->group, VFIO_GROUP_SET_CONTAINER, &d->container))
		return -errno;
	strcpy(group_step, "VFIO_SET_IOMMU");
	return result_of(ioctl(d->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU));
}

static inline int region_get(struct device *d, u32 index, struct vfio_region_info *info)
{
	*info = (struct vfio_region_info){ .argsz = sizeof(*info), .index = index };
	return result_of(ioctl(d->fd, VFIO_DEVICE_GET_REGION_INFO, info));
}

static inline int region_offset(struct device *d, u32 index, u64 *offset)
{
	struct vfio_region_info info;
	int ret = region_get(d, index, &info);

	if (!ret)
		*offset = info.offset;
	return ret;
}

/* The group has to be open already. */
static inline int function_open(struct device *d)
{
	d->fd = ioctl(d->group, VFIO_GROUP_GET_DEVICE_FD, d->bdf);
	return result_of(d->fd) ?:
	       region_offset(d, VFIO_PCI_CONFIG_REGION_INDEX, &d->config) ?:
	       region_offset(d, VFIO_PCI_BAR0_REGION_INDEX, &d->bar0_offset);
}

static inline void device_close(struct device *d)
{
	if (d->bar0)
		munmap((void *)d->bar0, BAR0_SIZE);
	if (d->fd >= 0)
		close(d->fd);
	if (d->group >= 0)
		close(d->group);
	if (d->container >= 0)
		close(d->container);
	d->bar0 = NULL;
	d->fd = -1;
	d->group = -1;
	d->container = -1;
}

/* Maps BAR0 as well, which answers once memory space is on. */
static inline int device_open(struct device *d)
{
	int ret = group_open(d) ?: function_open(d);
	void *map;

	if (!ret) {
		map = mmap(NULL, BAR0_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, d->fd,
			   d->bar0_offset);
		if (map != MAP_FAILED)
			d->bar0 = map;
		else
			ret = -errno;
	}
	if (ret)
		device_close(d);
	return ret;
}

/* While open */

static inline int config_read(struct device *d, u32 offset, u32 width, void *value)
{
	return result_of_all(pread(d->fd, value, width, d->config + offset), width);
}

static inline int config_write(struct device *d, u32 offset, u32 width, u32 value)
{
	return result_of_all(pwrite(d->fd, &value, width, d->config + offset), width);
}

/* Turns memory space on in any case. */
static inline int master_set(struct device *d, bool on)
{
	return config_write(d, PCI_COMMAND, 2,
			    PCI_COMMAND_MEMORY | (on ? PCI_COMMAND_MASTER : 0));
}

/* @eventfd is needed if @flags have DATA_EVENTFD. */
static inline int irqs_set(struct device *d, u32 index, u32 flags, u32 count, int eventfd)
{
	struct {
		struct vfio_irq_set header;
		__s32 fd;
	} set = {
		.header.argsz = sizeof(set),
		.header.flags = flags,
		.header.index = index,
		.header.count = count,
		.fd = eventfd,
	};
	int ret = ioctl(d->fd, VFIO_DEVICE_SET_IRQS, &set);

	/* The kernel could give so many interrupts, and gave none. */
	return ret > 0 ? -ENOSPC : result_of(ret);
}

/* Sets a feature that has no data. */
static inline int feature_set(struct device *d, u32 feature)
{
	struct vfio_device_feature set = {
		.argsz = sizeof(set),
		.flags = VFIO_DEVICE_FEATURE_SET | feature,
	};

	return result_of(ioctl(d->fd, VFIO_DEVICE_FEATURE, &set));
}

/* The reset that nobody is told of. It needs no lock of the kernel. */
static inline void hidden_reset(struct device *d)
{
	d->bar0[MODEL_REG_RESET / 4] = MODEL_RESET_MAGIC;
}

/* Whether memory space is on. After a hidden reset that means that COMMAND was written. */
static inline bool bar0_answers(struct device *d)
{
	return d->bar0[MODEL_REG_ID / 4] == MODEL_ID;
}

/* What root can do */

/* Writes to the file whose path is @format with @name in it. */
static inline int file_write(const char *format, const char *name, const char *text)
{
	char path[PATH_MAX];
	int fd, ret;

	snprintf(path, sizeof(path), format, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = result_of(write(fd, text, strlen(text)));
	close(fd);
	return ret;
}

/* Reads 16 bits of config space from hardware, without VFIO. */
static inline int hardware(struct device *d, u32 offset, u16 *value)
{
	char path[PATH_MAX];
	int fd, ret;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/config", d->bdf);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = result_of(pread(fd, value, 2, offset));
	close(fd);
	return ret;
}

/* Time and processors */

static inline u64 now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000ULL + now.tv_nsec / 1000;
}

/* Does not sleep, because that takes longer than the races for which this is used. */
static inline void spin_until(u64 us)
{
	while (now_us() < us)
		;
}

static inline void spin_us(u64 us)
{
	spin_until(now_us() + us);
}

/* Keeps the calling thread on that processor, if there is one. */
static inline void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

#endif /* LAB_VFIO_H */
