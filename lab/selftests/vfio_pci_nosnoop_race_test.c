// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio-pci-nosnoop: a function that resets itself while the kernel writes
 * COMMAND. Mastering and Enable No Snoop can then both be on for a moment. The
 * driver finds that when the call is over, turns mastering off, and refuses to
 * turn it on until the function is reopened.
 *
 * The log of the lab's device has each moment. The tracepoint nosnoop_found
 * must have it too, unless the log says that another reset ended it first.
 *
 * Needs: the lab's device and its log, and tracefs. The test of power needs
 * the device with --af --window 5:8:c:88000.
 *
 * Run: ./vfio_pci_nosnoop_race_test [options] 0000:01:00.0
 *      VFIO_NOSNOOP_LOG=file	the log of the lab's device
 *      VFIO_NOSNOOP_SEED=n	repeat the random values of an earlier run
 *      VFIO_NOSNOOP_TRIES=n	how many tries there are in the first test
 */
#include <pthread.h>

#include <sys/eventfd.h>

#include "nosnoop_lab.h"

#include "kselftest_harness.h"

#define TRIES		6000	/* where VFIO_NOSNOOP_TRIES does not say */
/* So rarely that most opens see many tries: an open ends when a reset hits. */
#define RESET_EVERY_US	20000

/* An I/O BAR of the device, with config space behind an index and data */
#define WINDOW_BAR	5
#define WINDOW_INDEX	0x8
#define WINDOW_DATA	0xc
#define WINDOW_BASE	0x88000

static const char *device_bdf;

FIXTURE(vfio_pci_nosnoop_race_test) {
	struct nosnoop n;
	int trace;
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

	self->trace = trace_open();
	ASSERT_GE(self->trace, 0) TH_LOG("there is no tracepoint nosnoop_found");
	nosnoop_prepare(&self->n, device_bdf);
	lab_open(&self->n, variant->iommu_mode);
}

FIXTURE_TEARDOWN(vfio_pci_nosnoop_race_test)
{
	nosnoop_close(&self->n);
	trace_close(self->trace);
}

struct race {
	struct nosnoop *n;
	int trace;
	u64 found;		/* in this open */
	/* What makes the kernel write COMMAND; returns 0, or -EIO if that is refused */
	int (*racer)(struct race *r);
	/* What resets the function meanwhile, and how the log calls that */
	void (*reset)(struct race *r);
	const char *cause;
	pthread_t thread;
	u64 seed;
	bool stop;
};

/* Each of these works whenever the other thread's write has turned the BAR on. */

static void reset_by_memory(struct race *r)
{
	lab_write32(r->n, MODEL_REG_RESET, MODEL_RESET_MAGIC, true);
}

/*
 * The core keeps the user out of memory BARs while a function changes its power
 * state, but not out of I/O BARs.
 */
static void reset_by_window(struct race *r)
{
	u32 index = htole32(WINDOW_BASE + MODEL_CAP_AF + PCI_AF_CTRL);
	u64 window = r->n->device->bars[WINDOW_BAR].info.offset;
	u8 flr = PCI_AF_CTRL_FLR;

	VFIO_ASSERT_EQ(pwrite(r->n->device->fd, &index, 4, window + WINDOW_INDEX), 4);
	VFIO_ASSERT_EQ(pwrite(r->n->device->fd, &flr, 1, window + WINDOW_DATA), 1);
}

static void *reset_on(void *arg)
{
	struct race *r = arg;

	while (!READ_ONCE(r->stop)) {
		usleep(rnd(&r->seed) % (2 * RESET_EVERY_US));
		r->reset(r);
	}

	return NULL;
}

static int write_word(struct race *r, u16 offset, u16 val)
{
	ssize_t ret;

	val = htole16(val);
	ret = __cfg_write(r->n, offset, &val, sizeof(val));
	VFIO_ASSERT_TRUE(ret == 2 || ret == -EIO, "write at %#x: %zd\n", offset, ret);

	return ret < 0 ? ret : 0;
}

/* If a write succeeds, neither it nor an earlier one found both bits on. */
static int enable_mastering(struct race *r)
{
	int ret = write_word(r, PCI_COMMAND,
			     PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);

	r->found += trace_found(r->trace, r->n->bdf);
	if (!ret)
		VFIO_ASSERT_EQ(r->found, 0, "mastering is on although the bit was found\n");

	return ret;
}

static int set_irqs(struct race *r, u32 flags, u32 count, s32 fd)
{
	struct {
		struct vfio_irq_set set;
		s32 fd;
	} irqs = {
		.set.argsz = sizeof(irqs),
		.set.flags = VFIO_IRQ_SET_ACTION_TRIGGER | flags,
		.set.index = VFIO_PCI_MSIX_IRQ_INDEX,
		.set.count = count,
		.fd = fd,
	};
	int ret = ioctl(r->n->device->fd, VFIO_DEVICE_SET_IRQS, &irqs);

	VFIO_ASSERT_TRUE(!ret || errno == EIO, "VFIO_DEVICE_SET_IRQS\n");

	return ret ? -EIO : 0;
}

/* The core writes COMMAND back as it read it before it set up interrupts. */
static int set_up_interrupts(struct race *r)
{
	int fd = eventfd(0, 0), ret;

	VFIO_ASSERT_GE(fd, 0);
	ret = enable_mastering(r) ?:
	      set_irqs(r, VFIO_IRQ_SET_DATA_EVENTFD, 1, fd) ?:
	      set_irqs(r, VFIO_IRQ_SET_DATA_NONE, 0, -1);
	VFIO_ASSERT_EQ(close(fd), 0);

	return ret;
}

/* The core saves COMMAND and then DEVCTL, and restores both. */
static int change_power(struct race *r)
{
	return enable_mastering(r) ?:
	       write_word(r, r->n->pm + PCI_PM_CTRL, 3) ?:
	       write_word(r, r->n->pm + PCI_PM_CTRL, 0);
}

/* The core turns memory on to size the ROM, and then writes COMMAND back as it was. */
static int size_rom(struct race *r)
{
	struct vfio_region_info info = {
		.argsz = sizeof(info),
		.index = VFIO_PCI_ROM_REGION_INDEX,
	};
	int ret = enable_mastering(r);

	if (ret)
		return ret;
	ret = ioctl(r->n->device->fd, VFIO_DEVICE_GET_REGION_INFO, &info);
	VFIO_ASSERT_TRUE(ret ? errno == EIO : info.size, "the ROM has no size\n");

	return ret ? -EIO : 0;
}

/* Race until it is refused or the tries are used up; returns how many it took */
static int race(struct race *r, int tries)
{
	int i, ret = 0;

	WRITE_ONCE(r->stop, false);
	VFIO_ASSERT_EQ(pthread_create(&r->thread, NULL, reset_on, r), 0);
	for (i = 0; i < tries && !ret; i++)
		ret = r->racer(r);
	WRITE_ONCE(r->stop, true);
	VFIO_ASSERT_EQ(pthread_join(r->thread, NULL), 0);
	r->found += trace_found(r->trace, r->n->bdf);

	return i;
}

/* Mastering is off and stays off, also after a reset. Everything else works. */
static void check_quarantine(struct nosnoop *n)
{
	u16 value = PCI_COMMAND_MASTER;

	for (int i = 0; i < 3; i++) {
		VFIO_ASSERT_EQ(__cfg_write(n, PCI_COMMAND, &value, 2), -EIO);
		VFIO_ASSERT_EQ(__cfg_write(n, PCI_COMMAND, &value, 1), -EIO);
	}
	value = hw_readw(n, PCI_COMMAND);
	VFIO_ASSERT_EQ(value & PCI_COMMAND_MASTER, 0, "hardware COMMAND %#x\n", value);

	VFIO_ASSERT_EQ(vfio_pci_config_readw(n->device, PCI_VENDOR_ID),
		       hw_readw(n, PCI_VENDOR_ID));
	cfg_write_devctl(n, cfg_devctl(n) | PCI_EXP_DEVCTL_URRE);
	VFIO_ASSERT_TRUE(cfg_devctl(n) & PCI_EXP_DEVCTL_URRE);
	VFIO_ASSERT_EQ(cfg_devctl(n) & PCI_EXP_DEVCTL_NOSNOOP_EN, 0);
	vfio_pci_device_reset(n->device);
	VFIO_ASSERT_EQ(__cfg_write(n, PCI_COMMAND, &value, 2), -EIO);
	value = hw_readw(n, PCI_COMMAND);
	VFIO_ASSERT_EQ(value & PCI_COMMAND_MASTER, 0, "hardware COMMAND %#x\n", value);
}

/* Called when no thread resets the function any more */
static void check_behind_race(struct race *r)
{
	if (r->n->pm)
		write_word(r, r->n->pm + PCI_PM_CTRL, 0);
	/*
	 * A write can be refused although nothing was found: a reset right after the
	 * driver's write of DEVCTL set the bit again, with mastering off. Then
	 * mastering can be turned on later.
	 */
	if (r->found)
		check_quarantine(r->n);
	else
		VFIO_ASSERT_EQ(enable_mastering(r), 0, "refused for good, and not found\n");
}

static void moments_are_found(struct race *r, const char *iommu_mode, int max_tries)
{
	u64 moments = 0, found = 0, ended = 0, resets = 0, before, here, by_reset;
	double start = seconds();
	int tries = 0, opens = 0;
	off_t from;

	r->seed = rnd_seed();
	while (tries < max_tries) {
		from = log_size();
		before = log_totals().moments;
		r->found = 0;
		tries += race(r, max_tries - tries);
		check_behind_race(r);
		nosnoop_close(r->n);

		here = log_totals().moments - before;
		by_reset = moments_ended(from, r->cause);
		VFIO_ASSERT_LE(r->found, here, "found without a moment in the log\n");
		VFIO_ASSERT_LE(here, r->found + by_reset,
			       "not found, nor ended by a reset: see the log from byte %ld on\n",
			       from);
		resets += log_resets(from, r->cause);
		moments += here;
		found += r->found;
		ended += by_reset;
		opens++;
		lab_open(r->n, iommu_mode);
	}
	ksft_print_msg("%d tries, %lu resets, %d opens in %.1f s\n", tries, resets, opens,
		       seconds() - start);
	ksft_print_msg("%lu moments, %lu found, %lu ended by a reset\n", moments, found, ended);
	VFIO_ASSERT_GT(resets, 0, "there was no reset to race with\n");

	/* When it is reopened, it works as before. */
	nosnoop_master_on(r->n);
	VFIO_ASSERT_EQ(lab_read32(r->n, MODEL_REG_ID, false), MODEL_ID);
}

TEST_F_TIMEOUT(vfio_pci_nosnoop_race_test, command, 600)
{
	const char *tries = getenv("VFIO_NOSNOOP_TRIES");
	struct race r = {
		.n = &self->n, .trace = self->trace, .racer = enable_mastering,
		.reset = reset_by_memory, .cause = "hidden",
	};

	moments_are_found(&r, variant->iommu_mode, tries ? atoi(tries) : TRIES);
}

TEST_F_TIMEOUT(vfio_pci_nosnoop_race_test, interrupts, 600)
{
	struct race r = {
		.n = &self->n, .trace = self->trace, .racer = set_up_interrupts,
		.reset = reset_by_memory, .cause = "hidden",
	};

	moments_are_found(&r, variant->iommu_mode, TRIES / 20);
}

TEST_F_TIMEOUT(vfio_pci_nosnoop_race_test, power, 600)
{
	struct race r = {
		.n = &self->n, .trace = self->trace, .racer = change_power,
		.reset = reset_by_window, .cause = "af_flr",
	};

	if (!self->n.device->bars[WINDOW_BAR].info.size || !hw_find_cap(&self->n, PCI_CAP_ID_AF))
		SKIP(return, "the device has no I/O window or no AF capability");

	moments_are_found(&r, variant->iommu_mode, TRIES / 50);
}

TEST_F_TIMEOUT(vfio_pci_nosnoop_race_test, rom, 600)
{
	struct race r = {
		.n = &self->n, .trace = self->trace, .racer = size_rom,
		.reset = reset_by_memory, .cause = "hidden",
	};
	struct vfio_region_info info = {
		.argsz = sizeof(info),
		.index = VFIO_PCI_ROM_REGION_INDEX,
	};

	ioctl_assert(self->n.device->fd, VFIO_DEVICE_GET_REGION_INFO, &info);
	if (!info.size)
		SKIP(return, "the device has no ROM");

	moments_are_found(&r, variant->iommu_mode, TRIES / 20);
}

/*
 * The PCI core saves config space before a reset and restores it afterwards.
 * If a hidden reset came before, what it saves must still have the bit at 0. And
 * whatever the hardware has, the user reads 0.
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
