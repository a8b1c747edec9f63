// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio-pci-nosnoop: config space in a BAR. What a hostile process does to it
 * has the effect that it has in config space, and no other. On vfio-pci the
 * tests that write fail.
 *
 * Needs: the lab's device, posing as one of NVIDIA's with the mirrors that
 * they have, and its log:
 *
 *      --vendor 10de --device 1b80 --class 030000 --bar0-size 1M
 *      --mirror 0:1800:100 --mirror 0:88000:1000 --mirror 0:8a000:1000
 *
 * or --device 2330, with --mirror 0:92000:1000 in place of the last mirror.
 *
 * Run: ./vfio_pci_nosnoop_mirror_test [options] 0000:01:00.0
 *      VFIO_NOSNOOP_LOG=file	the log of the lab's device
 *      VFIO_NOSNOOP_SEED=n	repeat the random values of an earlier run
 */
#include <linux/pci_ids.h>

#include "nosnoop_lab.h"

#include "kselftest_harness.h"

#define WRITES		10000

static const char *device_bdf;

/* In BAR0, in order */
struct mirror {
	u64 offset;
	u64 size;
	bool sound;	/* leads to the sound function, so writes are dropped */
};

#define MIRRORS		3

static const struct mirror before_gh100[MIRRORS] = {
	{ 0x1800, 0x100 }, { 0x88000, SZ_4K }, { 0x8a000, SZ_4K, true },
};

static const struct mirror since_gh100[MIRRORS] = {
	{ 0x1800, 0x100 }, { 0x88000, SZ_4K }, { 0x92000, SZ_4K },
};

FIXTURE(vfio_pci_nosnoop_mirror_test) {
	struct nosnoop n;
	struct vfio_pci_bar *bar;
	const struct mirror *mirrors;
	const struct mirror *end;	/* of those that lead to this function */
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
	struct nosnoop n = { .bdf = device_bdf };
	u16 device = hw_readw(&n, PCI_DEVICE_ID);

	if (missing)
		SKIP(return, "%s", missing);
	if (hw_readw(&n, PCI_VENDOR_ID) != PCI_VENDOR_ID_NVIDIA)
		SKIP(return, "the lab's device does not pose as one of NVIDIA's");

	self->mirrors = device >> 8 == 0x23 || device >= 0x2900 ? since_gh100 : before_gh100;
	self->end = self->mirrors + MIRRORS - self->mirrors[MIRRORS - 1].sound;
	lab_setup(&self->n, device_bdf, variant->iommu_mode);
	self->bar = &self->n.device->bars[0];
	ASSERT_EQ(SZ_1M, self->bar->info.size);
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
static ssize_t mirror_write(struct nosnoop *n, const struct mirror *m, u64 pos,
			    const void *buf, size_t len)
{
	return bar_write(&n->device->bars[0], n->device->fd, m->offset + pos, buf, len);
}

/* Of config space, through the BAR */
static u32 mirror_read(struct nosnoop *n, const struct mirror *m, u64 pos, size_t len)
{
	u64 at = n->device->bars[0].info.offset + m->offset + pos;
	u32 value = 0;

	VFIO_ASSERT_EQ(pread(n->device->fd, &value, len, at), (ssize_t)len);

	return le32toh(value);
}

TEST_F(vfio_pci_nosnoop_mirror_test, is_there)
{
	struct nosnoop *n = &self->n;

	for (int i = 0; i < MIRRORS; i++) {
		const struct mirror *m = self->mirrors + i;

		ASSERT_EQ(hw_readw(n, PCI_VENDOR_ID), mirror_read(n, m, PCI_VENDOR_ID, 2));
		ASSERT_EQ(hw_readw(n, PCI_COMMAND), mirror_read(n, m, PCI_COMMAND, 2));
		ASSERT_EQ(hw_devctl(n), mirror_read(n, m, n->cap + PCI_EXP_DEVCTL, 2));
	}
}

/* Each width at each place where it meets the bit, alone and with others */
TEST_F(vfio_pci_nosnoop_mirror_test, bit_is_masked)
{
	struct nosnoop *n = &self->n;
	u8 ones[16];

	memset(ones, 0xff, sizeof(ones));
	for (const struct mirror *m = self->mirrors; m < self->end; m++) {
		/* Not FLR, which would be a reset. */
		for (int pos = n->cap; pos <= n->cap + PCI_EXP_DEVCTL + 1; pos++) {
			for (size_t len = 1; len <= sizeof(ones); len++) {
				int hi = n->cap + PCI_EXP_DEVCTL + 1 - pos;

				if (hi < (int)len)
					ones[hi] = 0x7f;
				ASSERT_EQ((ssize_t)len, mirror_write(n, m, pos, ones, len));
				ones[hi < (int)sizeof(ones) ? hi : 0] = 0xff;
				lab_check(n, "after a write of the mirror");
			}
		}
		/* And what is not masked arrives. */
		if (n->implemented & PCI_EXP_DEVCTL_EXT_TAG)
			ASSERT_TRUE(hw_devctl(n) & PCI_EXP_DEVCTL_EXT_TAG);
		cfg_write_devctl(n, 0);
	}
	nosnoop_master_on(n);
	lab_dma(n, SZ_4K, 0x31);
}

/* The sound function is not the user's, so its registers must not be written. */
TEST_F(vfio_pci_nosnoop_mirror_test, sound_function_is_not_written)
{
	const struct mirror *m = self->mirrors + MIRRORS - 1;
	struct nosnoop *n = &self->n;
	off_t from = log_size();
	u8 ones[16];

	if (!m->sound)
		SKIP(return, "this device has no mirror of a sound function");

	memset(ones, 0xff, sizeof(ones));
	for (size_t len = 1; len <= sizeof(ones); len++) {
		mirror_write(n, m, PCI_COMMAND, ones, len);
		mirror_write(n, m, n->cap + PCI_EXP_DEVCTL, ones, len);
		mirror_write(n, m, n->cap + PCI_EXP_DEVCTL + 1, ones, len);
		mirror_write(n, m, n->pm + PCI_PM_CTRL, ones, len);
	}
	ASSERT_EQ(0, log_count(from, "command"));
	ASSERT_EQ(0, log_count(from, "devctl"));
	ASSERT_EQ(0, log_count(from, "pmcsr"));
	ASSERT_EQ(0, log_count(from, "reset"));
}

/* Equal writes, repeated as by a guest for which QEMU makes an ioeventfd of them */
TEST_F(vfio_pci_nosnoop_mirror_test, equal_writes)
{
	struct nosnoop *n = &self->n;
	__le16 value = htole16(PCI_EXP_DEVCTL_NOSNOOP_EN | PCI_EXP_DEVCTL_EXT_TAG);

	for (const struct mirror *m = self->mirrors; m < self->end; m++) {
		for (int i = 0; i < 100; i++)
			ASSERT_EQ(2, mirror_write(n, m, n->cap + PCI_EXP_DEVCTL, &value, 2));
		lab_check(n, "after 100 writes");
	}
	lab_dma(n, SZ_4K, 0x53);
}

/*
 * A write that begins or ends outside of the mirror is cut at the mirror's ends. The
 * rest, of which there must be some, is left to the next write.
 */
static void write_all(struct nosnoop *n, struct vfio_pci_bar *bar, u64 at, const u8 *buf,
		      size_t len)
{
	int calls = 0;
	ssize_t ret;

	for (; len; calls++, at += ret, buf += ret, len -= ret) {
		ret = bar_write(bar, n->device->fd, at, buf, len);
		VFIO_ASSERT_GT(ret, 0);
		lab_check(n, "after a part of a write across the mirror");
	}
	VFIO_ASSERT_GT(calls, 1);
}

static void write_across(struct nosnoop *n, struct vfio_pci_bar *bar, const struct mirror *m)
{
	size_t len = 64 + m->size + 64, some = 64 + n->cap + 12, i;
	u8 *buf = malloc_assert(len);
	ssize_t ret;

	/* Except for COMMAND and DEVCTL, everything is written with its present value. */
	ret = pread(n->device->fd, buf, len, bar->info.offset + m->offset - 64);
	VFIO_ASSERT_EQ(ret, (ssize_t)len);
	buf[64 + PCI_COMMAND] |= PCI_COMMAND_MASTER | PCI_COMMAND_MEMORY;
	buf[64 + n->cap + PCI_EXP_DEVCTL + 1] |= PCI_EXP_DEVCTL_NOSNOOP_EN >> 8;

	for (i = 0; i <= 64; i += 4)
		write_all(n, bar, m->offset - 64 + i, buf + i, len - i);
	write_all(n, bar, m->offset - 64, buf, some);
	free(buf);
}

TEST_F(vfio_pci_nosnoop_mirror_test, across_its_ends)
{
	for (const struct mirror *m = self->mirrors; m < self->end; m++)
		write_across(&self->n, self->bar, m);
}

/* Anything is written anywhere around the mirror, with hidden resets in between. */
TEST_F_TIMEOUT(vfio_pci_nosnoop_mirror_test, random_writes, 300)
{
	struct nosnoop *n = &self->n;
	__le32 magic = htole32(MODEL_RESET_MAGIC);
	u64 seed = rnd_seed(), at;
	const struct mirror *m;
	u8 buf[8];

	for (int i = 0; i < WRITES; i++) {
		size_t len = 1 + rnd(&seed) % sizeof(buf);

		for (size_t j = 0; j < len; j++)
			buf[j] = rnd(&seed);
		m = self->mirrors + rnd(&seed) % MIRRORS;
		at = m->offset;
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
			at += rnd(&seed) % 256 - 8;
			break;
		}
		/* In D3hot, and while memory is off, this fails. */
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

/* A reset that the kernel is not told of, then mastering by the mirror */
TEST_F(vfio_pci_nosnoop_mirror_test, hidden_reset)
{
	struct nosnoop *n = &self->n;
	__le16 master = htole16(PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);

	for (const struct mirror *m = self->mirrors; m < self->end; m++) {
		for (int i = 0; i < 100; i++) {
			lab_hidden_reset(n, i % 2);
			vfio_pci_config_writew(n->device, PCI_COMMAND, PCI_COMMAND_MEMORY);
			ASSERT_EQ(2, mirror_write(n, m, PCI_COMMAND, &master, 2));
			ASSERT_TRUE(hw_readw(n, PCI_COMMAND) & PCI_COMMAND_MASTER);
			lab_check(n, "after a hidden reset");
		}
	}
	lab_dma(n, SZ_4K, 0x64);
}

/* FLR by its bit in the mirror is the core's, which restores what it saved. */
TEST_F(vfio_pci_nosnoop_mirror_test, flr)
{
	struct nosnoop *n = &self->n;
	__le16 flr = htole16(PCI_EXP_DEVCTL_BCR_FLR | PCI_EXP_DEVCTL_NOSNOOP_EN);
	off_t from = log_size();
	u64 resets = 0;

	for (const struct mirror *m = self->mirrors; m < self->end; m++) {
		ASSERT_EQ(2, mirror_write(n, m, n->cap + PCI_EXP_DEVCTL, &flr, 2));
		ASSERT_EQ(++resets, log_resets(from, "flr"));
		lab_check(n, "after FLR");
	}
}

/* D3hot by the mirror, and out of it by config space: it does not answer. */
TEST_F(vfio_pci_nosnoop_mirror_test, d3hot)
{
	struct nosnoop *n = &self->n;
	u16 pos = n->pm + PCI_PM_CTRL;
	__le16 pmcsr;

	for (const struct mirror *m = self->mirrors; m < self->end; m++) {
		pmcsr = htole16(vfio_pci_config_readw(n->device, pos) | 3);
		ASSERT_EQ(2, mirror_write(n, m, pos, &pmcsr, 2));
		ASSERT_EQ(3, hw_readw(n, pos) & PCI_PM_CTRL_STATE_MASK);
		pmcsr = 0;
		ASSERT_EQ(-EIO, mirror_write(n, m, pos, &pmcsr, 2));
		cfg_set_power_state(n, 0);
		nosnoop_master_on(n);
		lab_check(n, "after D3hot");
	}
}

/* Like any BAR, it answers only while memory is enabled. */
TEST_F(vfio_pci_nosnoop_mirror_test, without_memory)
{
	struct nosnoop *n = &self->n;
	__le16 command = htole16(PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);

	vfio_pci_config_writew(n->device, PCI_COMMAND, 0);
	for (const struct mirror *m = self->mirrors; m < self->end; m++) {
		ASSERT_EQ(-EIO, mirror_write(n, m, PCI_COMMAND, &command, 2));
		ASSERT_EQ(0, hw_readw(n, PCI_COMMAND) & PCI_COMMAND_MASTER);
	}
}

/* Mappings: the pages that a mirror is in, and what is between them */

struct area {
	u64 start;
	u64 end;
};

static struct area pages_of(const struct mirror *m)
{
	u64 page = sysconf(_SC_PAGESIZE);

	return (struct area) {
		m->offset / page * page,
		(m->offset + m->size + page - 1) / page * page,
	};
}

/* The gaps, in order; there is one before the first and one after the last */
static void find_gaps(const struct mirror *mirrors, struct area *gaps, u64 size)
{
	u64 start = 0;

	for (int i = 0; i < MIRRORS; i++) {
		struct area pages = pages_of(mirrors + i);

		VFIO_ASSERT_LT(start, pages.start);
		gaps[i] = (struct area) { start, pages.start };
		start = pages.end;
	}
	gaps[MIRRORS] = (struct area) { start, size };
	VFIO_ASSERT_LT(start, size);
}

static void *map_bar(int fd, struct vfio_pci_bar *bar, u64 start, u64 end)
{
	return mmap(NULL, end - start, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		    bar->info.offset + start);
}

static int map_error(int fd, struct vfio_pci_bar *bar, u64 start, u64 end)
{
	void *map = map_bar(fd, bar, start, end);

	if (map == MAP_FAILED)
		return errno;
	VFIO_ASSERT_EQ(munmap(map, end - start), 0);

	return 0;
}

/* A mapping that includes a page of a mirror is refused at once. */
TEST_F(vfio_pci_nosnoop_mirror_test, mapping_is_refused)
{
	u64 page = sysconf(_SC_PAGESIZE), size = self->bar->info.size;
	int fd = self->n.device->fd;

	ASSERT_EQ(EINVAL, map_error(fd, self->bar, 0, size));
	for (int i = 0; i < MIRRORS; i++) {
		struct area p = pages_of(self->mirrors + i);

		ASSERT_EQ(EINVAL, map_error(fd, self->bar, p.start, p.end));
		ASSERT_EQ(EINVAL, map_error(fd, self->bar, p.start - page, p.end));
		ASSERT_EQ(EINVAL, map_error(fd, self->bar, p.start, p.end + page));
		ASSERT_EQ(EINVAL, map_error(fd, self->bar, p.start - page, p.end + page));
		ASSERT_EQ(EINVAL, map_error(fd, self->bar, 0, p.end));
		ASSERT_EQ(EINVAL, map_error(fd, self->bar, p.start, size));
	}
	lab_check(&self->n, "after mappings that were refused");
}

/* What is between them can be mapped, and does not grow into them. */
TEST_F(vfio_pci_nosnoop_mirror_test, mapping_between)
{
	u64 page = sysconf(_SC_PAGESIZE);
	struct area gaps[MIRRORS + 1];
	int fd = self->n.device->fd;
	u8 *map;

	find_gaps(self->mirrors, gaps, self->bar->info.size);
	for (int i = 0; i <= MIRRORS; i++) {
		map = map_bar(fd, self->bar, gaps[i].start, gaps[i].end);
		ASSERT_NE(MAP_FAILED, map);
		readl(map);
		readl(map + gaps[i].end - gaps[i].start - page);
		ASSERT_EQ(0, munmap(map, gaps[i].end - gaps[i].start));
		if (i == MIRRORS)
			break;

		map = map_bar(fd, self->bar, gaps[i].end - page, gaps[i].end);
		ASSERT_NE(MAP_FAILED, map);
		ASSERT_EQ(MAP_FAILED, mremap(map, page, 2 * page, MREMAP_MAYMOVE));
		ASSERT_EQ(0, munmap(map, page));
	}
}

/* VFIO_REGION_INFO says what can be mapped. */
TEST_F(vfio_pci_nosnoop_mirror_test, sparse_areas)
{
	u8 buf[sizeof(struct vfio_region_info) + 512] = {};
	struct vfio_region_info *info = (void *)buf;
	struct vfio_region_info_cap_sparse_mmap *sparse;
	struct area gaps[MIRRORS + 1];

	info->argsz = sizeof(buf);
	info->index = VFIO_PCI_BAR0_REGION_INDEX;
	ASSERT_EQ(0, ioctl(self->n.device->fd, VFIO_DEVICE_GET_REGION_INFO, info));
	ASSERT_TRUE(info->flags & VFIO_REGION_INFO_FLAG_MMAP);
	ASSERT_TRUE(info->flags & VFIO_REGION_INFO_FLAG_CAPS);
	sparse = (void *)(buf + info->cap_offset);
	while (sparse->header.id != VFIO_REGION_INFO_CAP_SPARSE_MMAP) {
		ASSERT_NE(0, sparse->header.next);
		sparse = (void *)(buf + sparse->header.next);
	}
	find_gaps(self->mirrors, gaps, self->bar->info.size);
	ASSERT_EQ(MIRRORS + 1, sparse->nr_areas);
	for (int i = 0; i <= MIRRORS; i++) {
		ASSERT_EQ(gaps[i].start, sparse->areas[i].offset);
		ASSERT_EQ(gaps[i].end - gaps[i].start, sparse->areas[i].size);
	}
}

/* Returns the dma-buf or -errno */
static int export_dma_buf(int fd, u64 start, u64 end)
{
	u8 buf[sizeof(struct vfio_device_feature) +
	       sizeof(struct vfio_device_feature_dma_buf) +
	       sizeof(struct vfio_region_dma_range)] = {};
	struct vfio_device_feature *feature = (void *)buf;
	struct vfio_device_feature_dma_buf *get = (void *)feature->data;
	int ret;

	feature->argsz = sizeof(buf);
	feature->flags = VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_DMA_BUF;
	get->region_index = VFIO_PCI_BAR0_REGION_INDEX;
	get->open_flags = O_RDWR | O_CLOEXEC;
	get->nr_ranges = 1;
	get->dma_ranges[0].offset = start;
	get->dma_ranges[0].length = end - start;
	ret = ioctl(fd, VFIO_DEVICE_FEATURE, feature);

	return ret < 0 ? -errno : ret;
}

/* A peer does not get to the mirrors either. */
TEST_F(vfio_pci_nosnoop_mirror_test, dma_buf)
{
	u64 page = sysconf(_SC_PAGESIZE), size = self->bar->info.size;
	struct area gaps[MIRRORS + 1];
	int fd = self->n.device->fd, ret;

	find_gaps(self->mirrors, gaps, size);
	for (int i = 0; i <= MIRRORS; i++) {
		ret = export_dma_buf(fd, gaps[i].start, gaps[i].end);
		/* Only a kernel that does not know the feature says so. */
		if (ret == -ENOTTY)
			SKIP(return, "this kernel exports no dma-buf of a BAR");
		ASSERT_GE(ret, 0);
		ASSERT_EQ(0, close(ret));
	}

	ASSERT_EQ(-EINVAL, export_dma_buf(fd, 0, size));
	for (int i = 0; i < MIRRORS; i++) {
		struct area p = pages_of(self->mirrors + i);

		ASSERT_EQ(-EINVAL, export_dma_buf(fd, p.start, p.end));
		ASSERT_EQ(-EINVAL, export_dma_buf(fd, p.start - page, p.end));
		ASSERT_EQ(-EINVAL, export_dma_buf(fd, p.start, p.end + page));
	}
}

int main(int argc, char *argv[])
{
	device_bdf = vfio_selftests_get_bdf(&argc, argv);

	return nosnoop_run(device_bdf, test_harness_run, argc, argv);
}
