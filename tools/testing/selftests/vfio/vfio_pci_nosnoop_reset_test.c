// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio-pci-nosnoop: resets that the kernel is told of. A function out of reset
 * has Enable No Snoop at 1 and mastering off, and then the kernel restores what
 * it saved. Each reset is a chance for the bit to come back.
 *
 * Needs: a PCI Express function bound to vfio-pci-nosnoop. A test is skipped
 * if the function lacks the reset that it is about.
 *
 * Run: ./vfio_pci_nosnoop_reset_test [options] 0000:01:00.0
 */
#include "vfio_pci_nosnoop.h"

#include "kselftest_harness.h"

/* A reset takes 0.1 s and more. */
#define ROUNDS	4

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
}

static void settings_check(struct nosnoop *n, struct settings *s, const char *after)
{
	nosnoop_check(n, after);
	VFIO_ASSERT_EQ(cfg_devctl(n), s->devctl, "user's DEVCTL after %s\n", after);
	VFIO_ASSERT_EQ(hw_devctl(n), s->hw_devctl, "hardware's DEVCTL after %s\n", after);
	VFIO_ASSERT_EQ(vfio_pci_config_readw(n->device, PCI_COMMAND), s->cmd,
		       "user's COMMAND after %s\n", after);
	VFIO_ASSERT_EQ(hw_readw(n, PCI_COMMAND), s->hw_cmd,
		       "hardware's COMMAND after %s\n", after);

	nosnoop_master_on(n);
	nosnoop_check(n, after);
}

static bool has_flr(struct nosnoop *n)
{
	return vfio_pci_config_readl(n->device, n->cap + PCI_EXP_DEVCAP) & PCI_EXP_DEVCAP_FLR;
}

TEST_F(vfio_pci_nosnoop_reset_test, flr_through_devctl)
{
	struct nosnoop *n = &self->n;
	struct settings s;
	u8 buf[4];

	if (!has_flr(n))
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
			settings_check(n, &s, after);
		}
	}
}

/* The write that resets also changes MRRS, which must hold after the reset. */
TEST_F(vfio_pci_nosnoop_reset_test, flr_keeps_what_came_with_it)
{
	struct nosnoop *n = &self->n;
	u16 val, want, mps;

	if (!has_flr(n))
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

	for (int i = 0; i < ROUNDS; i++) {
		settings_make(n, &s);
		vfio_pci_device_reset(n->device);
		settings_check(n, &s, "VFIO_DEVICE_RESET");
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

	for (int i = 0; i < ROUNDS; i++) {
		settings_make(n, &s);
		cfg_set_power_state(n, 3);
		ASSERT_EQ(3, hw_readw(n, n->pm + PCI_PM_CTRL) & PCI_PM_CTRL_STATE_MASK);
		/* What is written while it sleeps must not take effect when it wakes. */
		cfg_write_devctl(n, s.devctl | PCI_EXP_DEVCTL_NOSNOOP_EN);
		cfg_set_power_state(n, 0);
		settings_check(n, &s, "D3hot and back");
	}
}

/* Reset in D3hot: the kernel wakes the function after it told the driver. */
TEST_F(vfio_pci_nosnoop_reset_test, reset_in_d3hot)
{
	struct nosnoop *n = &self->n;

	if (!n->pm || !(n->device->info.flags & VFIO_DEVICE_FLAGS_RESET))
		SKIP(return, "this function has no power management or no reset");

	for (int i = 0; i < ROUNDS; i++) {
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
}

int main(int argc, char *argv[])
{
	device_bdf = vfio_selftests_get_bdf(&argc, argv);

	return nosnoop_run(device_bdf, test_harness_run, argc, argv);
}
