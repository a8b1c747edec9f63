/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Shared by the vfio_pci_nosnoop_*test programs, which check that a function
 * bound to vfio-pci-nosnoop has Enable No Snoop at 0 from open to close.
 *
 * What is claimed about hardware comes from one of two witnesses, neither of
 * which is the code under test: the function's config space in sysfs, and,
 * with the lab's device (1234:0b11), the log which that device writes. The
 * environment variable VFIO_NOSNOOP_LOG names the log.
 */
#ifndef SELFTESTS_VFIO_VFIO_PCI_NOSNOOP_H
#define SELFTESTS_VFIO_VFIO_PCI_NOSNOOP_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sys/mman.h>
#include <sys/stat.h>

#include <linux/io.h>
#include <linux/limits.h>
#include <linux/pci_regs.h>
#include <linux/sizes.h>
#include <linux/vfio.h>

#include <libvfio.h>

/* The lab's device: a DMA engine in BAR0 (32-bit registers but for SRC, DST) */
#define LAB_VENDOR_ID		0x1234
#define LAB_DEVICE_ID		0x0b11
#define LAB_REG_ID		0x00
#define LAB_ID			0x4e534e50
#define LAB_REG_SRC		0x08
#define LAB_REG_DST		0x10
#define LAB_REG_LEN		0x18
#define LAB_REG_CTRL		0x1c
#define LAB_CTRL_GO		0x1
#define LAB_CTRL_ASK_NO_SNOOP	0x2
#define LAB_REG_STATUS		0x20
#define LAB_STATUS_DONE		1
#define LAB_REG_RESET		0x28
#define LAB_RESET_MAGIC		0x7e5e7000

#define LAB_SKIP_REASON "needs the lab's device (vendor 1234 device 0b11 + its log)"

#define DMA_SIZE		SZ_64K

/* DEVCTL bits that a function may implement and vfio-pci hands to the user */
#define DEVCTL_PASSED	(PCI_EXP_DEVCTL_CERE | PCI_EXP_DEVCTL_NFERE |	\
			 PCI_EXP_DEVCTL_FERE | PCI_EXP_DEVCTL_URRE |	\
			 PCI_EXP_DEVCTL_RELAX_EN | PCI_EXP_DEVCTL_EXT_TAG | \
			 PCI_EXP_DEVCTL_AUX_PME)

/* DEVCTL bits that vfio-pci keeps in memory: the user sees what it wrote */
#define DEVCTL_VIRTUAL	(PCI_EXP_DEVCTL_PAYLOAD | PCI_EXP_DEVCTL_READRQ)

struct lab_totals {
	u64 requests;
	u64 no_snoop_requests;
	u64 moments;	/* mastering and No Snoop both became 1 in hardware */
};

struct nosnoop {
	const char *bdf;
	struct iommu *iommu;
	struct vfio_pci_device *device;
	struct iova_allocator *iova_allocator;
	struct dma_region dma;
	u16 cap;		/* PCI Express capability */
	u16 pm;			/* power management capability, or 0 */
	u16 implemented;	/* bits of DEVCTL that are not hardwired */
	u16 before;		/* DEVCTL before open */
	bool lab;
	struct lab_totals start;
};

/* Numbers that are the same again for the same seed (xorshift64*). */
static inline u32 rnd(u64 *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;

	return (*state * 0x2545f4914f6cdd1dULL) >> 32;
}

static inline u64 rnd_seed(void)
{
	const char *env = getenv("VFIO_NOSNOOP_SEED");
	u64 seed = env ? strtoull(env, NULL, 0) : time(NULL) ^ getpid() << 16;

	ksft_print_msg("VFIO_NOSNOOP_SEED=%#lx repeats this run\n", seed);

	return seed ?: 1;
}

static inline double seconds(void)
{
	struct timespec ts;

	VFIO_ASSERT_EQ(clock_gettime(CLOCK_MONOTONIC, &ts), 0);

	return ts.tv_sec + ts.tv_nsec / 1e9;
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

/*
 * In D3hot a function without NoSoftRst forgets what is written to it. "on"
 * keeps a closed function in D0, "auto" is the kernel's default.
 */
static inline void hw_set_power_control(const char *bdf, const char *val)
{
	int fd = sysfs_open(bdf, "power/control", O_WRONLY);

	VFIO_ASSERT_EQ(write(fd, val, strlen(val)), (ssize_t)strlen(val));
	VFIO_ASSERT_EQ(close(fd), 0);
}

/* The kernel puts it to sleep in the background: wait for up to a second. */
static inline bool hw_reaches_d3hot(const char *bdf)
{
	for (int i = 0; i < 100; i++) {
		int fd = sysfs_open(bdf, "power_state", O_RDONLY);
		char buf[16] = {};

		VFIO_ASSERT_GT(read(fd, buf, sizeof(buf) - 1), 0);
		VFIO_ASSERT_EQ(close(fd), 0);
		if (!strncmp(buf, "D3hot", 5))
			return true;
		usleep(10000);
	}

	return false;
}

/* The log of the lab's device */

static inline int log_open(void)
{
	const char *path = getenv("VFIO_NOSNOOP_LOG");
	int fd = open(path, O_RDONLY);

	VFIO_ASSERT_GE(fd, 0, "open(%s) failed\n", path);

	return fd;
}

static inline off_t log_size(struct nosnoop *n)
{
	struct stat st;
	int fd;

	if (!n->lab)
		return 0;

	fd = log_open();
	VFIO_ASSERT_EQ(fstat(fd, &st), 0);
	VFIO_ASSERT_EQ(close(fd), 0);

	return st.st_size;
}

/* The totals are last in every line; the last whole line has the newest. */
static inline struct lab_totals log_totals(struct nosnoop *n)
{
	struct lab_totals t = {};
	char buf[2048], *end, *p;
	struct stat st;
	ssize_t len;
	off_t from;
	int fd, ret;

	if (!n->lab)
		return t;

	fd = log_open();
	VFIO_ASSERT_EQ(fstat(fd, &st), 0);
	from = st.st_size - (off_t)sizeof(buf) + 1;
	len = pread(fd, buf, sizeof(buf) - 1, from > 0 ? from : 0);
	VFIO_ASSERT_GT(len, 0, "the log is empty\n");
	VFIO_ASSERT_EQ(close(fd), 0);

	buf[len] = 0;
	end = strrchr(buf, '\n');
	VFIO_ASSERT_NOT_NULL(end, "no whole line in the log's tail\n");
	*end = 0;
	p = strrchr(buf, '\n');
	p = strstr(p ? p + 1 : buf, "\"requests\":");
	VFIO_ASSERT_NOT_NULL(p, "no totals in the log's last line\n");
	ret = sscanf(p, "\"requests\":%lu,\"no_snoop_requests\":%lu,\"moments\":%lu}",
		     &t.requests, &t.no_snoop_requests, &t.moments);
	VFIO_ASSERT_EQ(ret, 3, "cannot read totals: %s\n", p);

	return t;
}

/*
 * Number of lines since @from that have both strings; @bad, if not NULL, is
 * how many of them have a new value of DEVCTL with the bit.
 */
static inline u64 log_grep(struct nosnoop *n, off_t from, const char *event,
			   const char *cause, u64 *bad)
{
	char *line = NULL, *p;
	size_t size = 0;
	u64 count = 0;
	FILE *file;

	if (bad)
		*bad = 0;
	if (!n->lab)
		return 0;

	file = fdopen(log_open(), "r");
	VFIO_ASSERT_NOT_NULL(file);
	VFIO_ASSERT_EQ(fseeko(file, from, SEEK_SET), 0);
	while (getline(&line, &size, file) > 0) {
		if (!strstr(line, event) || !strstr(line, cause))
			continue;
		count++;
		p = strstr(line, "\"new\":\"");
		if (bad && p && strtoul(p + 7, NULL, 0) & PCI_EXP_DEVCTL_NOSNOOP_EN)
			(*bad)++;
	}
	free(line);
	VFIO_ASSERT_EQ(fclose(file), 0);

	return count;
}

static inline u64 log_count(struct nosnoop *n, off_t from, const char *event)
{
	char tag[64];

	snprintf_assert(tag, sizeof(tag), "\"event\":\"%s\"", event);

	return log_grep(n, from, tag, "", NULL);
}

static inline u64 log_resets(struct nosnoop *n, off_t from, const char *cause)
{
	char tag[64];

	snprintf_assert(tag, sizeof(tag), "\"cause\":\"%s\"", cause);

	return log_grep(n, from, "\"event\":\"reset\"", tag, NULL);
}

/* Writes that reached DEVCTL; @bad of them with the bit set */
static inline u64 log_devctl(struct nosnoop *n, off_t from, u64 *bad)
{
	return log_grep(n, from, "\"event\":\"devctl\"", "", bad);
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

static inline void cfg_write(struct nosnoop *n, u64 offset, const void *buf, size_t len)
{
	VFIO_ASSERT_EQ(__cfg_write(n, offset, buf, len), (ssize_t)len,
		       "config write of %zu bytes at %#lx\n", len, offset);
}

static inline void cfg_read(struct nosnoop *n, u64 offset, void *buf, size_t len)
{
	VFIO_ASSERT_EQ(__cfg_read(n, offset, buf, len), (ssize_t)len,
		       "config read of %zu bytes at %#lx\n", len, offset);
}

/* The last @valid bytes of a page, and behind them nothing */
static inline u8 *buffer_end(size_t valid)
{
	size_t page = getpagesize();
	u8 *p = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	VFIO_ASSERT_NE(p, MAP_FAILED);
	VFIO_ASSERT_EQ(munmap(p + page, page), 0);
	memset(p, 0, page);

	return p + page - valid;
}

static inline void buffer_free(u8 *buf, size_t valid)
{
	size_t page = getpagesize();

	VFIO_ASSERT_EQ(munmap(buf + valid - page, page), 0);
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

static inline u16 nosnoop_master_on(struct nosnoop *n)
{
	u16 cmd;

	vfio_pci_cmd_set(n->device, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	cmd = hw_readw(n, PCI_COMMAND);
	VFIO_ASSERT_TRUE(cmd & PCI_COMMAND_MASTER, "hardware COMMAND %#x\n", cmd);

	return cmd;
}

/*
 * The promise, at one moment: the user reads 0, the hardware holds 0, and
 * since set-up it never could send, and did not send, a No Snoop request.
 */
static inline void nosnoop_check_log(struct nosnoop *n, const char *when)
{
	struct lab_totals now = log_totals(n);

	VFIO_ASSERT_EQ(now.moments, n->start.moments, "moments, %s\n", when);
	VFIO_ASSERT_EQ(now.no_snoop_requests, n->start.no_snoop_requests,
		       "requests with No Snoop, %s\n", when);
}

static inline void nosnoop_check(struct nosnoop *n, const char *when)
{
	u16 user = cfg_devctl(n), hw = hw_devctl(n);

	VFIO_ASSERT_EQ(user & PCI_EXP_DEVCTL_NOSNOOP_EN, 0,
		       "user reads DEVCTL %#x, %s\n", user, when);
	VFIO_ASSERT_EQ(hw & PCI_EXP_DEVCTL_NOSNOOP_EN, 0,
		       "hardware DEVCTL is %#x, %s\n", hw, when);
	nosnoop_check_log(n, when);
}

/* The DMA engine of the lab's device; @mapped: by mmap, else by pread, pwrite */

static inline void lab_write32(struct nosnoop *n, u32 reg, u32 val, bool mapped)
{
	struct vfio_pci_bar *bar = &n->device->bars[0];

	if (mapped && bar->vaddr) {
		writel(val, bar->vaddr + reg);
		return;
	}

	val = htole32(val);
	VFIO_ASSERT_EQ(pwrite(n->device->fd, &val, 4, bar->info.offset + reg), 4);
}

static inline u32 lab_read32(struct nosnoop *n, u32 reg, bool mapped)
{
	struct vfio_pci_bar *bar = &n->device->bars[0];
	u32 val;

	if (mapped && bar->vaddr)
		return readl(bar->vaddr + reg);

	VFIO_ASSERT_EQ(pread(n->device->fd, &val, 4, bar->info.offset + reg), 4);

	return le32toh(val);
}

static inline void lab_write64(struct nosnoop *n, u32 reg, u64 val)
{
	lab_write32(n, reg, val, true);
	lab_write32(n, reg + 4, val >> 32, true);
}

/* A reset that the kernel is not told of; the read orders it with the log. */
static inline void lab_hidden_reset(struct nosnoop *n, bool mapped)
{
	lab_write32(n, LAB_REG_RESET, LAB_RESET_MAGIC, mapped);
	vfio_pci_config_readw(n->device, PCI_VENDOR_ID);
}

/* Have the device copy @len bytes, asking for No Snoop; compare all of them. */
static inline void lab_dma(struct nosnoop *n, size_t len, u8 pattern)
{
	u8 *src = n->dma.vaddr, *dst = src + DMA_SIZE / 2;
	iova_t iova = n->dma.iova;
	u32 status;
	size_t i;

	VFIO_ASSERT_LE(len, (size_t)DMA_SIZE / 2);
	for (i = 0; i < len; i++)
		src[i] = pattern + i * 7;
	memset(dst, ~pattern, len);

	lab_write64(n, LAB_REG_SRC, iova);
	lab_write64(n, LAB_REG_DST, iova + DMA_SIZE / 2);
	lab_write32(n, LAB_REG_LEN, len, true);
	lab_write32(n, LAB_REG_CTRL, LAB_CTRL_GO | LAB_CTRL_ASK_NO_SNOOP, true);
	status = lab_read32(n, LAB_REG_STATUS, true);
	VFIO_ASSERT_EQ(status, LAB_STATUS_DONE, "DMA of %zu bytes\n", len);

	for (i = 0; i < len; i++)
		VFIO_ASSERT_EQ(dst[i], src[i], "DMA of %zu bytes, byte %zu\n", len, i);
}

/* In order again, by what any user can do; then it works as it did. */
static inline void nosnoop_recover(struct nosnoop *n)
{
	cfg_set_power_state(n, 0);
	vfio_pci_device_reset(n->device);
	vfio_pci_config_writew(n->device, PCI_COMMAND, 0);
	nosnoop_master_on(n);
	lab_dma(n, SZ_4K, 0x77);
	nosnoop_check(n, "after recovery");
}

/* Why @mode cannot be had here, or NULL when it can. */
static inline const char *iommu_mode_missing(const char *bdf, const char *mode)
{
	bool v2 = !strcmp(mode, MODE_VFIO_TYPE1V2_IOMMU) ||
		  !strcmp(mode, MODE_IOMMUFD_COMPAT_TYPE1V2);
	bool native = !strcmp(mode, MODE_IOMMUFD);
	bool iommufd = !strncmp(mode, MODE_IOMMUFD, strlen(MODE_IOMMUFD));
	const char *path = iommufd ? "/dev/iommu" : "/dev/vfio/vfio";
	static char reason[PATH_MAX + 64];
	char dir[PATH_MAX];
	int fd, ret = 1;

	fd = open(path, O_RDWR);
	if (fd < 0) {
		snprintf_assert(reason, sizeof(reason), "this kernel has no %s", path);
		return reason;
	}
	if (!native)
		ret = ioctl(fd, VFIO_CHECK_EXTENSION,
			    v2 ? VFIO_TYPE1v2_IOMMU : VFIO_TYPE1_IOMMU);
	VFIO_ASSERT_EQ(close(fd), 0);
	if (ret <= 0) {
		snprintf_assert(reason, sizeof(reason), "%s does not offer %s", path, mode);
		return reason;
	}

	if (native)
		snprintf_assert(dir, sizeof(dir), "/sys/bus/pci/devices/%s/vfio-dev", bdf);
	else
		snprintf_assert(dir, sizeof(dir), "/dev/vfio/%d", sysfs_iommu_group_get(bdf));
	if (!access(dir, F_OK) && (!native || !access("/dev/vfio/devices", F_OK)))
		return NULL;

	snprintf_assert(reason, sizeof(reason), "%s needs %s", mode,
			native ? "/dev/vfio/devices (VFIO_DEVICE_CDEV)" : dir);

	return reason;
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

/* Look at the function and set Enable No Snoop in it; do not open it yet. */
static inline void nosnoop_prepare(struct nosnoop *n, const char *bdf)
{
	const char *log = getenv("VFIO_NOSNOOP_LOG");

	n->bdf = bdf;
	hw_set_power_control(bdf, "on");
	n->cap = hw_find_cap(n, PCI_CAP_ID_EXP);
	n->pm = hw_find_cap(n, PCI_CAP_ID_PM);
	VFIO_ASSERT_NE(n->cap, 0, "%s has no PCI Express capability\n", bdf);
	n->lab = log && *log && hw_readw(n, PCI_VENDOR_ID) == LAB_VENDOR_ID &&
		 hw_readw(n, PCI_DEVICE_ID) == LAB_DEVICE_ID;

	hw_writew(n, PCI_COMMAND, hw_readw(n, PCI_COMMAND) & ~PCI_COMMAND_MASTER);
	n->implemented = hw_probe_devctl(n);
	if (n->implemented & PCI_EXP_DEVCTL_NOSNOOP_EN)
		hw_writew(n, n->cap + PCI_EXP_DEVCTL,
			  hw_devctl(n) | PCI_EXP_DEVCTL_NOSNOOP_EN);
	n->before = hw_devctl(n);
	n->start = log_totals(n);
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

/* prepare, open, and where there is a DMA engine, give it memory */
static inline void nosnoop_setup(struct nosnoop *n, const char *bdf, const char *iommu_mode)
{
	nosnoop_prepare(n, bdf);
	nosnoop_open(n, iommu_mode);
	if (!n->lab)
		return;

	n->iova_allocator = iova_allocator_init(n->iommu);
	n->dma.size = DMA_SIZE;
	n->dma.vaddr = mmap(NULL, DMA_SIZE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	VFIO_ASSERT_NE(n->dma.vaddr, MAP_FAILED);
	n->dma.iova = iova_allocator_alloc(n->iova_allocator, DMA_SIZE);
	iommu_map(n->iommu, &n->dma);
}

/* Every test ends here: nothing leaked while open, and close gave DEVCTL back. */
static inline void nosnoop_teardown(struct nosnoop *n)
{
	u16 hw;

	nosnoop_check(n, "before close");
	if (n->dma.size) {
		iommu_unmap(n->iommu, &n->dma);
		iova_allocator_cleanup(n->iova_allocator);
		VFIO_ASSERT_EQ(munmap(n->dma.vaddr, DMA_SIZE), 0);
	}
	nosnoop_close(n);
	nosnoop_check_log(n, "after close");
	hw = hw_devctl(n);
	VFIO_ASSERT_EQ(hw, n->before, "DEVCTL after close and before open\n");
}

/* What main() puts back when all tests have run, also those that died */
struct nosnoop_original {
	struct nosnoop n;
	u16 devctl;
	char power_control[8];
};

static inline void nosnoop_save(struct nosnoop_original *o, const char *bdf)
{
	int fd = sysfs_open(bdf, "power/control", O_RDONLY);
	ssize_t len = read(fd, o->power_control, sizeof(o->power_control) - 1);

	VFIO_ASSERT_GT(len, 0);
	VFIO_ASSERT_EQ(close(fd), 0);
	o->power_control[len] = 0;
	o->n.bdf = bdf;
	o->n.cap = hw_find_cap(&o->n, PCI_CAP_ID_EXP);
	if (o->n.cap)
		o->devctl = hw_devctl(&o->n);
}

static inline void nosnoop_restore(struct nosnoop_original *o)
{
	if (o->n.cap) {
		hw_set_power_control(o->n.bdf, "on");
		hw_writew(&o->n, o->n.cap + PCI_EXP_DEVCTL, o->devctl);
	}
	hw_set_power_control(o->n.bdf, o->power_control);
}

#endif /* SELFTESTS_VFIO_VFIO_PCI_NOSNOOP_H */
