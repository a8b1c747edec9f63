/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Shared by the vfio_pci_nosnoop_*test programs, which check that a function
 * bound to vfio-pci-nosnoop has Enable No Snoop at 0 from open to close.
 *
 * The driver under test is not asked what the hardware holds. That is read
 * from the function's config space in sysfs, which no VFIO driver filters.
 *
 * With VFIO_NOSNOOP_BEFORE=0 the bit is 0 before open. On vfio-pci a test then
 * fails only if it brings the bit back while the function is open, and a test
 * that does nothing passes.
 */
#ifndef SELFTESTS_VFIO_VFIO_PCI_NOSNOOP_H
#define SELFTESTS_VFIO_VFIO_PCI_NOSNOOP_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/limits.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>

#include <libvfio.h>

/* DEVCTL bits that a function may implement and vfio-pci hands to the user */
#define DEVCTL_PASSED	(PCI_EXP_DEVCTL_CERE | PCI_EXP_DEVCTL_NFERE |		\
			 PCI_EXP_DEVCTL_FERE | PCI_EXP_DEVCTL_URRE |		\
			 PCI_EXP_DEVCTL_RELAX_EN | PCI_EXP_DEVCTL_EXT_TAG |	\
			 PCI_EXP_DEVCTL_AUX_PME)

struct nosnoop {
	const char *bdf;
	struct iommu *iommu;
	struct vfio_pci_device *device;
	u16 cap;		/* PCI Express capability */
	u16 pm;			/* power management capability, or 0 */
	u16 implemented;	/* bits of DEVCTL that are not hardwired */
	u16 before;		/* DEVCTL before open */
};

/* Numbers that are the same again for the same seed (xorshift64*) */
static inline u32 rnd(u64 *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;

	return (*state * 0x2545f4914f6cdd1dULL) >> 32;
}

/* sysfs: what the hardware holds */

static inline int sysfs_open(const char *bdf, const char *file, int flags)
{
	char path[PATH_MAX];
	int fd;

	snprintf_assert(path, PATH_MAX, "/sys/bus/pci/devices/%s/%s", bdf, file);
	fd = open(path, flags);
	VFIO_ASSERT_GE(fd, 0, "open(%s) failed\n", path);

	return fd;
}

static inline void hw_read(struct nosnoop *n, u16 offset, void *buf, size_t len)
{
	int fd = sysfs_open(n->bdf, "config", O_RDONLY);
	ssize_t ret = pread(fd, buf, len, offset);

	VFIO_ASSERT_EQ(ret, (ssize_t)len, "sysfs config read at %#x\n", offset);
	VFIO_ASSERT_EQ(close(fd), 0);
}

static inline u16 hw_readw(struct nosnoop *n, u16 offset)
{
	u16 val;

	hw_read(n, offset, &val, sizeof(val));
	return le16toh(val);
}

static inline u16 hw_devctl(struct nosnoop *n)
{
	return hw_readw(n, n->cap + PCI_EXP_DEVCTL);
}

/* Only while the function is closed: nobody else may write when it is open. */
static inline void hw_writew(struct nosnoop *n, u16 offset, u16 val)
{
	int fd = sysfs_open(n->bdf, "config", O_RDWR);

	val = htole16(val);
	VFIO_ASSERT_EQ(pwrite(fd, &val, sizeof(val), offset), (ssize_t)sizeof(val));
	VFIO_ASSERT_EQ(close(fd), 0);
}

static inline u16 hw_find_cap(struct nosnoop *n, u8 id)
{
	u8 pos, entry[2];
	int ttl = 48;

	hw_read(n, PCI_CAPABILITY_LIST, &pos, 1);
	while (pos >= PCI_STD_HEADER_SIZEOF && ttl--) {
		pos &= ~3;
		hw_read(n, pos, entry, sizeof(entry));
		if (entry[0] == id)
			return pos;
		pos = entry[1];
	}

	return 0;
}

/* In D3hot a function may forget what was written to it: "on" keeps it in D0. */
static inline void hw_set_power_control(const char *bdf, const char *val)
{
	int fd = sysfs_open(bdf, "power/control", O_WRONLY);

	VFIO_ASSERT_EQ(write(fd, val, strlen(val)), (ssize_t)strlen(val));
	VFIO_ASSERT_EQ(close(fd), 0);
}

/* vfio: config accesses of any length; __x() returns bytes or -errno */

static inline ssize_t __cfg_write(struct nosnoop *n, u64 offset, const void *buf, size_t len)
{
	ssize_t ret = pwrite(n->device->fd, buf, len, n->device->config_space.offset + offset);

	return ret < 0 ? -errno : ret;
}

static inline ssize_t __cfg_read(struct nosnoop *n, u64 offset, void *buf, size_t len)
{
	ssize_t ret = pread(n->device->fd, buf, len, n->device->config_space.offset + offset);

	return ret < 0 ? -errno : ret;
}

static inline void cfg_write(struct nosnoop *n, u64 offset, void *buf, size_t len)
{
	vfio_pci_config_access(n->device, true, offset, len, buf);
}

static inline void cfg_read(struct nosnoop *n, u64 offset, void *buf, size_t len)
{
	vfio_pci_config_access(n->device, false, offset, len, buf);
}

static inline u16 cfg_devctl(struct nosnoop *n)
{
	return vfio_pci_config_readw(n->device, n->cap + PCI_EXP_DEVCTL);
}

static inline void cfg_write_devctl(struct nosnoop *n, u16 val)
{
	vfio_pci_config_writew(n->device, n->cap + PCI_EXP_DEVCTL, val);
}

static inline void cfg_set_power_state(struct nosnoop *n, u16 state)
{
	u16 pmcsr = vfio_pci_config_readw(n->device, n->pm + PCI_PM_CTRL);

	pmcsr = (pmcsr & ~PCI_PM_CTRL_STATE_MASK) | state;
	vfio_pci_config_writew(n->device, n->pm + PCI_PM_CTRL, pmcsr);
}

static inline void nosnoop_master_on(struct nosnoop *n)
{
	vfio_pci_cmd_set(n->device, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	VFIO_ASSERT_TRUE(hw_readw(n, PCI_COMMAND) & PCI_COMMAND_MASTER,
			 "mastering was not turned on in hardware\n");
}

/* The promise, at one moment: the user reads 0 and the hardware holds 0. */
static inline void nosnoop_check(struct nosnoop *n, const char *when)
{
	u16 user = cfg_devctl(n), hw = hw_devctl(n);

	VFIO_ASSERT_EQ(user & PCI_EXP_DEVCTL_NOSNOOP_EN, 0,
		       "user reads DEVCTL %#x, %s\n", user, when);
	VFIO_ASSERT_EQ(hw & PCI_EXP_DEVCTL_NOSNOOP_EN, 0,
		       "hardware DEVCTL is %#x, %s\n", hw, when);
}

/* Why @mode cannot be had here, or NULL when it can */
static inline const char *iommu_mode_missing(const char *bdf, const char *mode)
{
	const char *path = strstr(mode, MODE_IOMMUFD) ? "/dev/iommu" : "/dev/vfio/vfio";
	int fd = open(path, O_RDWR), type, offered = 1;
	char file[PATH_MAX];

	if (fd < 0)
		return "this kernel lacks the IOMMU interface of this mode";
	type = strstr(mode, "type1v2") ? VFIO_TYPE1v2_IOMMU : VFIO_TYPE1_IOMMU;
	if (strcmp(mode, MODE_IOMMUFD))
		offered = ioctl(fd, VFIO_CHECK_EXTENSION, type);
	VFIO_ASSERT_EQ(close(fd), 0);
	if (offered <= 0)
		return "this kernel does not offer the IOMMU type of this mode";

	if (!strcmp(mode, MODE_IOMMUFD)) {
		snprintf_assert(file, PATH_MAX, "/sys/bus/pci/devices/%s/vfio-dev", bdf);
		return access(file, F_OK) || access("/dev/vfio/devices", F_OK) ?
		       "this function has no VFIO device file" : NULL;
	}
	snprintf_assert(file, PATH_MAX, "/dev/vfio/%d", sysfs_iommu_group_get(bdf));

	return access(file, F_OK) ? "this function has no VFIO group file" : NULL;
}

/* Which bits of DEVCTL can be both 0 and 1 in this function */
static inline u16 hw_probe_devctl(struct nosnoop *n)
{
	u16 mask = DEVCTL_PASSED | PCI_EXP_DEVCTL_READRQ | PCI_EXP_DEVCTL_NOSNOOP_EN;
	u16 pos = n->cap + PCI_EXP_DEVCTL, old = hw_devctl(n), ones, zeros;

	hw_writew(n, pos, old | mask);
	ones = hw_devctl(n);
	hw_writew(n, pos, old & ~mask);
	zeros = hw_devctl(n);
	hw_writew(n, pos, old);

	return ones & ~zeros & mask;
}

/* Find the function's capabilities and set Enable No Snoop; do not open it yet. */
static inline void nosnoop_prepare(struct nosnoop *n, const char *bdf)
{
	const char *env = getenv("VFIO_NOSNOOP_BEFORE");
	u16 before = env && !atoi(env) ? 0 : PCI_EXP_DEVCTL_NOSNOOP_EN;

	n->bdf = bdf;
	hw_set_power_control(bdf, "on");
	n->cap = hw_find_cap(n, PCI_CAP_ID_EXP);
	n->pm = hw_find_cap(n, PCI_CAP_ID_PM);
	VFIO_ASSERT_NE(n->cap, 0, "%s has no PCI Express capability\n", bdf);

	hw_writew(n, PCI_COMMAND, hw_readw(n, PCI_COMMAND) & ~PCI_COMMAND_MASTER);
	n->implemented = hw_probe_devctl(n);
	if (n->implemented & PCI_EXP_DEVCTL_NOSNOOP_EN)
		hw_writew(n, n->cap + PCI_EXP_DEVCTL,
			  (hw_devctl(n) & ~PCI_EXP_DEVCTL_NOSNOOP_EN) | before);
	n->before = hw_devctl(n);
}

static inline void nosnoop_open(struct nosnoop *n, const char *iommu_mode)
{
	n->iommu = iommu_init(iommu_mode);
	n->device = vfio_pci_device_init(n->bdf, n->iommu);
}

static inline void nosnoop_close(struct nosnoop *n)
{
	vfio_pci_device_cleanup(n->device);
	iommu_cleanup(n->iommu);
	n->device = NULL;
}

static inline void nosnoop_setup(struct nosnoop *n, const char *bdf, const char *iommu_mode)
{
	nosnoop_prepare(n, bdf);
	nosnoop_open(n, iommu_mode);
}

/* At the end of a test the bit is still 0, and close gives DEVCTL back. */
static inline void nosnoop_teardown(struct nosnoop *n)
{
	nosnoop_check(n, "before close");
	nosnoop_close(n);
	VFIO_ASSERT_EQ(hw_devctl(n), n->before, "DEVCTL after close and before open\n");
}

/* Runs the tests and puts back what they change, even if one of them died. */
static inline int nosnoop_run(const char *bdf, int (*run)(int argc, char **argv),
			      int argc, char **argv)
{
	int fd = sysfs_open(bdf, "power/control", O_RDONLY), ret;
	struct nosnoop n = { .bdf = bdf };
	char power_control[8] = {};
	u16 devctl;

	VFIO_ASSERT_GT(read(fd, power_control, sizeof(power_control) - 1), 0);
	VFIO_ASSERT_EQ(close(fd), 0);
	n.cap = hw_find_cap(&n, PCI_CAP_ID_EXP);
	devctl = hw_devctl(&n);

	ret = run(argc, argv);

	hw_set_power_control(bdf, "on");
	if (n.cap)
		hw_writew(&n, n.cap + PCI_EXP_DEVCTL, devctl);
	hw_set_power_control(bdf, power_control);

	return ret;
}

#endif /* SELFTESTS_VFIO_VFIO_PCI_NOSNOOP_H */
