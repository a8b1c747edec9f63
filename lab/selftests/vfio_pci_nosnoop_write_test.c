// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio-pci-nosnoop: what hostile users write. Random bytes to all of config
 * space, and from a buffer that a thread changes while the kernel reads it.
 *
 * Needs: the lab's device and its log. Random writes reach vendor registers
 * whose meaning nobody knows, and only the log sees a gap that lasts for less
 * than a system call.
 *
 * Run: ./vfio_pci_nosnoop_write_test [options] 0000:01:00.0
 *      VFIO_NOSNOOP_LOG=file	the log of the lab's device
 *      VFIO_NOSNOOP_SEED=n	repeat the random values of an earlier run
 */
#include <pthread.h>

#include "nosnoop_lab.h"

#include "kselftest_harness.h"

#define WHOLE_SPACE_WRITES	200
#define PARTIAL_WRITES		2000
#define DEVCTL_WRITES		10000	/* of 2, and again of 4 bytes */
#define COMMAND_WRITES		2000

static const char *device_bdf;

FIXTURE(vfio_pci_nosnoop_write_test) {
	struct nosnoop n;
};

FIXTURE_VARIANT(vfio_pci_nosnoop_write_test) {
	const char *iommu_mode;
};

#define FIXTURE_VARIANT_ADD_IOMMU_MODE(_iommu_mode)		\
FIXTURE_VARIANT_ADD(vfio_pci_nosnoop_write_test, _iommu_mode) {	\
	.iommu_mode = #_iommu_mode,				\
}

FIXTURE_VARIANT_ADD_ALL_IOMMU_MODES();

#undef FIXTURE_VARIANT_ADD_IOMMU_MODE

FIXTURE_SETUP(vfio_pci_nosnoop_write_test)
{
	const char *missing = lab_missing(device_bdf, variant->iommu_mode);

	if (missing)
		SKIP(return, "%s", missing);

	lab_setup(&self->n, device_bdf, variant->iommu_mode);
}

FIXTURE_TEARDOWN(vfio_pci_nosnoop_write_test)
{
	lab_teardown(&self->n);
}

/* One write of random bytes; a reset only in one of 16 writes */
static void random_write(struct nosnoop *n, u64 *seed, u8 *buf, u64 offset, size_t len)
{
	u64 flr = n->cap + PCI_EXP_DEVCTL + 1;
	ssize_t ret;

	for (size_t i = 0; i < len; i++)
		buf[i] = rnd(seed);
	if (flr >= offset && flr < offset + len && rnd(seed) % 16)
		buf[flr - offset] &= ~(PCI_EXP_DEVCTL_BCR_FLR >> 8);

	ret = __cfg_write(n, offset, buf, len);
	VFIO_ASSERT_EQ(ret, (ssize_t)len, "%zu bytes at %#lx\n", len, offset);
}

TEST_F_TIMEOUT(vfio_pci_nosnoop_write_test, random_config_space, 300)
{
	struct nosnoop *n = &self->n;
	size_t size = n->device->config_space.size, len;
	u8 *buf = malloc_assert(size);
	u64 seed = rnd_seed(), offset;
	int masters = 0;

	for (int i = 0; i < WHOLE_SPACE_WRITES; i++) {
		random_write(n, &seed, buf, 0, size);
		masters += !!(hw_readw(n, PCI_COMMAND) & PCI_COMMAND_MASTER);
		lab_check(n, "after a write of all config space");
	}
	/* If none of these turned mastering on, the test would say nothing. */
	ASSERT_GT(masters, WHOLE_SPACE_WRITES / 8);
	lab_recover(n);

	for (int i = 0; i < PARTIAL_WRITES; i++) {
		/* Half of them where it matters */
		if (i & 1) {
			offset = rnd(&seed) % size;
			len = 1 + rnd(&seed) % (size - offset);
			if (rnd(&seed) % 4)
				len = 1 + len % 16;
			if (offset + len > size)
				len = size - offset;
		} else {
			offset = rnd(&seed) % 2 ? n->cap + rnd(&seed) % 12 : rnd(&seed) % 6;
			len = 1 + rnd(&seed) % 12;
		}
		random_write(n, &seed, buf, offset, len);
		lab_check(n, "after a write of a part of config space");
	}
	lab_recover(n);
	free(buf);
}

/*
 * An access that fails leaves nothing in the log. So it writes no register that
 * matters, not even with the value that the register has.
 */
TEST_F(vfio_pci_nosnoop_write_test, failed_writes_reach_nothing)
{
	struct nosnoop *n = &self->n;
	u16 at[] = { PCI_COMMAND, n->cap + PCI_EXP_DEVCTL, n->cap + PCI_EXP_DEVCTL + 1 };
	size_t end = n->device->config_space.size;
	u8 *none = buffer_end(0), *whole = malloc_assert(end + 1);
	off_t from = log_size();

	memset(whole, 0x7f, end + 1);
	for (size_t i = 0; i < ARRAY_SIZE(at); i++) {
		ASSERT_EQ(-EFAULT, __cfg_write(n, at[i], whole, end - at[i] + 1));
		for (size_t len = 1; len <= 8; len++)
			ASSERT_EQ(-EFAULT, __cfg_write(n, at[i], none, len));
	}
	for (size_t len = 2; len <= 4; len += 2) {
		for (size_t valid = 0; valid < len; valid++) {
			u8 *part = buffer_end(valid);

			memset(part, 0x7f, valid);
			ASSERT_EQ(-EFAULT, __cfg_write(n, n->cap + PCI_EXP_DEVCTL, part, len));
			buffer_free(part, valid);
		}
	}
	ASSERT_EQ(0, log_count(from, "devctl"));
	ASSERT_EQ(0, log_count(from, "command"));
	buffer_free(none, 0);
	free(whole);
}

/* The buffer that one thread changes while another writes from it */
struct flipper {
	pthread_t thread;
	u8 *byte;
	u8 mask;
	bool stop;
	u64 flips;
};

static void *flip(void *arg)
{
	struct flipper *f = arg;

	while (!__atomic_load_n(&f->stop, __ATOMIC_RELAXED)) {
		__atomic_xor_fetch(f->byte, f->mask, __ATOMIC_RELAXED);
		f->flips++;
	}

	return NULL;
}

static void flipper_start(struct flipper *f, u8 *byte, u8 mask)
{
	*f = (struct flipper) { .byte = byte, .mask = mask };
	VFIO_ASSERT_EQ(pthread_create(&f->thread, NULL, flip, f), 0);
}

static void flipper_stop(struct flipper *f)
{
	__atomic_store_n(&f->stop, true, __ATOMIC_RELAXED);
	VFIO_ASSERT_EQ(pthread_join(f->thread, NULL), 0);
	VFIO_ASSERT_GT(f->flips, 0);
}

static void race_devctl(struct nosnoop *n, size_t len)
{
	u16 pos = n->cap + PCI_EXP_DEVCTL;
	struct flipper f;
	double took;
	u8 buf[4];

	nosnoop_master_on(n);
	cfg_read(n, pos, buf, len);
	flipper_start(&f, buf + 1, PCI_EXP_DEVCTL_NOSNOOP_EN >> 8);
	took = seconds();
	for (int i = 0; i < DEVCTL_WRITES; i++)
		cfg_write(n, pos, buf, len);
	took = seconds() - took;
	flipper_stop(&f);
	ksft_print_msg("%d writes of %zu bytes in %.1f s, %.0f a second, %lu flips\n",
		       DEVCTL_WRITES, len, took, DEVCTL_WRITES / took, f.flips);
	lab_check(n, "after the race");
}

TEST_F_TIMEOUT(vfio_pci_nosnoop_write_test, changing_buffer_devctl_word, 300)
{
	race_devctl(&self->n, 2);
}

TEST_F_TIMEOUT(vfio_pci_nosnoop_write_test, changing_buffer_devctl_dword, 300)
{
	race_devctl(&self->n, 4);
}

/*
 * Whether a write enables mastering changes while it is under way. Hidden resets in
 * between set the bit, so that it matters. The driver must not trust what it saw in
 * the buffer earlier.
 */
TEST_F_TIMEOUT(vfio_pci_nosnoop_write_test, changing_buffer_command, 300)
{
	struct nosnoop *n = &self->n;
	struct flipper f;
	double took;
	u8 buf[4];
	int i;

	nosnoop_master_on(n);
	cfg_read(n, PCI_COMMAND, buf, sizeof(buf));
	flipper_start(&f, buf, PCI_COMMAND_MASTER);
	took = seconds();
	for (i = 0; i < COMMAND_WRITES; i++) {
		lab_hidden_reset(n, false);
		cfg_write(n, PCI_COMMAND, buf, i % 2 ? 2 : 4);
		nosnoop_check_log("after a COMMAND write");
	}
	took = seconds() - took;
	flipper_stop(&f);
	ksft_print_msg("%d hidden resets and COMMAND writes in %.1f s, %.0f a second, %lu flips\n",
		       i, took, i / took, f.flips);
	nosnoop_master_on(n);
	lab_check(n, "after the race");
}

int main(int argc, char *argv[])
{
	device_bdf = vfio_selftests_get_bdf(&argc, argv);

	return nosnoop_run(device_bdf, test_harness_run, argc, argv);
}
