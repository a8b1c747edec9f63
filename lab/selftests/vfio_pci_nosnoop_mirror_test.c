// SPDX-License-Identifier: GPL-2.0-only
/*
 * Config space in a BAR: what a hostile process does to it has the effect that
 * it has in config space, and no other. See vfio_pci_nosnoop.h for what the
 * tests look at. On vfio-pci those fail that write.
 *
 * The driver must know the mirror, which is on any device to name it by hand:
 *
 *      modprobe vfio-pci-nosnoop mirrors=1234:0b11:0:88000:1000
 *
 * Run: ./vfio_pci_nosnoop_mirror_test [options] 0000:01:00.0
 *      VFIO_NOSNOOP_MIRROR=bar:offset:size	where it is, hexadecimal
 *      VFIO_NOSNOOP_LOG=file	the log of the lab's device
 *      VFIO_NOSNOOP_SEED=n	repeat the random values of an earlier run
 */
#include <setjmp.h>
#include <signal.h>
#include <sys/eventfd.h>

#include "nosnoop_lab.h"

#include "kselftest_harness.h"

#define WRITES		20000

static const char *device_bdf;

static struct mirror {
	unsigned int bar;
	u64 offset;
	u64 size;
} mirror;

FIXTURE(vfio_pci_nosnoop_mirror_test) {
	struct nosnoop n;
	struct vfio_pci_bar *bar;
	/* The pages that it is in */
	u64 pages;
	u64 pages_end;
};

FIXTURE_VARIANT(vfio_pci_nosnoop_mirror_test) {
	const char *iommu_mode;
};

#define FIXTURE_VARIANT_ADD_IOMMU_MODE(_iommu_mode)			\
FIXTURE_VARIANT_ADD(vfio_pci_nosnoop_mirror_test, _iommu_mode) {	\
	.iommu_mode = #_iommu_mode,					\
}

FIXTURE_VARIANT_ADD_ALL_IOMMU_MODES();

#undef FIXTURE_VARIANT_ADD_IOMMU_MODE

FIXTURE_SETUP(vfio_pci_nosnoop_mirror_test)
{
	const char *missing = lab_missing(device_bdf, variant->iommu_mode);
	u64 page = sysconf(_SC_PAGESIZE);

	if (!mirror.size)
		SKIP(return, "VFIO_NOSNOOP_MIRROR names no mirror of config space");
	if (missing)
		SKIP(return, "%s", missing);

	lab_setup(&self->n, device_bdf, variant->iommu_mode);
	self->bar = &self->n.device->bars[mirror.bar];
	self->pages = mirror.offset / page * page;
	self->pages_end = (mirror.offset + mirror.size + page - 1) / page * page;
	ASSERT_LE(self->pages_end, self->bar->info.size);
	nosnoop_master_on(&self->n);
}

FIXTURE_TEARDOWN(vfio_pci_nosnoop_mirror_test)
{
	if (self->n.device)
		lab_teardown(&self->n);
}

/* Access to the BAR, @at from its start; bytes or -errno */
static ssize_t bar_write(struct vfio_pci_bar *bar, int fd, u64 at, const void *buf, size_t len)
{
	ssize_t ret = pwrite(fd, buf, len, bar->info.offset + at);

	return ret < 0 ? -errno : ret;
}

/* To config space, through the BAR */
static ssize_t mirror_write(struct nosnoop *n, u64 pos, const void *buf, size_t len)
{
	return bar_write(&n->device->bars[mirror.bar], n->device->fd, mirror.offset + pos,
			 buf, len);
}

/* Of config space, through the BAR */
static u32 mirror_read(struct nosnoop *n, u64 pos, size_t len)
{
	struct vfio_pci_bar *bar = &n->device->bars[mirror.bar];
	u32 value = 0;

	VFIO_ASSERT_EQ(pread(n->device->fd, &value, len,
			     bar->info.offset + mirror.offset + pos), (ssize_t)len);

	return le32toh(value);
}

TEST_F(vfio_pci_nosnoop_mirror_test, is_there)
{
	struct nosnoop *n = &self->n;

	ASSERT_EQ(hw_readw(n, PCI_VENDOR_ID), mirror_read(n, PCI_VENDOR_ID, 2));
	ASSERT_EQ(hw_readw(n, PCI_COMMAND), mirror_read(n, PCI_COMMAND, 2));
	ASSERT_EQ(hw_devctl(n), mirror_read(n, n->cap + PCI_EXP_DEVCTL, 2));
}

/* Each width at each place where it meets the bit, alone and with others */
TEST_F(vfio_pci_nosnoop_mirror_test, bit_is_masked)
{
	struct nosnoop *n = &self->n;
	u8 ones[16];

	memset(ones, 0xff, sizeof(ones));
	/* Not FLR, which would be a reset. */
	for (int pos = n->cap; pos <= n->cap + PCI_EXP_DEVCTL + 1; pos++) {
		for (size_t len = 1; len <= sizeof(ones); len++) {
			int hi = n->cap + PCI_EXP_DEVCTL + 1 - pos;

			if (hi < (int)len)
				ones[hi] = 0x7f;
			ASSERT_EQ((ssize_t)len, mirror_write(&self->n, pos, ones, len));
			ones[hi < (int)sizeof(ones) ? hi : 0] = 0xff;
			lab_check(n, "after a write of the mirror");
		}
	}
	/* And what is not masked arrives. */
	if (n->implemented & PCI_EXP_DEVCTL_EXT_TAG)
		ASSERT_TRUE(hw_devctl(n) & PCI_EXP_DEVCTL_EXT_TAG);
	nosnoop_master_on(n);
	lab_dma(n, SZ_4K, 0x31);
}

/* Repeated as QEMU's quirk for NVIDIA's wants it for an ioeventfd, and more */
TEST_F(vfio_pci_nosnoop_mirror_test, equal_writes)
{
	struct nosnoop *n = &self->n;
	__le16 value = htole16(PCI_EXP_DEVCTL_NOSNOOP_EN | PCI_EXP_DEVCTL_EXT_TAG);

	for (int i = 0; i < 100; i++)
		ASSERT_EQ(2, mirror_write(&self->n, n->cap + PCI_EXP_DEVCTL, &value, 2));
	lab_check(n, "after 100 writes");
	lab_dma(n, SZ_4K, 0x53);
}

/* A write that begins or ends outside is cut at the mirror's ends. */
TEST_F(vfio_pci_nosnoop_mirror_test, across_its_ends)
{
	struct nosnoop *n = &self->n;
	size_t before = mirror.offset < 64 ? mirror.offset : 64;
	size_t behind = self->bar->info.size - mirror.offset - mirror.size;
	size_t len;
	u8 *buf;

	if (behind > 64)
		behind = 64;
	len = before + mirror.size + behind;
	buf = malloc(len);
	ASSERT_NE(NULL, buf);
	/* Nothing but PCI_COMMAND and DEVCTL, the lab's registers have no use of 0 */
	memset(buf, 0, len);
	ASSERT_EQ((ssize_t)len, pread(n->device->fd, buf, len,
				      self->bar->info.offset + mirror.offset - before));
	buf[before + PCI_COMMAND] |= PCI_COMMAND_MASTER | PCI_COMMAND_MEMORY;
	buf[before + n->cap + PCI_EXP_DEVCTL + 1] |= PCI_EXP_DEVCTL_NOSNOOP_EN >> 8;

	for (size_t i = 0; i <= before; i += 4) {
		ASSERT_EQ((ssize_t)(len - i), bar_write(self->bar, n->device->fd,
							mirror.offset - before + i,
							buf + i, len - i));
		lab_check(n, "after a write across the mirror");
	}
	ASSERT_EQ((ssize_t)(before + n->cap + 12),
		  bar_write(self->bar, n->device->fd, mirror.offset - before, buf,
			    before + n->cap + 12));
	lab_check(n, "after a write across its start");
	free(buf);
}

/* Anything, anywhere about it, and hidden resets between */
TEST_F_TIMEOUT(vfio_pci_nosnoop_mirror_test, random_writes, 300)
{
	struct nosnoop *n = &self->n;
	__le32 magic = htole32(MODEL_RESET_MAGIC);
	u64 seed = rnd_seed();
	u64 at;
	u8 buf[8];

	for (int i = 0; i < WRITES; i++) {
		size_t len = 1 + rnd(&seed) % sizeof(buf);

		for (size_t j = 0; j < len; j++)
			buf[j] = rnd(&seed);
		at = mirror.offset;
		switch (rnd(&seed) % 4) {
		case 0:
			at += PCI_COMMAND - 2 + rnd(&seed) % 6;
			break;
		case 1:
			at += n->cap + rnd(&seed) % 16;
			break;
		case 2:
			at += n->pm ? n->pm + rnd(&seed) % 8 : rnd(&seed) % 64;
			break;
		case 3:
			at += rnd(&seed) % 256 - (mirror.offset > 16 ? 8 : 0);
			break;
		}
		/* In D3hot, and where memory is off, there is no answer. */
		bar_write(self->bar, n->device->fd, at, buf, len);
		if (!(rnd(&seed) % 64))
			bar_write(&n->device->bars[0], n->device->fd, MODEL_REG_RESET,
				  &magic, sizeof(magic));
		if (!(i % 64)) {
			cfg_set_power_state(n, 0);
			vfio_pci_cmd_set(n->device, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
			nosnoop_check_log("among random writes");
		}
	}
	lab_recover(n);
}

/* The gate: a reset that nobody was told of, then mastering by the mirror */
TEST_F(vfio_pci_nosnoop_mirror_test, hidden_reset)
{
	struct nosnoop *n = &self->n;
	__le16 master = htole16(PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);

	for (int i = 0; i < 100; i++) {
		lab_hidden_reset(n, i % 2);
		vfio_pci_config_writew(n->device, PCI_COMMAND, PCI_COMMAND_MEMORY);
		ASSERT_EQ(2, mirror_write(&self->n, PCI_COMMAND, &master, 2));
		ASSERT_TRUE(hw_readw(n, PCI_COMMAND) & PCI_COMMAND_MASTER);
		lab_check(n, "after a hidden reset");
	}
	lab_dma(n, SZ_4K, 0x64);
}

/* FLR by its bit in the mirror is the core's, which restores what it saved. */
TEST_F(vfio_pci_nosnoop_mirror_test, flr)
{
	struct nosnoop *n = &self->n;
	__le16 flr = htole16(PCI_EXP_DEVCTL_BCR_FLR | PCI_EXP_DEVCTL_NOSNOOP_EN);
	off_t from = log_size();
	u32 devcap;

	cfg_read(n, n->cap + PCI_EXP_DEVCAP, &devcap, sizeof(devcap));
	if (!(le32toh(devcap) & PCI_EXP_DEVCAP_FLR))
		SKIP(return, "the device has no FLR");

	ASSERT_EQ(2, mirror_write(&self->n, n->cap + PCI_EXP_DEVCTL, &flr, 2));
	ASSERT_EQ(1, log_resets(from, "flr"));
	lab_check(n, "after FLR");
}

/* D3hot by the mirror, and out of it by config space: it does not answer. */
TEST_F(vfio_pci_nosnoop_mirror_test, d3hot)
{
	struct nosnoop *n = &self->n;
	__le16 pmcsr;

	if (!n->pm)
		SKIP(return, "the device has no power management");

	pmcsr = htole16(vfio_pci_config_readw(n->device, n->pm + PCI_PM_CTRL) | 3);
	ASSERT_EQ(2, mirror_write(&self->n, n->pm + PCI_PM_CTRL, &pmcsr, 2));
	ASSERT_EQ(3, hw_readw(n, n->pm + PCI_PM_CTRL) & PCI_PM_CTRL_STATE_MASK);
	pmcsr = 0;
	ASSERT_EQ(-EIO, mirror_write(&self->n, n->pm + PCI_PM_CTRL, &pmcsr, 2));
	cfg_set_power_state(n, 0);
	nosnoop_master_on(n);
	lab_check(n, "after D3hot");
}

/* As a BAR, it answers only while memory is enabled. */
TEST_F(vfio_pci_nosnoop_mirror_test, without_memory)
{
	struct nosnoop *n = &self->n;
	__le16 command = htole16(PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);

	vfio_pci_config_writew(n->device, PCI_COMMAND, 0);
	ASSERT_EQ(-EIO, mirror_write(&self->n, PCI_COMMAND, &command, 2));
	ASSERT_EQ(0, hw_readw(n, PCI_COMMAND) & PCI_COMMAND_MASTER);
}

/* Mappings */

static sigjmp_buf bus_error;

static void on_bus_error(int signal)
{
	siglongjmp(bus_error, 1);
}

/* Whether a byte at @address can be had, or written as it is */
static bool answers(u8 *address, bool write)
{
	struct sigaction action = { .sa_handler = on_bus_error }, before;
	static bool ok;

	VFIO_ASSERT_EQ(sigaction(SIGBUS, &action, &before), 0);
	WRITE_ONCE(ok, false);
	if (!sigsetjmp(bus_error, 1)) {
		u8 value = READ_ONCE(*address);

		if (write)
			WRITE_ONCE(*address, value);
		WRITE_ONCE(ok, true);
	}
	VFIO_ASSERT_EQ(sigaction(SIGBUS, &before, NULL), 0);

	return READ_ONCE(ok);
}

static void *map_bar(int fd, struct vfio_pci_bar *bar, u64 at, u64 size)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, bar->info.offset + at);
}

/* All of the BAR, so that its first byte is at @map */
static void check_mapping(u8 *map, u64 from, u64 size, u64 pages, u64 pages_end)
{
	u64 page = sysconf(_SC_PAGESIZE);

	for (u64 at = from; at < from + size; at += page) {
		bool mirrored = at >= pages && at < pages_end;

		/* Some of the rest, for it may be large */
		if (!mirrored && at > from + 16 * page && at + 16 * page < from + size &&
		    (at + 4 * page < pages || at > pages_end + 4 * page))
			continue;
		VFIO_ASSERT_EQ(answers(map + at - from, mirrored), !mirrored,
			       "page at %#lx of the BAR\n", at);
	}
}

TEST_F(vfio_pci_nosnoop_mirror_test, mappings)
{
	u64 page = sysconf(_SC_PAGESIZE), size = self->bar->info.size, from, len;
	int fd = self->n.device->fd;
	u8 *map, *moved;

	/* All, the mirror alone, and with a page on either side */
	for (int i = 0; i < 4; i++) {
		from = i == 0 ? 0 : self->pages;
		len = i == 0 ? size : self->pages_end - self->pages;
		if (i == 2 && from >= page) {
			from -= page;
			len += page;
		}
		if (i == 3 && from + len + page <= size)
			len += page;
		map = map_bar(fd, self->bar, from, len);
		ASSERT_NE(MAP_FAILED, map);
		check_mapping(map, from, len, self->pages, self->pages_end);

		/* A part of a mapping elsewhere, which remains what it is */
		moved = mremap(map + self->pages - from, page, page,
			       MREMAP_MAYMOVE | MREMAP_FIXED,
			       mmap(NULL, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
		ASSERT_NE(MAP_FAILED, moved);
		ASSERT_FALSE(answers(moved, true));
		/* Nor does it grow into what is behind it. */
		ASSERT_EQ(MAP_FAILED, mremap(moved, page, 2 * page, MREMAP_MAYMOVE));
		ASSERT_EQ(0, munmap(moved, page));
		ASSERT_EQ(0, munmap(map, len));
	}
	lab_check(&self->n, "after mappings");
}

/* What the mirror is not in can be mapped, and is offered for that. */
TEST_F(vfio_pci_nosnoop_mirror_test, sparse_areas)
{
	u8 buf[sizeof(struct vfio_region_info) + 512] = {};
	struct vfio_region_info *info = (void *)buf;
	struct vfio_region_info_cap_sparse_mmap *sparse;
	u64 want[2][2] = {
		{ 0, self->pages },
		{ self->pages_end, self->bar->info.size - self->pages_end },
	};
	unsigned int first = self->pages ? 0 : 1;
	unsigned int nr = 2 - first - (self->pages_end == self->bar->info.size);

	info->argsz = sizeof(buf);
	info->index = mirror.bar;
	ASSERT_EQ(0, ioctl(self->n.device->fd, VFIO_DEVICE_GET_REGION_INFO, info));
	if (!nr) {
		ASSERT_EQ(0, info->flags & VFIO_REGION_INFO_FLAG_MMAP);
		return;
	}
	ASSERT_TRUE(info->flags & VFIO_REGION_INFO_FLAG_MMAP);
	ASSERT_TRUE(info->flags & VFIO_REGION_INFO_FLAG_CAPS);
	sparse = (void *)(buf + info->cap_offset);
	while (sparse->header.id != VFIO_REGION_INFO_CAP_SPARSE_MMAP) {
		ASSERT_NE(0, sparse->header.next);
		sparse = (void *)(buf + sparse->header.next);
	}
	ASSERT_EQ(nr, sparse->nr_areas);
	for (unsigned int i = 0; i < nr; i++) {
		ASSERT_EQ(want[first + i][0], sparse->areas[i].offset);
		ASSERT_EQ(want[first + i][1], sparse->areas[i].size);
	}
}

/* Writes that are not the user's own */

TEST_F(vfio_pci_nosnoop_mirror_test, ioeventfd)
{
	struct vfio_device_ioeventfd ioeventfd = {
		.argsz = sizeof(ioeventfd),
		.flags = VFIO_DEVICE_IOEVENTFD_16,
		.offset = self->bar->info.offset + mirror.offset +
			  self->n.cap + PCI_EXP_DEVCTL,
		.data = PCI_EXP_DEVCTL_NOSNOOP_EN,
		.fd = eventfd(0, 0),
	};
	u64 one = 1;
	int ret;

	ASSERT_GE(ioeventfd.fd, 0);
	ret = ioctl(self->n.device->fd, VFIO_DEVICE_IOEVENTFD, &ioeventfd);
	EXPECT_EQ(-1, ret);
	EXPECT_EQ(ENOTTY, errno);
	if (!ret) {
		ASSERT_EQ(sizeof(one), write(ioeventfd.fd, &one, sizeof(one)));
		usleep(10000);
	}
	lab_check(&self->n, "after an ioeventfd");
	ASSERT_EQ(0, close(ioeventfd.fd));
}

/* Returns the dma-buf or -errno */
static int export_dma_buf(int fd, unsigned int bar, u64 offset, u64 length)
{
	u8 buf[sizeof(struct vfio_device_feature) +
	       sizeof(struct vfio_device_feature_dma_buf) +
	       sizeof(struct vfio_region_dma_range)] = {};
	struct vfio_device_feature *feature = (void *)buf;
	struct vfio_device_feature_dma_buf *get = (void *)feature->data;
	int ret;

	feature->argsz = sizeof(buf);
	feature->flags = VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_DMA_BUF;
	get->region_index = bar;
	get->open_flags = O_RDWR | O_CLOEXEC;
	get->nr_ranges = 1;
	get->dma_ranges[0].offset = offset;
	get->dma_ranges[0].length = length;
	ret = ioctl(fd, VFIO_DEVICE_FEATURE, feature);

	return ret < 0 ? -errno : ret;
}

TEST_F(vfio_pci_nosnoop_mirror_test, dma_buf)
{
	u64 page = sysconf(_SC_PAGESIZE), size = self->bar->info.size;
	int fd = self->n.device->fd, ret;

	ret = self->pages >= page ? export_dma_buf(fd, mirror.bar, 0, page) : -EOPNOTSUPP;
	if (ret < 0)
		SKIP(return, "the kernel exports no dma-buf of this BAR: %s", strerror(-ret));
	ASSERT_EQ(0, close(ret));

	ASSERT_EQ(-EINVAL, export_dma_buf(fd, mirror.bar, self->pages, page));
	ASSERT_EQ(-EINVAL, export_dma_buf(fd, mirror.bar, 0, size));
	ASSERT_EQ(-EINVAL, export_dma_buf(fd, mirror.bar, self->pages - page, 2 * page));
	if (self->pages_end + page <= size) {
		ret = export_dma_buf(fd, mirror.bar, self->pages_end, page);
		ASSERT_GE(ret, 0);
		ASSERT_EQ(0, close(ret));
	}
}

/* Nor can a peer's DMA get there by way of a mapping. */
TEST_F(vfio_pci_nosnoop_mirror_test, peer_to_peer)
{
	u64 len = self->pages_end - self->pages;
	struct dma_region region = { .size = len };

	if (strstr(variant->iommu_mode, "iommufd"))
		SKIP(return, "iommufd maps no BARs by address");

	region.vaddr = map_bar(self->n.device->fd, self->bar, self->pages, len);
	ASSERT_NE(MAP_FAILED, region.vaddr);
	region.iova = iova_allocator_alloc(lab.iova_allocator, len);
	ASSERT_EQ(-EFAULT, __iommu_map(self->n.iommu, &region));
	ASSERT_EQ(0, munmap(region.vaddr, len));
}

int main(int argc, char *argv[])
{
	const char *env = getenv("VFIO_NOSNOOP_MIRROR");

	if (env && sscanf(env, "%x:%lx:%lx", &mirror.bar, &mirror.offset, &mirror.size) != 3)
		ksft_exit_fail_msg("VFIO_NOSNOOP_MIRROR=%s: give bar:offset:size\n", env);

	device_bdf = vfio_selftests_get_bdf(&argc, argv);

	return nosnoop_run(device_bdf, test_harness_run, argc, argv);
}
