// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio-pci-nosnoop: resets. A function out of reset has Enable No Snoop at 1
 * and mastering off, so each reset is a chance for the bit to come back.
 *
 * Needs: a PCI Express function bound to vfio-pci-nosnoop. The tests of DMA
 * and of resets that the kernel is not told of need the lab's device, and its
 * log; that log is what says that none of these resets opened a gap.
 *
 * Run: ./vfio_pci_nosnoop_reset_test [options] 0000:01:00.0
 *      VFIO_NOSNOOP_LOG=file	the log of the lab's device
 */
#include "vfio_pci_nosnoop.h"

#include "kselftest_harness.h"

#define HIDDEN_RESETS	250
#define DMA_JOBS	200

static const char *device_bdf;

FIXTURE(vfio_pci_nosnoop_reset_test) {
	struct nosnoop n;
};

FIXTURE_VARIANT(vfio_pci_nosnoop_reset_test) {
	const char *iommu_mode;
};

#define FIXTURE_VARIANT_ADD_IOMMU_MODE(_iommu_mode)		\
FIXTURE_VARIANT_ADD(vfio_pci_nosnoop_reset_test, _iommu_mode) {	\
	.iommu_mode = #_iommu_mode,				\
}

FIXTURE_VARIANT_ADD_ALL_IOMMU_MODES();

#undef FIXTURE_VARIANT_ADD_IOMMU_MODE

FIXTURE_SETUP(vfio_pci_nosnoop_reset_test)
{
	const char *missing = iommu_mode_missing(device_bdf, variant->iommu_mode);

	if (missing)
		SKIP(return, "%s", missing);

	nosnoop_setup(&self->n, device_bdf, variant->iommu_mode);
}

FIXTURE_TEARDOWN(vfio_pci_nosnoop_reset_test)
{
	nosnoop_teardown(&self->n);
}

/* Settings of the user's that a reset must leave as vfio-pci leaves them */
struct settings {
	u16 cmd, devctl, hw_cmd, hw_devctl;
	off_t log;
};

static void settings_make(struct nosnoop *n, struct settings *s)
{
	u16 val = cfg_devctl(n) & ~(PCI_EXP_DEVCTL_READRQ | PCI_EXP_DEVCTL_BCR_FLR);

	/* Unlike the reset's defaults: MRRS 1024, one error report enabled */
	cfg_write_devctl(n, (val ^ PCI_EXP_DEVCTL_CERE) | PCI_EXP_DEVCTL_READRQ_1024B);
	nosnoop_master_on(n);
	s->cmd = vfio_pci_config_readw(n->device, PCI_COMMAND);
	s->devctl = cfg_devctl(n);
	s->hw_cmd = hw_readw(n, PCI_COMMAND);
	s->hw_devctl = hw_devctl(n);
	s->log = log_size(n);
}

static void settings_check(struct nosnoop *n, struct settings *s, const char *cause,
			   const char *after)
{
	nosnoop_check(n, after);
	VFIO_ASSERT_EQ(cfg_devctl(n), s->devctl, "user's DEVCTL after %s\n", after);
	VFIO_ASSERT_EQ(hw_devctl(n), s->hw_devctl, "hardware's DEVCTL after %s\n", after);
	VFIO_ASSERT_EQ(vfio_pci_config_readw(n->device, PCI_COMMAND), s->cmd,
		       "user's COMMAND after %s\n", after);
	VFIO_ASSERT_EQ(hw_readw(n, PCI_COMMAND), s->hw_cmd,
		       "hardware's COMMAND after %s\n", after);
	if (!n->lab)
		return;

	VFIO_ASSERT_GT(log_resets(n, s->log, cause), 0, "no %s by %s\n", cause, after);
	nosnoop_master_on(n);
	lab_dma(n, SZ_4K, 0x5a);
	nosnoop_check(n, after);
}

TEST_F(vfio_pci_nosnoop_reset_test, flr_through_devctl)
{
	struct nosnoop *n = &self->n;
	struct settings s;
	u32 devcap;
	u8 buf[4];

	devcap = vfio_pci_config_readl(n->device, n->cap + PCI_EXP_DEVCAP);
	if (!(devcap & PCI_EXP_DEVCAP_FLR))
		SKIP(return, "this function has no Function Level Reset");

	for (size_t len = 1; len <= 4; len++) {
		for (int bit = 0; bit < 2; bit++) {
			u16 pos = n->cap + PCI_EXP_DEVCTL + (len == 1);
			char after[32];

			snprintf(after, sizeof(after), "FLR by %zu bytes", len);
			settings_make(n, &s);
			cfg_read(n, pos, buf, len);
			buf[len > 1] |= PCI_EXP_DEVCTL_BCR_FLR >> 8;
			if (bit)
				buf[len > 1] |= PCI_EXP_DEVCTL_NOSNOOP_EN >> 8;
			cfg_write(n, pos, buf, len);
			settings_check(n, &s, "flr", after);
		}
	}
}

/* The write that resets also changes MRRS: it holds behind the reset. */
TEST_F(vfio_pci_nosnoop_reset_test, flr_keeps_what_came_with_it)
{
	struct nosnoop *n = &self->n;
	u16 val, want, mps;
	u32 devcap;

	devcap = vfio_pci_config_readl(n->device, n->cap + PCI_EXP_DEVCAP);
	if (!(devcap & PCI_EXP_DEVCAP_FLR))
		SKIP(return, "this function has no Function Level Reset");

	nosnoop_master_on(n);
	for (u16 size = 0; size <= 5; size++) {
		want = (cfg_devctl(n) & ~PCI_EXP_DEVCTL_READRQ) | size << 12;
		val = want | PCI_EXP_DEVCTL_BCR_FLR | PCI_EXP_DEVCTL_NOSNOOP_EN;
		cfg_write_devctl(n, val);
		ASSERT_EQ(want, cfg_devctl(n));
		val = hw_devctl(n);
		mps = (val & PCI_EXP_DEVCTL_PAYLOAD) >> 5;
		if ((n->implemented & PCI_EXP_DEVCTL_READRQ) == PCI_EXP_DEVCTL_READRQ)
			ASSERT_EQ(size > mps ? size : mps,
				  (val & PCI_EXP_DEVCTL_READRQ) >> 12);
		nosnoop_check(n, "after FLR");
	}
}

TEST_F(vfio_pci_nosnoop_reset_test, device_reset)
{
	struct nosnoop *n = &self->n;
	struct settings s;

	if (!(n->device->info.flags & VFIO_DEVICE_FLAGS_RESET))
		SKIP(return, "this function cannot be reset");

	for (int i = 0; i < 10; i++) {
		settings_make(n, &s);
		vfio_pci_device_reset(n->device);
		settings_check(n, &s, "flr", "VFIO_DEVICE_RESET");
	}
}

TEST_F(vfio_pci_nosnoop_reset_test, d3hot)
{
	struct nosnoop *n = &self->n;
	struct settings s;

	if (!n->pm)
		SKIP(return, "this function has no power management capability");
	if (hw_readw(n, n->pm + PCI_PM_CTRL) & PCI_PM_CTRL_NO_SOFT_RESET)
		SKIP(return, "this function does not reset from D3hot to D0 (NoSoftRst+)");

	for (int i = 0; i < 10; i++) {
		settings_make(n, &s);
		cfg_set_power_state(n, 3);
		ASSERT_EQ(3, hw_readw(n, n->pm + PCI_PM_CTRL) & PCI_PM_CTRL_STATE_MASK);
		/* A write while it sleeps must not wait there for the way up. */
		cfg_write_devctl(n, s.devctl | PCI_EXP_DEVCTL_NOSNOOP_EN);
		cfg_set_power_state(n, 0);
		settings_check(n, &s, "d3hot", "D3hot and back");
	}
}

/* Reset in D3hot: the kernel wakes the function after it told the driver. */
TEST_F(vfio_pci_nosnoop_reset_test, reset_in_d3hot)
{
	struct nosnoop *n = &self->n;

	if (!n->pm || !(n->device->info.flags & VFIO_DEVICE_FLAGS_RESET))
		SKIP(return, "this function has no power management or no reset");

	for (int i = 0; i < 10; i++) {
		nosnoop_master_on(n);
		cfg_set_power_state(n, 3);
		if (i & 1)
			vfio_pci_device_reset(n->device);
		else
			cfg_write_devctl(n, cfg_devctl(n) | PCI_EXP_DEVCTL_BCR_FLR);
		cfg_set_power_state(n, 0);
		nosnoop_check(n, "after a reset in D3hot");
		nosnoop_master_on(n);
		nosnoop_check(n, "after mastering behind a reset in D3hot");
	}
	if (n->lab)
		lab_dma(n, SZ_4K, 0xd3);
}

/*
 * A hidden reset, then mastering is enabled by a write of @len bytes at
 * @offset: what the bus-master gate is for.
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

		/* The reset was one: the gate has something to do. */
		hw_before = hw_readw(n, PCI_COMMAND);
		VFIO_ASSERT_EQ(hw_before & PCI_COMMAND_MASTER, 0, "hidden reset %d\n", i);
		hw_before = hw_devctl(n) & PCI_EXP_DEVCTL_NOSNOOP_EN;
		VFIO_ASSERT_EQ(hw_before, n->implemented & PCI_EXP_DEVCTL_NOSNOOP_EN,
			       "Enable No Snoop behind hidden reset %d\n", i);

		cfg_write(n, offset, buf, len);
		cmd = hw_readw(n, PCI_COMMAND);
		VFIO_ASSERT_EQ(cmd & set, set, "COMMAND behind hidden reset %d\n", i);
		nosnoop_check(n, "after mastering behind a hidden reset");
	}
	took = seconds() - start;
	ksft_print_msg("%d hidden resets in %.1f s\n", HIDDEN_RESETS, took);
	lab_dma(n, SZ_4K, 0x1d);
}

TEST_F_TIMEOUT(vfio_pci_nosnoop_reset_test, hidden_reset_command_byte, 300)
{
	if (!self->n.lab)
		SKIP(return, LAB_SKIP_REASON);
	hidden_reset(&self->n, PCI_COMMAND, 1);
}

TEST_F_TIMEOUT(vfio_pci_nosnoop_reset_test, hidden_reset_command_word, 300)
{
	if (!self->n.lab)
		SKIP(return, LAB_SKIP_REASON);
	hidden_reset(&self->n, PCI_COMMAND, 2);
}

TEST_F_TIMEOUT(vfio_pci_nosnoop_reset_test, hidden_reset_command_and_status, 300)
{
	if (!self->n.lab)
		SKIP(return, LAB_SKIP_REASON);
	hidden_reset(&self->n, PCI_COMMAND, 4);
}

TEST_F_TIMEOUT(vfio_pci_nosnoop_reset_test, hidden_reset_whole_header, 300)
{
	if (!self->n.lab)
		SKIP(return, LAB_SKIP_REASON);
	hidden_reset(&self->n, 0, PCI_STD_HEADER_SIZEOF);
}

/* Two resets that hide in a sequence of ordinary ones */
TEST_F_TIMEOUT(vfio_pci_nosnoop_reset_test, hidden_reset_among_others, 120)
{
	struct nosnoop *n = &self->n;

	if (!n->lab)
		SKIP(return, LAB_SKIP_REASON);

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
		nosnoop_check(n, "after a hidden and another reset");
		lab_dma(n, SZ_4K, i);
	}
}

/* Nor does a read that fails leave the bit in the user's buffer. */
TEST_F_TIMEOUT(vfio_pci_nosnoop_reset_test, failed_read_behind_hidden_reset, 120)
{
	struct nosnoop *n = &self->n;
	u16 hi = n->cap + PCI_EXP_DEVCTL + 1;
	size_t valid = n->cap + PCI_EXP_LNKCAP;
	u8 *buf;

	if (!n->lab)
		SKIP(return, LAB_SKIP_REASON);

	nosnoop_master_on(n);
	lab_hidden_reset(n, true);
	ASSERT_EQ(n->implemented & PCI_EXP_DEVCTL_NOSNOOP_EN,
		  hw_devctl(n) & PCI_EXP_DEVCTL_NOSNOOP_EN);

	buf = buffer_end(valid);
	memset(buf, 0xff, valid);
	ASSERT_EQ(-EFAULT, __cfg_read(n, 0, buf, PCI_CFG_SPACE_SIZE));
	/* It came that far. */
	ASSERT_NE(0xff, buf[hi]);
	EXPECT_EQ(0, buf[hi] & (PCI_EXP_DEVCTL_NOSNOOP_EN >> 8));
	buffer_free(buf, valid);

	nosnoop_recover(n);
}

/* Whatever the device is asked for, its requests are snooped and arrive. */
TEST_F_TIMEOUT(vfio_pci_nosnoop_reset_test, dma_asking_for_no_snoop, 120)
{
	struct lab_totals before, after;
	struct nosnoop *n = &self->n;

	if (!n->lab)
		SKIP(return, LAB_SKIP_REASON);

	nosnoop_master_on(n);
	ASSERT_EQ(LAB_ID, lab_read32(n, LAB_REG_ID, false));
	cfg_write_devctl(n, cfg_devctl(n) | PCI_EXP_DEVCTL_NOSNOOP_EN);
	before = log_totals(n);
	for (int i = 0; i < DMA_JOBS; i++)
		lab_dma(n, i % 4 ? SZ_4K : DMA_SIZE / 2, i * 3 + 1);
	after = log_totals(n);
	ASSERT_EQ(before.requests + 2 * DMA_JOBS, after.requests);
	ASSERT_EQ(before.no_snoop_requests, after.no_snoop_requests);
}

int main(int argc, char *argv[])
{
	struct nosnoop_original original = {};
	int ret;

	device_bdf = vfio_selftests_get_bdf(&argc, argv);
	nosnoop_save(&original, device_bdf);
	ret = test_harness_run(argc, argv);
	nosnoop_restore(&original);

	return ret;
}
