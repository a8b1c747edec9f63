// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio-pci-nosnoop: resets that the kernel is not told of. The function resets
 * itself through its BAR, and then has Enable No Snoop at 1 and mastering off.
 * The bit must be 0 again before mastering is on again.
 *
 * Needs: the lab's device and its log.
 *
 * Run: ./vfio_pci_nosnoop_hidden_reset_test [options] 0000:01:00.0
 *      VFIO_NOSNOOP_LOG=file	the log of the lab's device
 */
#include "nosnoop_lab.h"

#include "kselftest_harness.h"

#define HIDDEN_RESETS	250
#define DMA_JOBS	200

static const char *device_bdf;

FIXTURE(vfio_pci_nosnoop_hidden_reset_test) {
	struct nosnoop n;
};

FIXTURE_VARIANT(vfio_pci_nosnoop_hidden_reset_test) {
	const char *iommu_mode;
};

#define FIXTURE_VARIANT_ADD_IOMMU_MODE(_iommu_mode)			\
FIXTURE_VARIANT_ADD(vfio_pci_nosnoop_hidden_reset_test, _iommu_mode) {	\
	.iommu_mode = #_iommu_mode,					\
}

FIXTURE_VARIANT_ADD_ALL_IOMMU_MODES();

#undef FIXTURE_VARIANT_ADD_IOMMU_MODE

FIXTURE_SETUP(vfio_pci_nosnoop_hidden_reset_test)
{
	const char *missing = lab_missing(device_bdf, variant->iommu_mode);

	if (missing)
		SKIP(return, "%s", missing);

	lab_setup(&self->n, device_bdf, variant->iommu_mode);
}

FIXTURE_TEARDOWN(vfio_pci_nosnoop_hidden_reset_test)
{
	lab_teardown(&self->n);
}

/*
 * A hidden reset, then mastering is enabled by a write of @len bytes at
 * @offset, which must clear the bit first.
 */
static void hidden_reset(struct nosnoop *n, u16 offset, size_t len)
{
	u16 set = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, hw_before, cmd;
	double start = seconds(), took;
	u8 buf[64];

	nosnoop_master_on(n);
	cfg_read(n, offset, buf, len);
	if (offset == PCI_COMMAND && len == 4)
		memset(buf + 2, 0, 2);
	buf[PCI_COMMAND - offset] |= set;

	for (int i = 0; i < HIDDEN_RESETS; i++) {
		lab_hidden_reset(n, i & 1);

		/* The reset took place: there is a bit to clear. */
		hw_before = hw_readw(n, PCI_COMMAND);
		VFIO_ASSERT_EQ(hw_before & PCI_COMMAND_MASTER, 0, "hidden reset %d\n", i);
		hw_before = hw_devctl(n) & PCI_EXP_DEVCTL_NOSNOOP_EN;
		VFIO_ASSERT_EQ(hw_before, n->implemented & PCI_EXP_DEVCTL_NOSNOOP_EN,
			       "Enable No Snoop behind hidden reset %d\n", i);

		cfg_write(n, offset, buf, len);
		cmd = hw_readw(n, PCI_COMMAND);
		VFIO_ASSERT_EQ(cmd & set, set, "COMMAND behind hidden reset %d\n", i);
		lab_check(n, "after mastering behind a hidden reset");
	}
	took = seconds() - start;
	ksft_print_msg("%d hidden resets in %.1f s\n", HIDDEN_RESETS, took);
	lab_dma(n, SZ_4K, 0x1d);
}

TEST_F_TIMEOUT(vfio_pci_nosnoop_hidden_reset_test, hidden_reset_command_byte, 300)
{
	hidden_reset(&self->n, PCI_COMMAND, 1);
}

TEST_F_TIMEOUT(vfio_pci_nosnoop_hidden_reset_test, hidden_reset_command_word, 300)
{
	hidden_reset(&self->n, PCI_COMMAND, 2);
}

TEST_F_TIMEOUT(vfio_pci_nosnoop_hidden_reset_test, hidden_reset_command_and_status, 300)
{
	hidden_reset(&self->n, PCI_COMMAND, 4);
}

TEST_F_TIMEOUT(vfio_pci_nosnoop_hidden_reset_test, hidden_reset_whole_header, 300)
{
	hidden_reset(&self->n, 0, PCI_STD_HEADER_SIZEOF);
}

/* Two resets that hide in a sequence of ordinary ones */
TEST_F_TIMEOUT(vfio_pci_nosnoop_hidden_reset_test, hidden_reset_among_others, 120)
{
	struct nosnoop *n = &self->n;

	for (int i = 0; i < 20; i++) {
		nosnoop_master_on(n);
		lab_hidden_reset(n, true);
		switch (i % 4) {
		case 0:
			vfio_pci_device_reset(n->device);
			break;
		case 1:
			cfg_write_devctl(n, cfg_devctl(n) | PCI_EXP_DEVCTL_BCR_FLR);
			break;
		case 2:
			cfg_set_power_state(n, 3);
			cfg_set_power_state(n, 0);
			break;
		case 3:
			lab_hidden_reset(n, false);
			break;
		}
		nosnoop_master_on(n);
		lab_check(n, "after a hidden and another reset");
		lab_dma(n, SZ_4K, i);
	}
}

/* A read that fails does not leave the bit in the user's buffer either. */
TEST_F_TIMEOUT(vfio_pci_nosnoop_hidden_reset_test, failed_read_behind_hidden_reset, 120)
{
	struct nosnoop *n = &self->n;
	u16 hi = n->cap + PCI_EXP_DEVCTL + 1;
	size_t valid = n->cap + PCI_EXP_LNKCAP;
	u8 *buf;

	nosnoop_master_on(n);
	lab_hidden_reset(n, true);
	ASSERT_EQ(n->implemented & PCI_EXP_DEVCTL_NOSNOOP_EN,
		  hw_devctl(n) & PCI_EXP_DEVCTL_NOSNOOP_EN);

	buf = buffer_end(valid);
	memset(buf, 0xff, valid);
	ASSERT_EQ(-EFAULT, __cfg_read(n, 0, buf, PCI_CFG_SPACE_SIZE));
	/* The read came that far. */
	ASSERT_NE(0xff, buf[hi]);
	EXPECT_EQ(0, buf[hi] & (PCI_EXP_DEVCTL_NOSNOOP_EN >> 8));
	buffer_free(buf, valid);

	lab_recover(n);
}

/*
 * The tests of resets that the kernel is told of say nothing without resets. The
 * log has each reset with its cause, and the device works after each.
 */
TEST_F_TIMEOUT(vfio_pci_nosnoop_hidden_reset_test, announced_resets_are_resets, 120)
{
	struct nosnoop *n = &self->n;
	u64 flr = 0, d3hot = 0;
	off_t from = log_size();

	for (int i = 0; i < 9; i++) {
		nosnoop_master_on(n);
		switch (i % 3) {
		case 0:
			vfio_pci_device_reset(n->device);
			flr++;
			break;
		case 1:
			cfg_write_devctl(n, cfg_devctl(n) | PCI_EXP_DEVCTL_BCR_FLR);
			flr++;
			break;
		case 2:
			cfg_set_power_state(n, 3);
			cfg_set_power_state(n, 0);
			d3hot++;
			break;
		}
		ASSERT_EQ(flr, log_resets(from, "flr"));
		ASSERT_EQ(d3hot, log_resets(from, "d3hot"));
		nosnoop_master_on(n);
		lab_check(n, "after an announced reset");
		lab_dma(n, SZ_4K, 0x5a + i);
	}
}

/* Whatever the device is asked to send, its requests are snooped and arrive. */
TEST_F_TIMEOUT(vfio_pci_nosnoop_hidden_reset_test, dma_asking_for_no_snoop, 120)
{
	struct lab_totals before, after;
	struct nosnoop *n = &self->n;

	nosnoop_master_on(n);
	ASSERT_EQ(MODEL_ID, lab_read32(n, MODEL_REG_ID, false));
	cfg_write_devctl(n, cfg_devctl(n) | PCI_EXP_DEVCTL_NOSNOOP_EN);
	before = log_totals();
	for (int i = 0; i < DMA_JOBS; i++)
		lab_dma(n, i % 4 ? SZ_4K : DMA_SIZE / 2, i * 3 + 1);
	after = log_totals();
	ASSERT_EQ(before.requests + 2 * DMA_JOBS, after.requests);
	ASSERT_EQ(before.no_snoop_requests, after.no_snoop_requests);
}

int main(int argc, char *argv[])
{
	device_bdf = vfio_selftests_get_bdf(&argc, argv);

	return nosnoop_run(device_bdf, test_harness_run, argc, argv);
}
