/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the programs that race with a device have in common: one device, opened
 * as any VFIO user opens it (group interface, type1v2, no memory mapped for
 * it), config space through VFIO, BAR0 mapped, and config space as root sees
 * it. Functions return 0 or a negative errno unless they say otherwise.
 */
#ifndef LAB_VFIO_USER_H
#define LAB_VFIO_USER_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
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
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "../model/registers.h"
#include "../model/types.h"

#define DEVCTL		(MODEL_CAP_EXP + PCI_EXP_DEVCTL)
#define PMCSR		(MODEL_CAP_PM + PCI_PM_CTRL)
#define MASTER		(PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER)
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

static inline int result_of(ssize_t ret)
{
	return ret < 0 ? -errno : 0;
}

static inline const char *name_of(int error)
{
	return error ? strerrorname_np(-error) : "ok";
}

static inline int region_offset(struct device *d, u32 index, u64 *offset)
{
	struct vfio_region_info info = { .argsz = sizeof(info), .index = index };

	if (ioctl(d->fd, VFIO_DEVICE_GET_REGION_INFO, &info))
		return -errno;
	*offset = info.offset;
	return 0;
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

static inline int open_steps(struct device *d)
{
	char path[PATH_MAX], link[PATH_MAX] = "";
	void *map;
	int ret;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group", d->bdf);
	if (readlink(path, link, sizeof(link) - 1) < 0)
		return -errno;
	snprintf(path, sizeof(path), "/dev/vfio/%s", strrchr(link, '/') + 1);
	d->container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	d->group = open(path, O_RDWR | O_CLOEXEC);
	if (d->container < 0 || d->group < 0 ||
	    ioctl(d->group, VFIO_GROUP_SET_CONTAINER, &d->container) ||
	    ioctl(d->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		return -errno;
	d->fd = ioctl(d->group, VFIO_GROUP_GET_DEVICE_FD, d->bdf);
	if (d->fd < 0)
		return -errno;

	ret = region_offset(d, VFIO_PCI_CONFIG_REGION_INDEX, &d->config) ?:
	      region_offset(d, VFIO_PCI_BAR0_REGION_INDEX, &d->bar0_offset);
	if (ret)
		return ret;
	map = mmap(NULL, BAR0_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, d->fd, d->bar0_offset);
	if (map == MAP_FAILED)
		return -errno;
	d->bar0 = map;
	return 0;
}

/* With BAR0 mapped, which answers once memory space is on */
static inline int device_open(struct device *d)
{
	int ret;

	d->container = -1;
	d->group = -1;
	d->fd = -1;
	d->bar0 = NULL;
	ret = open_steps(d);
	if (ret)
		device_close(d);
	return ret;
}

static inline int config_write(struct device *d, u32 offset, u32 width, u32 value)
{
	return result_of(pwrite(d->fd, &value, width, d->config + offset));
}

/* The reset that nobody is told of; it waits for no lock of the kernel's. */
static inline void hidden_reset(struct device *d)
{
	d->bar0[MODEL_REG_RESET / 4] = MODEL_RESET_MAGIC;
}

/* Memory space is on: after a hidden reset, somebody wrote COMMAND since. */
static inline bool bar0_answers(struct device *d)
{
	return d->bar0[MODEL_REG_ID / 4] == MODEL_ID;
}

static inline int sysfs_write(struct device *d, const char *file, const char *text)
{
	char path[PATH_MAX];
	int fd, ret;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", d->bdf, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = result_of(write(fd, text, strlen(text)));
	close(fd);
	return ret;
}

/* 16 bits of config space as they are in hardware, for all that VFIO knows */
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

/* Mastering, and Enable No Snoop, in hardware */
static inline int hardware_bits(struct device *d, bool *master, bool *no_snoop)
{
	u16 command = 0, devctl = 0;
	int ret = hardware(d, PCI_COMMAND, &command) ?: hardware(d, DEVCTL, &devctl);

	*master = command & PCI_COMMAND_MASTER;
	*no_snoop = devctl & PCI_EXP_DEVCTL_NOSNOOP_EN;
	return ret;
}

static inline u64 now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000ULL + now.tv_nsec / 1000;
}

/* Without sleeping, which takes longer than the races it is for. */
static inline void spin_until(u64 us)
{
	while (now_us() < us)
		;
}

static inline void spin_us(u64 us)
{
	spin_until(now_us() + us);
}

/* The calling thread runs there and nowhere else, if there is such a processor. */
static inline void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

#endif
