// SPDX-License-Identifier: GPL-2.0-only
#include "harness.h"

static struct config config;
static struct config_change change;

static u32 get(u32 offset, u32 count)
{
	u8 data[4] = { 0 };

	config_read(&config, offset, data, count);
	return get32(data);
}

static void set(u32 offset, u32 count, u32 value)
{
	u8 data[4];

	put32(data, value);
	config_write(&config, offset, data, count, &change);
}

static void init(enum config_no_snoop no_snoop, bool pcie)
{
	struct config_options options = default_options;

	options.no_snoop = no_snoop;
	options.pcie = pcie;
	config_init(&config, &options);
}

/* A 32-bit register: its reset value, and its value after a write of all ones */
struct bits {
	u32 offset;
	u32 reset;
	u32 ones;
};

static void check_bits(const struct bits *bits)
{
	assert_int_equal(get(bits->offset, 4), bits->reset);
	set(bits->offset, 4, 0xffffffff);
	assert_int_equal(get(bits->offset, 4), bits->ones);
}

static const struct bits registers[] = {
	{ PCI_VENDOR_ID, 0x0b111234, 0x0b111234 },
	{ PCI_COMMAND, 0x00100000, 0x00100547 },
	{ PCI_CLASS_REVISION, 0x08800001, 0x08800001 },
	{ PCI_CACHE_LINE_SIZE, 0x00000000, 0x000000ff },
	{ PCI_BASE_ADDRESS_0, 0x00000000, 0xffff0000 },
	{ PCI_BASE_ADDRESS_1, 0x00000000, 0x00000000 },
	{ PCI_BASE_ADDRESS_2, 0x00000000, 0xfffff000 },
	{ PCI_BASE_ADDRESS_3, 0x00000000, 0x00000000 },
	{ PCI_SUBSYSTEM_VENDOR_ID, 0x0b111234, 0x0b111234 },
	{ PCI_ROM_ADDRESS, 0x00000000, 0x00000000 },
	{ PCI_CAPABILITY_LIST, 0x00000040, 0x00000040 },
	{ PCI_INTERRUPT_LINE, 0x00000000, 0x000000ff },
	{ MODEL_CAP_PM, 0x00035001, 0x00035001 },
	{ PMCSR, 0x00000000, 0x00000003 },
	{ MODEL_CAP_MSIX, 0x00038011, 0xc0038011 },
	{ MODEL_CAP_MSIX + PCI_MSIX_TABLE, 0x00000002, 0x00000002 },
	{ MODEL_CAP_MSIX + PCI_MSIX_PBA, 0x00000802, 0x00000802 },
	{ MODEL_CAP_EXP, 0x00020010, 0x00020010 },
	{ MODEL_CAP_EXP + PCI_EXP_DEVCAP, 0x10008021, 0x10008021 },
	{ DEVCTL, 0x00002810, 0x000079ff },
	{ MODEL_CAP_EXP + PCI_EXP_LNKCAP, 0x00400011, 0x00400011 },
	{ MODEL_CAP_EXP + PCI_EXP_LNKCTL, 0x00110000, 0x001100cb },
	{ MODEL_CAP_EXP + PCI_EXP_DEVCAP2, 0x0000001f, 0x0000001f },
	{ MODEL_CAP_EXP + PCI_EXP_DEVCTL2, 0x00000000, 0x0000001f },
	{ MODEL_CAP_EXP + PCI_EXP_LNKCAP2, 0x00000002, 0x00000002 },
	{ MODEL_CAP_EXP + PCI_EXP_LNKCTL2, 0x00000001, 0x0000000f },
	{ MODEL_ECAP_AER, 0x00020001, 0x00020001 },
	{ MODEL_ECAP_AER + PCI_ERR_UNCOR_STATUS, 0x00000000, 0x00000000 },
	{ MODEL_ECAP_AER + PCI_ERR_UNCOR_MASK, 0x00000000, 0x0017f010 },
	{ MODEL_ECAP_AER + PCI_ERR_UNCOR_SEVER, 0x00062010, 0x0017f010 },
	{ MODEL_ECAP_AER + PCI_ERR_COR_STATUS, 0x00000000, 0x00000000 },
	{ MODEL_ECAP_AER + PCI_ERR_COR_MASK, 0x00002000, 0x000031c1 },
	{ MODEL_ECAP_AER + PCI_ERR_CAP, 0x00000000, 0x00000000 },
	{ CONFIG_SIZE - 4, 0x00000000, 0x00000000 },
};

static void reset_and_writable_bits(void **state)
{
	u32 i;

	(void)state;
	init(CONFIG_NO_SNOOP_RW, true);
	for (i = 0; i < ARRAY_SIZE(registers); i++) {
		check_bits(registers + i);
		set(registers[i].offset, 4, 0);
	}
}

/* Nothing outside the table can be written. */
static void everything_else_is_read_only(void **state)
{
	bool known[CONFIG_SIZE / 4] = { false };
	u32 i, before;

	(void)state;
	init(CONFIG_NO_SNOOP_RW, true);
	for (i = 0; i < ARRAY_SIZE(registers); i++)
		known[registers[i].offset / 4] = true;
	for (i = 0; i < CONFIG_SIZE; i += 4) {
		if (known[i / 4])
			continue;
		before = get(i, 4);
		set(i, 4, ~before);
		assert_int_equal(get(i, 4), before);
	}
}

static void bar0_size(void **state)
{
	struct config_options options = default_options;

	(void)state;
	options.bar0_size = 16 << 20;
	config_init(&config, &options);
	set(PCI_BASE_ADDRESS_0, 4, 0xffffffff);
	assert_int_equal(get(PCI_BASE_ADDRESS_0, 4), 0xff000000);
	set(PCI_BASE_ADDRESS_0, 4, 0xfe123456);
	assert_int_equal(get(PCI_BASE_ADDRESS_0, 4), 0xfe000000);
}

static void status_bits_are_cleared_by_one(void **state)
{
	const u32 sta = MODEL_CAP_EXP + PCI_EXP_DEVSTA;
	const u32 uncor = MODEL_ECAP_AER + PCI_ERR_UNCOR_STATUS;
	const u32 cor = MODEL_ECAP_AER + PCI_ERR_COR_STATUS;

	(void)state;
	init(CONFIG_NO_SNOOP_RW, true);
	config_unsupported_request(&config, true);
	assert_int_equal(get(sta, 2), PCI_EXP_DEVSTA_URD | PCI_EXP_DEVSTA_NFED);
	assert_int_equal(get(uncor, 4), PCI_ERR_UNC_UNSUP);
	assert_int_equal(get(cor, 4), 0);
	config_unsupported_request(&config, false);
	assert_int_equal(get(sta, 2), 0xb);
	assert_int_equal(get(cor, 4), PCI_ERR_COR_ADV_NFAT);

	set(sta, 2, 0);
	assert_int_equal(get(sta, 2), 0xb);
	set(sta, 2, PCI_EXP_DEVSTA_URD);
	assert_int_equal(get(sta, 2), 0x3);
	set(uncor, 4, PCI_ERR_UNC_UNSUP);
	assert_int_equal(get(uncor, 4), 0);
	set(cor, 4, 0);
	assert_int_equal(get(cor, 4), PCI_ERR_COR_ADV_NFAT);
}

/* A plain reset clears DEVSTA but not the sticky bits of AER. */
static void reset_keeps_sticky_bits_only(void **state)
{
	(void)state;
	init(CONFIG_NO_SNOOP_RW, true);
	set(PCI_COMMAND, 2, 0xffff);
	set(PCI_BASE_ADDRESS_0, 4, 0xfe000000);
	set(DEVCTL, 2, 0x5000);
	set(MODEL_CAP_MSIX + PCI_MSIX_FLAGS, 2, 0x8000);
	set(PCI_INTERRUPT_LINE, 1, 11);
	set(MODEL_ECAP_AER + PCI_ERR_UNCOR_MASK, 4, PCI_ERR_UNC_UNSUP);
	config_unsupported_request(&config, false);

	config_reset(&config);
	assert_int_equal(get(PCI_COMMAND, 2), 0);
	assert_int_equal(get(PCI_BASE_ADDRESS_0, 4), 0);
	assert_int_equal(get(DEVCTL, 4), 0x2810);
	assert_int_equal(get(MODEL_CAP_MSIX + PCI_MSIX_FLAGS, 2), 3);
	assert_int_equal(get(PCI_INTERRUPT_LINE, 1), 0);
	assert_int_equal(get(MODEL_ECAP_AER + PCI_ERR_UNCOR_MASK, 4), PCI_ERR_UNC_UNSUP);
	assert_int_equal(get(MODEL_ECAP_AER + PCI_ERR_UNCOR_STATUS, 4), PCI_ERR_UNC_UNSUP);
}

static void assert_change(enum config_register reg, u16 old, u16 new, bool flr, bool d3)
{
	assert_int_equal(change.reg, reg);
	if (reg != CONFIG_OTHER) {
		assert_int_equal(change.old, old);
		assert_int_equal(change.new, new);
	}
	assert_int_equal(change.flr, flr);
	assert_int_equal(change.d3hot_to_d0, d3);
}

static void changes_are_told(void **state)
{
	(void)state;
	init(CONFIG_NO_SNOOP_RW, true);
	set(PCI_CACHE_LINE_SIZE, 4, 0);
	assert_change(CONFIG_OTHER, 0, 0, false, false);
	set(PCI_STATUS, 2, 0);
	assert_change(CONFIG_OTHER, 0, 0, false, false);
	set(PCI_COMMAND, 1, 6);
	assert_change(CONFIG_COMMAND, 0, 6, false, false);
	set(PCI_COMMAND + 1, 1, 4);
	assert_change(CONFIG_COMMAND, 6, 0x406, false, false);
	set(DEVCTL, 1, 0xff);
	assert_change(CONFIG_DEVCTL, 0x2810, 0x28ff, false, false);
	set(DEVCTL + 1, 1, 0x20);
	assert_change(CONFIG_DEVCTL, 0x28ff, 0x20ff, false, false);
	set(DEVCTL + 1, 2, 0xff28);
	assert_change(CONFIG_DEVCTL, 0x20ff, 0x28ff, false, false);
	set(DEVCTL, 4, 0x2010);
	assert_change(CONFIG_DEVCTL, 0x28ff, 0x2010, false, false);
	set(MODEL_CAP_EXP + PCI_EXP_DEVSTA, 2, 0xffff);
	assert_change(CONFIG_OTHER, 0, 0, false, false);
}

static void flr_is_told_and_reads_zero(void **state)
{
	(void)state;
	init(CONFIG_NO_SNOOP_RW, true);
	set(DEVCTL, 2, 0xa010);
	assert_change(CONFIG_DEVCTL, 0x2810, 0x2010, true, false);
	set(DEVCTL + 1, 1, 0x80);
	assert_change(CONFIG_DEVCTL, 0x2010, 0x0010, true, false);
	set(DEVCTL, 1, 0x80);
	assert_change(CONFIG_DEVCTL, 0x0010, 0x0080, false, false);
	/* Nor is what follows the data of a write of one byte. */
	set(DEVCTL, 1, 0xff80);
	assert_change(CONFIG_DEVCTL, 0x0080, 0x0080, false, false);
	/* Bit 15 of DEVSTA is not FLR. */
	set(MODEL_CAP_EXP + PCI_EXP_DEVSTA, 2, 0x8000);
	assert_change(CONFIG_OTHER, 0, 0, false, false);
}

static void power_states(void **state)
{
	(void)state;
	init(CONFIG_NO_SNOOP_RW, true);
	set(PMCSR, 2, 1);
	assert_change(CONFIG_PMCSR, 0, 0, false, false);
	set(PMCSR, 2, 2);
	assert_change(CONFIG_PMCSR, 0, 0, false, false);
	assert_false(config_d3hot(&config));
	set(PMCSR, 2, 0x8003);
	assert_change(CONFIG_PMCSR, 0, 3, false, false);
	assert_true(config_d3hot(&config));
	set(PMCSR, 2, 2);
	assert_change(CONFIG_PMCSR, 3, 3, false, false);
	set(PMCSR + 1, 1, 0);
	assert_change(CONFIG_PMCSR, 3, 3, false, false);
	set(PMCSR, 1, 0);
	assert_change(CONFIG_PMCSR, 3, 0, false, true);
	set(PMCSR, 1, 0);
	assert_change(CONFIG_PMCSR, 0, 0, false, false);
}

static void no_snoop_hardwired(void **state)
{
	(void)state;
	init(CONFIG_NO_SNOOP_0, true);
	assert_int_equal(get(DEVCTL, 2), 0x2010);
	set(DEVCTL, 2, 0x7fff);
	assert_int_equal(get(DEVCTL, 2), 0x71ff);
	assert_false(config_no_snoop(&config));
	config_reset(&config);
	assert_int_equal(get(DEVCTL, 2), 0x2010);

	init(CONFIG_NO_SNOOP_1, true);
	assert_int_equal(get(DEVCTL, 2), 0x2810);
	set(DEVCTL, 2, 0);
	assert_int_equal(get(DEVCTL, 2), 0x0800);
	assert_true(config_no_snoop(&config));

	init(CONFIG_NO_SNOOP_RW, true);
	assert_true(config_no_snoop(&config));
	set(DEVCTL, 2, 0);
	assert_false(config_no_snoop(&config));
	set(DEVCTL, 2, 0x800);
	assert_true(config_no_snoop(&config));
}

/* The bit could be cleared before, and can be again after the function was out of its slot. */
static void no_snoop_sticks(void **state)
{
	(void)state;
	init(CONFIG_NO_SNOOP_RW, true);
	set(DEVCTL, 2, 0x2010);
	config_stick_no_snoop(&config);
	assert_true(config_no_snoop(&config));
	set(DEVCTL, 2, 0x2010);
	assert_change(CONFIG_DEVCTL, 0x2810, 0x2810, false, false);
	set(DEVCTL + 1, 1, 0);
	assert_int_equal(get(DEVCTL, 2), 0x0810);
	config_reset(&config);
	set(DEVCTL, 2, 0);
	assert_true(config_no_snoop(&config));
	config_power_on(&config);
	set(DEVCTL, 2, 0);
	assert_false(config_no_snoop(&config));

	/* A bit that cannot be 1 does not stick. */
	init(CONFIG_NO_SNOOP_0, true);
	config_stick_no_snoop(&config);
	assert_int_equal(get(DEVCTL, 2), 0x2010);
	init(CONFIG_NO_SNOOP_RW, false);
	config_stick_no_snoop(&config);
	assert_int_equal(get(DEVCTL, 2), 0);
}

static void without_pcie(void **state)
{
	(void)state;
	init(CONFIG_NO_SNOOP_RW, false);
	assert_int_equal(config.size, 256);
	assert_int_equal(get(MODEL_CAP_MSIX + PCI_CAP_LIST_NEXT, 1), 0);
	set(DEVCTL, 2, 0xffff);
	assert_change(CONFIG_OTHER, 0, 0, false, false);
	assert_int_equal(get(DEVCTL, 4), 0);
	assert_false(config_no_snoop(&config));
	config_unsupported_request(&config, false);
	assert_int_equal(get(MODEL_CAP_EXP + PCI_EXP_DEVSTA, 2), 0);
}

/* Device Control is the same, and there are no registers of a link. */
static void root_complex_integrated_endpoint(void **state)
{
	struct config_options options = default_options;

	(void)state;
	options.rciep = true;
	config_init(&config, &options);
	assert_int_equal(get(MODEL_CAP_EXP, 4), 0x00920010);
	set(DEVCTL, 2, 0xffff);
	assert_change(CONFIG_DEVCTL, 0x2810, 0x79ff, true, false);
	set(MODEL_CAP_EXP + PCI_EXP_LNKCTL, 4, 0xffffffff);
	set(MODEL_CAP_EXP + PCI_EXP_LNKCTL2, 4, 0xffffffff);
	assert_int_equal(get(MODEL_CAP_EXP + PCI_EXP_LNKCAP, 4), 0);
	assert_int_equal(get(MODEL_CAP_EXP + PCI_EXP_LNKCTL, 4), 0);
	assert_int_equal(get(MODEL_CAP_EXP + PCI_EXP_LNKCAP2, 4), 0);
	assert_int_equal(get(MODEL_CAP_EXP + PCI_EXP_LNKCTL2, 4), 0);
}

static void msi(void **state)
{
	struct config_options options = default_options;
	static const struct bits msi[] = {
		{ MODEL_CAP_PM, 0x00035001, 0x00035001 },
		{ MODEL_CAP_MSI, 0x00848005, 0x00f58005 },
		{ MODEL_CAP_MSI + PCI_MSI_ADDRESS_LO, 0, 0xfffffffc },
		{ MODEL_CAP_MSI + PCI_MSI_ADDRESS_HI, 0, 0xffffffff },
		{ MODEL_CAP_MSI + PCI_MSI_DATA_64, 0, 0x0000ffff },
		{ MODEL_CAP_MSI + PCI_MSI_MASK_64, 0, 0 },
	};
	u32 i;

	(void)state;
	options.msi = true;
	config_init(&config, &options);
	for (i = 0; i < ARRAY_SIZE(msi); i++)
		check_bits(msi + i);
	assert_true(config_messages_enabled(&config));
	assert_false(config_messages_masked(&config));
	set(MODEL_CAP_MSI + PCI_MSI_FLAGS, 2, 0xfffe);
	assert_false(config_messages_enabled(&config));
}

static void advanced_features(void **state)
{
	struct config_options options = default_options;

	(void)state;
	init(CONFIG_NO_SNOOP_RW, true);
	set(MODEL_CAP_AF + PCI_AF_CTRL, 1, PCI_AF_CTRL_FLR);
	assert_false(change.af_flr);

	options.af = true;
	config_init(&config, &options);
	assert_int_equal(get(PCI_CAPABILITY_LIST, 1), MODEL_CAP_AF);
	assert_int_equal(get(MODEL_CAP_AF, 4), 0x03064013);
	assert_int_equal(get(MODEL_CAP_AF + PCI_AF_CTRL, 2), 0);
	set(MODEL_CAP_AF + PCI_AF_CTRL, 1, PCI_AF_CTRL_FLR);
	assert_true(change.af_flr);
	assert_false(change.flr);
	assert_int_equal(get(MODEL_CAP_AF + PCI_AF_CTRL, 2), 0);
	set(MODEL_CAP_AF, 4, 0xffffffff);
	assert_false(change.af_flr);
	set(MODEL_CAP_AF + PCI_AF_CTRL, 2, 0xfffe);
	assert_false(change.af_flr);
	set(MODEL_CAP_AF + PCI_AF_CTRL, 4, 0x1);
	assert_true(change.af_flr);
	assert_int_equal(get(MODEL_CAP_AF, 4), 0x03064013);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(reset_and_writable_bits),
	cmocka_unit_test(everything_else_is_read_only),
	cmocka_unit_test(bar0_size),
	cmocka_unit_test(status_bits_are_cleared_by_one),
	cmocka_unit_test(reset_keeps_sticky_bits_only),
	cmocka_unit_test(changes_are_told),
	cmocka_unit_test(flr_is_told_and_reads_zero),
	cmocka_unit_test(power_states),
	cmocka_unit_test(no_snoop_hardwired),
	cmocka_unit_test(no_snoop_sticks),
	cmocka_unit_test(without_pcie),
	cmocka_unit_test(root_complex_integrated_endpoint),
	cmocka_unit_test(msi),
	cmocka_unit_test(advanced_features),
};

RUN_TESTS(tests)
