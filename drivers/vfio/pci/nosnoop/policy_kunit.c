// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of policy.h: bits for all values of the byte in hardware and of the
 * byte that is written there, cuts for all short accesses around the places that
 * matter.
 */
#include <kunit/test.h>
#include <linux/module.h>

#include "policy.h"

/* Where each bit comes from, in hardware and to the user */
enum source { ZERO, HW, USER };

static const struct bits_param {
	const char *name;
	u16 mask;
	/* What is written to hardware, and what the user reads */
	enum source hw, user;
} bits_params[] = {
	{ "extended tag", PCI_EXP_DEVCTL_EXT_TAG, USER, HW },
	{ "phantom functions", PCI_EXP_DEVCTL_PHANTOM, HW, HW },
	{ "aux power PM", PCI_EXP_DEVCTL_AUX_PME, USER, HW },
	{ "no snoop", PCI_EXP_DEVCTL_NOSNOOP_EN, ZERO, ZERO },
	{ "max read request", PCI_EXP_DEVCTL_READRQ, HW, USER },
	/* The core shows it as 0. */
	{ "function level reset", PCI_EXP_DEVCTL_BCR_FLR, ZERO, HW },
};

KUNIT_ARRAY_PARAM_DESC(bits, bits_params, name);

static u8 pick(enum source source, u8 hw, u8 user)
{
	return source == HW ? hw : source == USER ? user : 0;
}

static void nosnoop_bits_test(struct kunit *test)
{
	const struct bits_param *param = test->param_value;
	u8 mask = NOSNOOP_HI(param->mask), want;

	for (int hw = 0; hw <= U8_MAX; hw++) {
		for (int user = 0; user <= U8_MAX; user++) {
			want = pick(param->hw, hw, user);
			if ((nosnoop_hi_to_hw(hw, user) ^ want) & mask)
				KUNIT_FAIL_AND_ABORT(test, "to hw %x, user %x", hw, user);
			want = pick(param->user, hw, user);
			if ((nosnoop_hi_to_user(hw, user) ^ want) & mask)
				KUNIT_FAIL_AND_ABORT(test, "to user %x, wrote %x", hw, user);
		}
	}
}

/* Each bit of the byte is in the table once. */
static void nosnoop_all_bits_test(struct kunit *test)
{
	unsigned int sum = 0;

	for (int i = 0; i < ARRAY_SIZE(bits_params); i++)
		sum += NOSNOOP_HI(bits_params[i].mask);
	KUNIT_EXPECT_EQ(test, sum, U8_MAX);
}

static void nosnoop_readrq_test(struct kunit *test)
{
	for (int hi = 0; hi <= U8_MAX; hi++)
		KUNIT_EXPECT_EQ(test, nosnoop_readrq(hi), 128 << ((hi / 16) % 8));
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

static void nosnoop_registers_test(struct kunit *test)
{
	for (int pos = 0; pos < 0x100; pos++) {
		KUNIT_EXPECT_EQ(test, nosnoop_is_command(pos), pos == 4 || pos == 5);
		KUNIT_EXPECT_EQ(test, nosnoop_is_pm(pos, 0x44), pos >= 0x44 && pos < 0x48);
		KUNIT_EXPECT_FALSE(test, nosnoop_is_pm(pos, 0));
	}
}

static const struct segment_param {
	const char *name;
	size_t pos, count, segment;
} segment_params[] = {
	{ "long access: a dword first", 0, 4096, 4 },
	{ "COMMAND and STATUS: together, as the core writes them", 4, 4, 4 },
	{ "COMMAND and a byte of STATUS: COMMAND first", 4, 3, 2 },
	{ "lower byte of COMMAND: alone", 4, 1, 1 },
	{ "upper byte of COMMAND and more: that byte first", 5, 0x80, 1 },
	{ "PM_CTRL and one more byte: PM_CTRL first", 0x44, 3, 2 },
	{ "DEVCTL and DEVSTA: lower byte of DEVCTL first", 0x78, 4, 1 },
	{ "DEVCTL: its lower byte first", 0x78, 2, 1 },
	{ "lower byte of DEVCTL: alone", 0x78, 1, 1 },
	{ "upper byte of DEVCTL and more: that byte first", 0x79, 0x80, 1 },
	{ "DEVSTA: together, as the core writes it", 0x7a, 2, 2 },
};

KUNIT_ARRAY_PARAM_DESC(segment, segment_params, name);

static void nosnoop_segment_test(struct kunit *test)
{
	const struct segment_param *param = test->param_value;

	KUNIT_EXPECT_EQ(test, param->segment,
			nosnoop_segment(param->pos, param->count, 0x79));
}

/* Pieces are aligned and have 1, 2 or 4 bytes, and no piece has the byte with others */
static void nosnoop_segments_test(struct kunit *test)
{
	for (size_t pos = 0; pos < 0x20; pos++) {
		for (size_t count = 1; count < 0x20; count++) {
			size_t segment = nosnoop_segment(pos, count, 0x15);

			KUNIT_ASSERT_TRUE(test, segment == 1 || segment == 2 || segment == 4);
			KUNIT_ASSERT_LE(test, segment, count);
			KUNIT_ASSERT_EQ(test, pos % segment, 0);
			KUNIT_ASSERT_FALSE(test, segment > 1 && nosnoop_covers(pos, segment, 0x15));
		}
	}
}

/* Two that share a page, and one with a page of its own */
static const struct nosnoop_mirror test_mirrors[] = {
	{ .offset = 2 * PAGE_SIZE + 0x200, .size = 8 },
	{ .offset = 2 * PAGE_SIZE + 0x210, .size = 4 },
	{ .offset = 4 * PAGE_SIZE, .size = 0x100 },
	{}
};

/* Byte by byte, which is slow and simple */
static const struct nosnoop_mirror *mirror_at(u64 pos)
{
	const struct nosnoop_mirror *mirror = test_mirrors;

	for (; mirror->size; mirror++)
		if (pos >= mirror->offset && pos < mirror->offset + mirror->size)
			return mirror;

	return NULL;
}

static void nosnoop_mirror_segment_test(struct kunit *test)
{
	const struct nosnoop_mirror *mirror;
	size_t segment;

	for (u64 pos = 2 * PAGE_SIZE + 0x1f0; pos < 2 * PAGE_SIZE + 0x220; pos++) {
		for (size_t count = 1; count < 0x40; count++) {
			segment = nosnoop_mirror_segment(test_mirrors, pos, count, &mirror);
			KUNIT_ASSERT_TRUE(test, segment && segment <= count);
			for (size_t i = 0; i < segment; i++)
				KUNIT_ASSERT_PTR_EQ(test, mirror, mirror_at(pos + i));
			/* And it ends where it has to. */
			if (segment < count)
				KUNIT_ASSERT_PTR_NE(test, mirror, mirror_at(pos + segment));
		}
	}

	KUNIT_EXPECT_EQ(test, 0x100, nosnoop_mirror_segment(test_mirrors, 4 * PAGE_SIZE,
							    SIZE_MAX, &mirror));
	KUNIT_EXPECT_PTR_EQ(test, mirror, &test_mirrors[2]);
	KUNIT_EXPECT_EQ(test, SIZE_MAX, nosnoop_mirror_segment(test_mirrors, 5 * PAGE_SIZE,
							       SIZE_MAX, &mirror));
	KUNIT_EXPECT_NULL(test, mirror);
}

static void nosnoop_mirror_pages_test(struct kunit *test)
{
	for (int i = 0; i < 3; i++) {
		u64 page = i < 2 ? 2 : 4;

		KUNIT_EXPECT_EQ(test, nosnoop_mirror_start(test_mirrors + i), page * PAGE_SIZE);
		KUNIT_EXPECT_EQ(test, nosnoop_mirror_end(test_mirrors + i), (page + 1) * PAGE_SIZE);
	}
	for (u64 pos = 0; pos < 6; pos++)
		for (u64 count = 1; count < 6; count++)
			KUNIT_EXPECT_EQ(test,
					nosnoop_covers(pos, count, 2) ||
					nosnoop_covers(pos, count, 4),
					nosnoop_mirror_shares_page(test_mirrors, pos * PAGE_SIZE,
								   count * PAGE_SIZE));
	/* Ranges whose end overflows, which a user can ask for */
	KUNIT_EXPECT_TRUE(test, nosnoop_mirror_shares_page(test_mirrors, PAGE_SIZE, U64_MAX));
	KUNIT_EXPECT_FALSE(test, nosnoop_mirror_shares_page(test_mirrors, U64_MAX, U64_MAX));
}

/* Both bytes of the capability's header, one of them, and nothing else */
static void nosnoop_is_msi_ack_test(struct kunit *test)
{
	for (size_t pos = 0x60; pos < 0x70; pos++)
		for (size_t count = 1; count < 8; count++)
			KUNIT_EXPECT_EQ(test, nosnoop_is_msi_ack(pos, count, 0x68),
					pos >= 0x68 && pos + count <= 0x6a);
	KUNIT_EXPECT_FALSE(test, nosnoop_is_msi_ack(0, 2, 0));
}

static struct kunit_case nosnoop_test_cases[] = {
	KUNIT_CASE_PARAM(nosnoop_bits_test, bits_gen_params),
	KUNIT_CASE(nosnoop_all_bits_test),
	KUNIT_CASE(nosnoop_readrq_test),
	KUNIT_CASE(nosnoop_covers_test),
	KUNIT_CASE(nosnoop_registers_test),
	KUNIT_CASE_PARAM(nosnoop_segment_test, segment_gen_params),
	KUNIT_CASE(nosnoop_segments_test),
	KUNIT_CASE(nosnoop_mirror_segment_test),
	KUNIT_CASE(nosnoop_mirror_pages_test),
	KUNIT_CASE(nosnoop_is_msi_ack_test),
	{}
};

static struct kunit_suite nosnoop_test_suite = {
	.name = "vfio-pci-nosnoop",
	.test_cases = nosnoop_test_cases,
};

kunit_test_suite(nosnoop_test_suite);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("KUnit tests for vfio-pci-nosnoop");
