// SPDX-License-Identifier: GPL-2.0-only
/*
 * A function that resets itself, through its BAR, while another thread enables
 * bus mastering: the one way to No Snoop that takes the core to close, and for
 * interrupts and the ROM is not. It is found, and the open is over in which
 * that happens. See vfio_pci_nosnoop.h for what the tests look at. Needs the
 * lab's device.
 *
 * Run: ./vfio_pci_nosnoop_race_test [options] 0000:01:00.0
 *      VFIO_NOSNOOP_LOG=file	the log of the lab's device
 *      VFIO_NOSNOOP_TRIES=n	how many tries there are in the first test
 */
#include <pthread.h>

#include "nosnoop_lab.h"

#include "kselftest_harness.h"

#define TRIES		10000	/* where VFIO_NOSNOOP_TRIES does not say */
/* Few enough that most opens see many tries: one that is hit is over. */
#define RESET_EVERY_US	20000

static const char *device_bdf;

FIXTURE(vfio_pci_nosnoop_race_test) {
	struct nosnoop n;
};

FIXTURE_VARIANT(vfio_pci_nosnoop_race_test) {
	const char *iommu_mode;
};

#define FIXTURE_VARIANT_ADD_IOMMU_MODE(_iommu_mode)			\
FIXTURE_VARIANT_ADD(vfio_pci_nosnoop_race_test, _iommu_mode) {		\
	.iommu_mode = #_iommu_mode,					\
}

FIXTURE_VARIANT_ADD_ALL_IOMMU_MODES();

#undef FIXTURE_VARIANT_ADD_IOMMU_MODE

FIXTURE_SETUP(vfio_pci_nosnoop_race_test)
{
	const char *missing = lab_missing(device_bdf, variant->iommu_mode);

	if (missing)
		SKIP(return, "%s", missing);

	nosnoop_prepare(&self->n, device_bdf);
	lab_open(&self->n, variant->iommu_mode);
}

FIXTURE_TEARDOWN(vfio_pci_nosnoop_race_test)
{
	if (self->n.device)
		nosnoop_close(&self->n);
}

struct resetter {
	pthread_t thread;
	struct nosnoop *n;
	u64 seed;
	u64 resets;	/* so far */
	bool mapped;
	bool stop;
};

/*
 * Has an effect whenever the other thread's write has turned memory on. By
 * pwrite where the function goes to D3hot: access to what is mapped is SIGBUS.
 */
static void *reset_on(void *arg)
{
	u64 register_offset = MODEL_REG_RESET;
	u32 magic = htole32(MODEL_RESET_MAGIC);
	struct resetter *r = arg;

	register_offset += r->n->device->bars[0].info.offset;
	while (!READ_ONCE(r->stop)) {
		usleep(rnd(&r->seed) % (2 * RESET_EVERY_US));
		if (r->mapped)
			lab_write32(r->n, MODEL_REG_RESET, MODEL_RESET_MAGIC, true);
		else if (pwrite(r->n->device->fd, &magic, 4, register_offset) != 4)
			VFIO_ASSERT_EQ(errno, EIO);
		__atomic_add_fetch(&r->resets, 1, __ATOMIC_RELAXED);
	}

	return NULL;
}

/* What the resets race with: whatever has the kernel write COMMAND */
typedef ssize_t (*race_fn)(struct nosnoop *n);

static ssize_t enable_mastering(struct nosnoop *n)
{
	__le16 command = htole16(PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);

	return __cfg_write(n, PCI_COMMAND, &command, sizeof(command));
}

/* The core writes COMMAND back as it read it before it set them up. */
static ssize_t set_up_interrupts(struct nosnoop *n)
{
	ssize_t ret = enable_mastering(n);

	if (ret < 0)
		return ret;
	vfio_pci_msix_enable(n->device, 0, 1);
	vfio_pci_msix_disable(n->device);

	return ret;
}

/* The core saves COMMAND and then DEVCTL, and restores both. */
static ssize_t change_power(struct nosnoop *n)
{
	ssize_t ret = enable_mastering(n);

	if (ret < 0)
		return ret;
	cfg_set_power_state(n, 3);
	cfg_set_power_state(n, 0);

	return ret;
}

/* So does it to look how large the ROM is. */
static ssize_t size_rom(struct nosnoop *n)
{
	struct vfio_region_info info = {
		.argsz = sizeof(info),
		.index = VFIO_PCI_ROM_REGION_INDEX,
	};
	ssize_t ret = enable_mastering(n);

	if (ret < 0)
		return ret;
	ioctl_assert(n->device->fd, VFIO_DEVICE_GET_REGION_INFO, &info);
	VFIO_ASSERT_NE(info.size, 0);

	return ret;
}

/*
 * Until mastering is refused or the tries are used up; returns how many it took
 * and, in *@recent, how many resets there were in the call in which the bit was
 * found: in the try that was refused or in the one before.
 */
static int race(struct nosnoop *n, race_fn racer, u64 seed, int tries, bool *refused,
		u64 *resets, u64 *recent)
{
	struct resetter r = { .n = n, .seed = seed, .mapped = racer != change_power };
	u64 before, since = 0;
	ssize_t ret;
	int i;

	*refused = false;
	VFIO_ASSERT_EQ(pthread_create(&r.thread, NULL, reset_on, &r), 0);
	for (i = 0, before = 0; i < tries && !*refused; i++) {
		since = before;
		before = __atomic_load_n(&r.resets, __ATOMIC_RELAXED);
		ret = racer(n);
		*refused = ret == -EIO;
		VFIO_ASSERT_TRUE(*refused || ret == 2, "COMMAND write: %zd\n", ret);
	}
	WRITE_ONCE(r.stop, true);
	VFIO_ASSERT_EQ(pthread_join(r.thread, NULL), 0);
	*recent = r.resets - since;
	*resets += r.resets;

	return i;
}

/* Mastering is off and stays off; everything else works. */
static void check_quarantine(struct nosnoop *n)
{
	u16 value = PCI_COMMAND_MASTER;

	for (int i = 0; i < 3; i++) {
		VFIO_ASSERT_EQ(__cfg_write(n, PCI_COMMAND, &value, 2), -EIO);
		VFIO_ASSERT_EQ(__cfg_write(n, PCI_COMMAND, &value, 1), -EIO);
	}
	value = hw_readw(n, PCI_COMMAND);
	VFIO_ASSERT_EQ(value & PCI_COMMAND_MASTER, 0, "hardware COMMAND %#x\n", value);

	VFIO_ASSERT_EQ(vfio_pci_config_readw(n->device, PCI_VENDOR_ID), hw_readw(n, PCI_VENDOR_ID));
	cfg_write_devctl(n, cfg_devctl(n) | PCI_EXP_DEVCTL_URRE);
	VFIO_ASSERT_TRUE(cfg_devctl(n) & PCI_EXP_DEVCTL_URRE);
	VFIO_ASSERT_EQ(cfg_devctl(n) & PCI_EXP_DEVCTL_NOSNOOP_EN, 0);
	vfio_pci_device_reset(n->device);
	VFIO_ASSERT_EQ(__cfg_write(n, PCI_COMMAND, &value, 2), -EIO);
}

/*
 * A write of COMMAND is looked at before and after: one moment per open, at the
 * most. A call in which the core writes COMMAND more than once is looked at
 * when it is over: one moment for each reset that comes meanwhile.
 */
static void moments_are_found(struct nosnoop *n, const char *iommu_mode,
			      race_fn racer, int max_tries)
{
	int tries = 0, opens = 0, quarantines = 0;
	u64 moments = 0, resets = 0, seed = rnd_seed();
	struct lab_totals before, after;
	double start = seconds();
	u64 most, recent;
	bool refused;

	while (tries < max_tries) {
		before = log_totals();
		tries += race(n, racer, seed + opens, max_tries - tries, &refused,
			      &resets, &recent);
		/* It may have been found by the last of the tries. */
		refused = refused || enable_mastering(n) == -EIO;
		if (refused)
			check_quarantine(n);
		nosnoop_close(n);
		after = log_totals();
		after.moments -= before.moments;
		most = refused;
		if (refused && racer != enable_mastering && recent > 1)
			most = recent;
		VFIO_ASSERT_LE(after.moments, most,
			       "moments in one open, and the most there may be\n");
		moments += after.moments;
		quarantines += refused;
		opens++;
		nosnoop_open(n, iommu_mode);
	}
	ksft_print_msg("%d tries, %lu resets, %d opens, %d quarantines, %lu moments in %.1f s\n",
		       tries, resets, opens, quarantines, moments, seconds() - start);

	/* Reopened, it works as ever. */
	nosnoop_master_on(n);
	VFIO_ASSERT_EQ(lab_read32(n, MODEL_REG_ID, false), MODEL_ID);
}

TEST_F_TIMEOUT(vfio_pci_nosnoop_race_test, command, 600)
{
	const char *tries = getenv("VFIO_NOSNOOP_TRIES");

	moments_are_found(&self->n, variant->iommu_mode, enable_mastering,
			  tries ? atoi(tries) : TRIES);
}

TEST_F_TIMEOUT(vfio_pci_nosnoop_race_test, interrupts, 600)
{
	moments_are_found(&self->n, variant->iommu_mode, set_up_interrupts,
			  TRIES / 20);
}

TEST_F_TIMEOUT(vfio_pci_nosnoop_race_test, power, 600)
{
	moments_are_found(&self->n, variant->iommu_mode, change_power,
			  TRIES / 100);
}

TEST_F_TIMEOUT(vfio_pci_nosnoop_race_test, rom, 600)
{
	struct vfio_region_info info = {
		.argsz = sizeof(info),
		.index = VFIO_PCI_ROM_REGION_INDEX,
	};

	if (ioctl(self->n.device->fd, VFIO_DEVICE_GET_REGION_INFO, &info) || !info.size)
		SKIP(return, "the device has no ROM");

	moments_are_found(&self->n, variant->iommu_mode, size_rom,
			  TRIES / 20);
}

/*
 * The PCI core saves config space before a reset and restores it afterwards.
 * Where a hidden reset came before, what it saves must have the bit at 0. And
 * however the hardware has it, the user reads 0.
 */
TEST_F(vfio_pci_nosnoop_race_test, announced_reset_finds_the_bit_clear)
{
	struct nosnoop *n = &self->n;
	off_t from;

	for (int i = 0; i < 10; i++) {
		nosnoop_master_on(n);
		lab_hidden_reset(n, true);
		ASSERT_TRUE(hw_devctl(n) & PCI_EXP_DEVCTL_NOSNOOP_EN);
		ASSERT_FALSE(cfg_devctl(n) & PCI_EXP_DEVCTL_NOSNOOP_EN);
		from = log_size();
		vfio_pci_device_reset(n->device);
		ASSERT_EQ(1, log_grep(from, "\"event\":\"reset\"", "\"no_snoop\":false"));
		ASSERT_EQ(0, log_grep(from, "\"event\":\"reset\"", "\"no_snoop\":true"));
	}
}

int main(int argc, char *argv[])
{
	device_bdf = vfio_selftests_get_bdf(&argc, argv);

	return nosnoop_run(device_bdf, test_harness_run, argc, argv);
}
