// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of policy.h and mirror.h: the bits over all values of a byte of
 * Device Control in hardware and of what is written there, cuts over all short
 * writes about the places that matter.
 */
#include <kunit/test.h>
#include <linux/module.h>

#include "mirror.h"
#include "policy.h"

/* Where each bit comes from, in hardware and to the user */
enum source { ZERO, HW, USER, VIRT };

static const struct bits_param {
	const char *name;
	u16 mask;
	/* What is written to hardware, and what the user reads */
	enum source hw, user;
} bits_params[] = {
	{ "correctable errors", PCI_EXP_DEVCTL_CERE, USER, HW },
	{ "non-fatal errors", PCI_EXP_DEVCTL_NFERE, USER, HW },
	{ "fatal errors", PCI_EXP_DEVCTL_FERE, USER, HW },
	{ "unsupported requests", PCI_EXP_DEVCTL_URRE, USER, HW },
	{ "relaxed ordering", PCI_EXP_DEVCTL_RELAX_EN, USER, HW },
	{ "max payload", PCI_EXP_DEVCTL_PAYLOAD, HW, VIRT },
	{ "extended tag", PCI_EXP_DEVCTL_EXT_TAG, USER, HW },
	{ "phantom functions", PCI_EXP_DEVCTL_PHANTOM, HW, HW },
	{ "aux power PM", PCI_EXP_DEVCTL_AUX_PME, USER, HW },
	{ "no snoop", PCI_EXP_DEVCTL_NOSNOOP_EN, ZERO, ZERO },
	{ "max read request", PCI_EXP_DEVCTL_READRQ, HW, VIRT },
	{ "function level reset", PCI_EXP_DEVCTL_BCR_FLR, ZERO, ZERO },
};

KUNIT_ARRAY_PARAM_DESC(bits, bits_params, name);

static void nosnoop_bits_test(struct kunit *test)
{
	const struct bits_param *param = test->param_value;
	u16 written = nosnoop_written(2), upper = nosnoop_written(1);
	u16 want;

	/* Another value in each byte, for none to be taken for the other */
	for (int hw = 0; hw <= U16_MAX; hw += 0xff) {
		for (int other = 0; other <= U16_MAX; other += 0x101) {
			want = param->hw == HW ? hw : param->hw == USER ? other : 0;
			if ((nosnoop_devctl_to_hw(hw, other, written) ^ want) & param->mask)
				KUNIT_FAIL_AND_ABORT(test, "to hw %x, user %x", hw, other);
			/* Of the lower byte, nothing is written with the upper alone. */
			if (param->mask <= U8_MAX)
				want = hw;
			if ((nosnoop_devctl_to_hw(hw, other, upper) ^ want) & param->mask)
				KUNIT_FAIL_AND_ABORT(test, "to hw %x, user %x, upper",
						     hw, other);

			want = param->user == HW ? hw : param->user == VIRT ? other : 0;
			if ((nosnoop_devctl_to_user(hw, other) ^ want) & param->mask)
				KUNIT_FAIL_AND_ABORT(test, "to user %x, virt %x", hw, other);
		}
	}
}

static void nosnoop_lo_to_virt_test(struct kunit *test)
{
	for (int virt = 0; virt <= U8_MAX; virt++)
		for (int user = 0; user <= U8_MAX; user++)
			KUNIT_EXPECT_EQ(test, nosnoop_lo_to_virt(virt, user),
					(virt & 0x1f) | (user & 0xe0));
}

static void nosnoop_sizes_test(struct kunit *test)
{
	for (int hi = 0; hi <= U8_MAX; hi++)
		KUNIT_EXPECT_EQ(test, nosnoop_readrq(hi), 128 << ((hi / 16) % 8));
	for (int count = 1; count < 9; count++)
		KUNIT_EXPECT_EQ(test, nosnoop_splits(count), count > 3);
}

static void nosnoop_covers_test(struct kunit *test)
{
	for (int pos = 0; pos < 12; pos++)
		for (int end = pos + 1; end < 24; end++)
			for (int at = 0; at < 24; at++)
				KUNIT_EXPECT_EQ(test, nosnoop_covers(pos, end - pos, at),
						at >= pos && at < end);

	KUNIT_EXPECT_FALSE(test, nosnoop_covers(0x79, 0, 0x79));
	KUNIT_EXPECT_FALSE(test, nosnoop_covers(0x7a, SIZE_MAX, 0x79));
	KUNIT_EXPECT_TRUE(test, nosnoop_covers(0x79, SIZE_MAX, 0x79));
}

static const struct reach_param {
	const char *name;
	int hi_pos, pm_pos, last;
} reach_params[] = {
	{ "no power management", 0x4d, 0, 0xff },
	{ "power management first", 0x79, 0x44, 0xff },
	{ "one in the other", 0x4d, 0x4c, 0xff },
	{ "power management at the end", 0x4d, 0xfc, 0xff },
	{ "power management does not fit", 0x4d, 0x100, 0x103 },
	{ "PCI Express does not fit", 0x105, 0x44, 0x105 },
};

KUNIT_ARRAY_PARAM_DESC(reach, reach_params, name);

/* Against asking byte by byte */
static void nosnoop_reach_test(struct kunit *test)
{
	const struct reach_param *param = test->param_value;
	bool ours, reached;
	u8 *reach;

	reach = kunit_kzalloc(test, PCI_CFG_SPACE_SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, reach);
	KUNIT_EXPECT_EQ(test, param->last,
			nosnoop_fill_reach(reach, param->hi_pos, param->pm_pos));

	for (int pos = 0; pos < PCI_CFG_SPACE_SIZE; pos++) {
		ours = false;
		for (int count = 1; count < U8_MAX; count++) {
			ours |= nosnoop_is_ours(pos + count - 1, param->hi_pos,
						param->pm_pos);
			reached = count >= reach[pos];
			if (ours != reached)
				KUNIT_FAIL_AND_ABORT(test, "%d at %x", count, pos);
		}
	}

	for (int pos = 0; pos < 0x110; pos++)
		KUNIT_EXPECT_EQ(test, pos == param->hi_pos || (pos > 3 && pos < 8) ||
				(param->pm_pos && pos >= param->pm_pos &&
				 pos < param->pm_pos + 4),
				nosnoop_is_ours(pos, param->hi_pos, param->pm_pos));
}

static const struct segment_param {
	const char *name;
	size_t pos, count, segment;
} segment_params[] = {
	{ "all of config space: up to COMMAND", 0, 4096, 4 },
	{ "COMMAND with what is behind: its dword", 4, 0x80, 4 },
	{ "high byte of COMMAND: the rest of its dword", 5, 0x80, 3 },
	{ "behind COMMAND: up to power management", 8, 0x80, 0x3c },
	{ "PM_CTRL with what is behind: its dword", 0x44, 0x80, 4 },
	{ "ends before DEVCTL's dword", 0x70, 4, 4 },
	{ "lower byte of DEVCTL: all there is", 0x78, 1, 1 },
	{ "DEVCTL with what is behind: alone", 0x78, 4, 2 },
	{ "upper byte of DEVCTL: alone", 0x79, 0x80, 1 },
	{ "behind DEVCTL: the rest", 0x7a, 0xf86, 0xf86 },
};

KUNIT_ARRAY_PARAM_DESC(segment, segment_params, name);

static void nosnoop_segment_test(struct kunit *test)
{
	const struct segment_param *param = test->param_value;

	KUNIT_EXPECT_EQ(test, param->segment,
			nosnoop_segment(param->pos, param->count, 0x79, 0x44));
}

/* Is in that dword and in others */
static bool crosses(size_t pos, size_t segment, size_t dword)
{
	return pos < dword + 4 && pos + segment > dword && pos % 4 + segment > 4;
}

/* Cut one write; false unless each piece keeps to the rules */
static bool partitions(size_t pos, size_t count, size_t hi_pos, size_t pm_pos)
{
	size_t end = pos + count, segment;

	for (; pos < end; pos += segment) {
		segment = nosnoop_segment(pos, end - pos, hi_pos, pm_pos);
		/* No others with the byte than the one below, with PM_CTRL, COMMAND */
		if (!segment || segment > end - pos ||
		    (nosnoop_covers(pos, segment, hi_pos) &&
		     (pos < hi_pos - 1 || pos + segment > hi_pos + 1)) ||
		    crosses(pos, segment, pm_pos) || crosses(pos, segment, PCI_COMMAND))
			return false;
		/* Cut at dwords, but for DEVCTL */
		if (pos + segment != end && (pos + segment) % 4 &&
		    pos + segment != hi_pos + 1)
			return false;
	}

	return true;
}

static void nosnoop_partition_test(struct kunit *test)
{
	static const u8 pm_pos[] = { 0, 0x44, 0x50, 0x54 };

	for (int i = 0; i < ARRAY_SIZE(pm_pos); i++)
		for (int pos = 0; pos < 0x68; pos++)
			for (int count = 1; count <= 0x68 - pos; count++)
				if (!partitions(pos, count, 0x4d, pm_pos[i]))
					KUNIT_FAIL_AND_ABORT(test, "%d at %x, PM_CTRL at %x",
							     count, pos, pm_pos[i]);
}

/* Two that share a page, one at its start, and one in another BAR */
static const struct nosnoop_mirrors test_mirrors = {
	.list = {
		{ .bar = 0, .offset = 4 * PAGE_SIZE, .size = 0x100 },
		{ .bar = 2, .offset = 0, .size = 0x1000 },
		{ .bar = 0, .offset = 2 * PAGE_SIZE + 0x200, .size = 8 },
		{ .bar = 0, .offset = 2 * PAGE_SIZE + 0x210, .size = 4 },
	},
	.count = 4,
};

/* Byte by byte, which is slow and simple */
static const struct nosnoop_mirror *mirror_at(unsigned int bar, u64 pos)
{
	const struct nosnoop_mirror *mirror = test_mirrors.list;

	for (; mirror < test_mirrors.list + test_mirrors.count; mirror++)
		if (mirror->bar == bar && pos >= mirror->offset &&
		    pos < mirror->offset + mirror->size)
			return mirror;

	return NULL;
}

static void nosnoop_mirror_segment_test(struct kunit *test)
{
	const struct nosnoop_mirror *mirror;
	size_t segment;

	for (u64 pos = 2 * PAGE_SIZE + 0x1f0; pos < 2 * PAGE_SIZE + 0x220; pos++) {
		for (size_t count = 1; count < 0x40; count++) {
			segment = nosnoop_mirror_segment(&test_mirrors, 0, pos,
							 count, &mirror);
			KUNIT_ASSERT_TRUE(test, segment && segment <= count);
			for (size_t i = 0; i < segment; i++)
				KUNIT_ASSERT_PTR_EQ(test, mirror, mirror_at(0, pos + i));
			/* And it ends where it has to. */
			if (segment < count)
				KUNIT_ASSERT_PTR_NE(test, mirror,
						    mirror_at(0, pos + segment));
		}
	}

	KUNIT_EXPECT_EQ(test, 0x100, nosnoop_mirror_segment(&test_mirrors, 0, 4 * PAGE_SIZE,
							    SIZE_MAX, &mirror));
	KUNIT_EXPECT_EQ(test, SIZE_MAX, nosnoop_mirror_segment(&test_mirrors, 1, 0,
							       SIZE_MAX, &mirror));
	KUNIT_EXPECT_NULL(test, mirror);
}

static void nosnoop_mirror_pages_test(struct kunit *test)
{
	static const struct {
		unsigned int bar, pos, start;	/* pages; start 0: none */
	} cases[] = {
		{ 0, 0, 2 }, { 0, 1, 2 }, { 0, 2, 2 }, { 0, 3, 4 }, { 0, 4, 4 },
		{ 0, 5, 0 }, { 1, 0, 0 }, { 2, 1, 0 },
	};
	u64 start, end;

	for (int i = 0; i < ARRAY_SIZE(cases); i++) {
		KUNIT_EXPECT_EQ(test, cases[i].start > 0,
				nosnoop_mirror_pages(&test_mirrors, cases[i].bar,
						     cases[i].pos * PAGE_SIZE, &start, &end));
		if (!cases[i].start)
			continue;
		KUNIT_EXPECT_EQ(test, start, cases[i].start * PAGE_SIZE);
		KUNIT_EXPECT_EQ(test, end, start + PAGE_SIZE);
	}

	KUNIT_EXPECT_TRUE(test, nosnoop_mirror_pages(&test_mirrors, 2, 0, &start, &end));
	KUNIT_EXPECT_EQ(test, start, 0);
	for (u64 pos = 0; pos < 6; pos++)
		for (u64 count = 1; count < 6; count++)
			KUNIT_EXPECT_EQ(test,
					nosnoop_covers(pos, count, 2) ||
					nosnoop_covers(pos, count, 4),
					nosnoop_mirror_shares_page(&test_mirrors, 0,
								   pos * PAGE_SIZE,
								   count * PAGE_SIZE));
	/* What a user can come up with */
	KUNIT_EXPECT_TRUE(test, nosnoop_mirror_shares_page(&test_mirrors, 0, PAGE_SIZE, U64_MAX));
	KUNIT_EXPECT_FALSE(test, nosnoop_mirror_shares_page(&test_mirrors, 0, U64_MAX, U64_MAX));
}

static struct kunit_case nosnoop_test_cases[] = {
	KUNIT_CASE_PARAM(nosnoop_bits_test, bits_gen_params),
	KUNIT_CASE(nosnoop_sizes_test),
	KUNIT_CASE(nosnoop_covers_test),
	KUNIT_CASE(nosnoop_lo_to_virt_test),
	KUNIT_CASE_PARAM(nosnoop_reach_test, reach_gen_params),
	KUNIT_CASE_PARAM(nosnoop_segment_test, segment_gen_params),
	KUNIT_CASE(nosnoop_partition_test),
	KUNIT_CASE(nosnoop_mirror_segment_test),
	KUNIT_CASE(nosnoop_mirror_pages_test),
	{}
};

static struct kunit_suite nosnoop_test_suite = {
	.name = "vfio-pci-nosnoop",
	.test_cases = nosnoop_test_cases,
};

kunit_test_suite(nosnoop_test_suite);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("KUnit tests for vfio-pci-nosnoop");
