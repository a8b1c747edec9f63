// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of policy.h and mirror.h: the bits over all values of both bytes,
 * cuts over all short writes about the places that matter.
 */
#include <kunit/test.h>
#include <linux/module.h>

#include "mirror.h"
#include "policy.h"

/* Where each bit comes from, in hardware and to the user */
enum source { ZERO, HW, USER, VIRT };

static const struct bits_param {
	const char *name;
	u8 mask;
	enum source hw, user;
} bits_params[] = {
	{ "extended tag", NOSNOOP_HI(PCI_EXP_DEVCTL_EXT_TAG), USER, HW },
	{ "phantom functions", NOSNOOP_HI(PCI_EXP_DEVCTL_PHANTOM), HW, HW },
	{ "aux power PM", NOSNOOP_HI(PCI_EXP_DEVCTL_AUX_PME), USER, HW },
	{ "no snoop", NOSNOOP_HI(PCI_EXP_DEVCTL_NOSNOOP_EN), ZERO, ZERO },
	{ "max read request", NOSNOOP_HI(PCI_EXP_DEVCTL_READRQ), HW, VIRT },
	{ "function level reset", NOSNOOP_HI(PCI_EXP_DEVCTL_BCR_FLR), ZERO, ZERO },
};

KUNIT_ARRAY_PARAM_DESC(bits, bits_params, name);

static void nosnoop_bits_test(struct kunit *test)
{
	const struct bits_param *param = test->param_value;
	u8 want;

	for (int hw = 0; hw <= U8_MAX; hw++) {
		for (int other = 0; other <= U8_MAX; other++) {
			want = param->hw == HW ? hw : param->hw == USER ? other : 0;
			if ((nosnoop_hi_to_hw(hw, other) ^ want) & param->mask)
				KUNIT_FAIL_AND_ABORT(test, "to hw %x, user %x", hw, other);

			want = param->user == HW ? hw : param->user == VIRT ? other : 0;
			if ((nosnoop_hi_to_user(hw, other) ^ want) & param->mask)
				KUNIT_FAIL_AND_ABORT(test, "to user %x, virt %x", hw, other);
		}
	}
}

static void nosnoop_sizes_test(struct kunit *test)
{
	static const u8 chunks[] = { 0, 1, 2, 2, 4, 4, 4, 4, 4 };

	for (int hi = 0; hi <= U8_MAX; hi++)
		KUNIT_EXPECT_EQ(test, nosnoop_readrq(hi), 128 << ((hi / 16) % 8));
	for (int count = 1; count < ARRAY_SIZE(chunks); count++)
		KUNIT_EXPECT_EQ(test, nosnoop_chunk(count), chunks[count]);
}

static void nosnoop_covers_test(struct kunit *test)
{
	for (int pos = 0; pos < 12; pos++)
		for (int end = pos + 1; end < 24; end++)
			for (int at = 0; at < 24; at++) {
				KUNIT_EXPECT_EQ(test, nosnoop_covers(pos, end - pos, at),
						at >= pos && at < end);
				KUNIT_EXPECT_EQ(test, nosnoop_meets(pos, end - pos, at & ~3),
						at / 4 >= pos / 4 && (at & ~3) < end);
			}

	KUNIT_EXPECT_FALSE(test, nosnoop_covers(0x79, 0, 0x79));
	KUNIT_EXPECT_FALSE(test, nosnoop_covers(0x7a, SIZE_MAX, 0x79));
	KUNIT_EXPECT_TRUE(test, nosnoop_covers(0x79, SIZE_MAX, 0x79));
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
	{ "ends before the owned byte's dword", 0x70, 4, 4 },
	{ "low byte of DEVCTL: alone", 0x78, 4, 1 },
	{ "owned byte: alone", 0x79, 0x80, 1 },
	{ "behind the owned byte: the rest", 0x7a, 0xf86, 0xf86 },
};

KUNIT_ARRAY_PARAM_DESC(segment, segment_params, name);

static void nosnoop_segment_test(struct kunit *test)
{
	const struct segment_param *param = test->param_value;

	KUNIT_EXPECT_EQ(test, param->segment,
			nosnoop_segment(param->pos, param->count, 0x79, 0x44));
}

/* Cut one write; false unless each piece keeps to the rules */
static bool partitions(size_t pos, size_t count, size_t hi_pos, size_t pm_pos)
{
	size_t end = pos + count, segment;

	for (; pos < end; pos += segment) {
		segment = nosnoop_segment(pos, end - pos, hi_pos, pm_pos);
		/* The owned byte alone, no others with PM_CTRL and COMMAND */
		if (!segment || segment > end - pos ||
		    (nosnoop_covers(pos, segment, hi_pos) && segment != 1) ||
		    (nosnoop_meets(pos, segment, pm_pos) && pos % 4 + segment > 4) ||
		    (nosnoop_meets(pos, segment, PCI_COMMAND) && pos % 4 + segment > 4))
			return false;
		/* Cut at dwords, but for the owned byte */
		if (pos + segment != end && (pos + segment) % 4 &&
		    pos + segment != hi_pos && pos + segment != hi_pos + 1)
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
