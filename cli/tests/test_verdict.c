// SPDX-License-Identifier: GPL-2.0-only
/* The verdict on all combinations of facts, and on one example of each kind */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "verdict.h"

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof(*(array)))

/* An ordinary endpoint, on a machine whose IOMMU cannot enforce snooping */
static const struct facts ordinary = {
	.answers = true, .isolated = true, .pcie = KNOWN_YES, .bit = KNOWN_YES,
	.master = KNOWN_YES,
};

struct example {
	struct facts facts;
	enum verdict verdict;
};

#define FACTS(...)	{ .answers = true, .isolated = true, .pcie = KNOWN_YES,	\
			  .bit = KNOWN_YES, .master = KNOWN_YES, __VA_ARGS__ }

/* Each fact alone, and pairs in which one fact decides */
static const struct example examples[] = {
	{ FACTS(), VERDICT_CAN },
	{ FACTS(.bit = KNOWN_NO), VERDICT_OFF_NOW },
	{ FACTS(.bit = NOT_KNOWN), VERDICT_UNKNOWN },
	{ FACTS(.vf = true), VERDICT_VF_CAN },
	{ FACTS(.vf = true, .bit = KNOWN_NO), VERDICT_VF_OFF_NOW },
	{ FACTS(.vf = true, .bit = NOT_KNOWN), VERDICT_UNKNOWN },
	{ FACTS(.pcie = KNOWN_NO, .bit = NOT_KNOWN), VERDICT_NO_BIT },
	{ FACTS(.pcie = NOT_KNOWN, .bit = NOT_KNOWN), VERDICT_UNKNOWN },
	{ FACTS(.denied = true), VERDICT_DENIED },
	{ FACTS(.denied = true, .back_door = true), VERDICT_DENIED },
	{ FACTS(.denied = true, .pcie = KNOWN_NO, .bit = NOT_KNOWN), VERDICT_NO_BIT },
	{ FACTS(.denied = true, .bit = KNOWN_NO), VERDICT_DENIED },
	{ FACTS(.igd = true, .denied = true), VERDICT_IGD },
	{ FACTS(.isolated = false), VERDICT_NOT_ISOLATED },
	{ FACTS(.isolated = false, .igd = true), VERDICT_NOT_ISOLATED },
	{ FACTS(.bridge = true), VERDICT_BRIDGE },
	{ FACTS(.bridge = true, .enforces = KNOWN_YES), VERDICT_BRIDGE },
	{ FACTS(.answers = false), VERDICT_GONE },
	{ FACTS(.answers = false, .enforces = KNOWN_YES), VERDICT_GONE },
	{ FACTS(.enforces = KNOWN_YES), VERDICT_IOMMU },
	{ FACTS(.enforces = KNOWN_YES, .igd = true, .denied = true), VERDICT_IOMMU },
	{ FACTS(.enforces = KNOWN_YES, .pcie = KNOWN_NO), VERDICT_IOMMU },
	{ FACTS(.enforces = KNOWN_YES, .bound = true, .open = KNOWN_YES), VERDICT_IOMMU },
	{ FACTS(.enforces = NOT_KNOWN), VERDICT_CAN },
	{ FACTS(.enforces = NOT_KNOWN, .bit = KNOWN_NO), VERDICT_OFF_NOW },
	{ FACTS(.bound = true), VERDICT_WILL_HOLD },
	{ FACTS(.bound = true, .bit = NOT_KNOWN), VERDICT_WILL_HOLD },
	{ FACTS(.bound = true, .open = NOT_KNOWN), VERDICT_WILL_HOLD },
	{ FACTS(.bound = true, .igd = true, .denied = true), VERDICT_IGD },
	/* The driver would refuse the function now, but did not when it was bound. */
	{ FACTS(.bound = true, .denied = true), VERDICT_WILL_HOLD },
	{ FACTS(.bound = true, .open = KNOWN_YES, .bit = KNOWN_NO), VERDICT_HELD },
	{ FACTS(.bound = true, .open = KNOWN_YES), VERDICT_BROKEN },
	{ FACTS(.bound = true, .open = KNOWN_YES, .master = KNOWN_NO), VERDICT_HELD_NO_MASTER },
	{ FACTS(.bound = true, .open = KNOWN_YES, .bit = NOT_KNOWN), VERDICT_HELD_UNSEEN },
	{ FACTS(.bound = true, .open = KNOWN_YES, .master = NOT_KNOWN), VERDICT_HELD_UNSEEN },
	{ FACTS(.bound = true, .vf = true), VERDICT_PF_IN_THE_WAY },
	{ FACTS(.bound = true, .vf = true, .govern_pf = NOT_KNOWN), VERDICT_PF_IN_THE_WAY },
	{ FACTS(.bound = true, .vf = true, .govern_pf = KNOWN_YES), VERDICT_VF_WILL_HOLD },
	{ FACTS(.bound = true, .vf = true, .bit = KNOWN_NO), VERDICT_VF_MAY_HOLD },
	{ FACTS(.bound = true, .vf = true, .bit = NOT_KNOWN), VERDICT_VF_MAY_HOLD },
	{ FACTS(.bound = true, .vf = true, .bit = KNOWN_NO, .govern_pf = NOT_KNOWN),
	  VERDICT_WILL_HOLD },
	{ FACTS(.bound = true, .vf = true, .bit = KNOWN_NO, .govern_pf = KNOWN_YES),
	  VERDICT_VF_WILL_HOLD },
	{ FACTS(.bound = true, .govern_pf = KNOWN_YES), VERDICT_WILL_HOLD },
	{ FACTS(.vf = true, .govern_pf = KNOWN_YES), VERDICT_VF_CAN },
	{ FACTS(.bound = true, .vf = true, .open = KNOWN_YES, .master = KNOWN_NO),
	  VERDICT_VF_HELD_NO_MASTER },
	{ FACTS(.bound = true, .vf = true, .open = KNOWN_YES, .master = KNOWN_NO,
		.govern_pf = KNOWN_YES), VERDICT_HELD_NO_MASTER },
	{ FACTS(.bound = true, .vf = true, .open = KNOWN_YES, .govern_pf = KNOWN_YES),
	  VERDICT_BROKEN },
	{ FACTS(.bound = true, .vf = true, .open = KNOWN_YES, .bit = KNOWN_NO), VERDICT_HELD },
	{ FACTS(.bound = true, .vf = true, .open = KNOWN_YES), VERDICT_BROKEN },
	{ FACTS(.back_door = true), VERDICT_CAN },
	{ FACTS(.back_door = true, .bit = KNOWN_NO), VERDICT_OFF_NOW },
	{ FACTS(.back_door = true, .vf = true), VERDICT_VF_CAN },
	{ FACTS(.back_door = true, .enforces = KNOWN_YES), VERDICT_IOMMU },
	{ FACTS(.back_door = true, .bound = true, .enforces = KNOWN_YES), VERDICT_IOMMU },
	{ FACTS(.back_door = true, .bound = true), VERDICT_BACK_DOOR },
	{ FACTS(.back_door = true, .bound = true, .open = NOT_KNOWN), VERDICT_BACK_DOOR },
	{ FACTS(.back_door = true, .bound = true, .denied = true), VERDICT_BACK_DOOR },
	{ FACTS(.back_door = true, .bound = true, .open = KNOWN_YES, .bit = KNOWN_NO),
	  VERDICT_BACK_DOOR },
	{ FACTS(.back_door = true, .bound = true, .open = KNOWN_YES, .master = KNOWN_NO),
	  VERDICT_BACK_DOOR },
	{ FACTS(.back_door = true, .bound = true, .open = KNOWN_YES, .bit = NOT_KNOWN),
	  VERDICT_BACK_DOOR },
	{ FACTS(.back_door = true, .bound = true, .open = KNOWN_YES), VERDICT_BROKEN },
	{ FACTS(.back_door = true, .bound = true, .vf = true), VERDICT_PF_IN_THE_WAY },
	{ FACTS(.back_door = true, .bound = true, .vf = true, .bit = KNOWN_NO),
	  VERDICT_BACK_DOOR },
};

static void by_name(void **state)
{
	bool seen[VERDICTS] = { false };
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(examples); i++) {
		if (verdict_of(&examples[i].facts) != examples[i].verdict)
			fail_msg("example %u: '%s', not '%s'", i,
				 verdict_words(verdict_of(&examples[i].facts))->code,
				 verdict_words(examples[i].verdict)->code);
		seen[examples[i].verdict] = true;
	}
	for (i = 0; i < VERDICTS; i++)
		if (!seen[i])
			fail_msg("no example of '%s'", verdict_words(i)->code);
}

/* What must hold for any facts: good news needs a reason that is known. */
static void judge(const struct facts *facts)
{
	const struct verdict_words *words = verdict_words(verdict_of(facts));
	bool held = facts->bound && !facts->igd;
	bool sent = facts->bit == KNOWN_YES && facts->master == KNOWN_YES;

	if (facts->bridge) {
		assert_string_equal(words->code, "bridge");
		return;
	}
	if (words->status == STATUS_COHERENT) {
		assert_true(facts->answers);
		assert_true(facts->enforces == KNOWN_YES || (held && !facts->back_door));
	}
	if (words->status == STATUS_AROUND)
		assert_true(facts->answers && held && facts->back_door);
	if (words->status == STATUS_COHERENT || words->status == STATUS_AROUND) {
		if (facts->enforces != KNOWN_YES) {
			assert_false(facts->open == KNOWN_YES && sent);
			assert_false(facts->vf && facts->open != KNOWN_YES &&
				     facts->bit == KNOWN_YES &&
				     facts->govern_pf != KNOWN_YES);
		}
	}
	if (facts->answers && facts->enforces == KNOWN_YES)
		assert_int_equal(words->status, STATUS_COHERENT);
	/* Nothing that is known keeps the function from using No Snoop. */
	if (facts->answers && facts->enforces != KNOWN_YES && facts->isolated &&
	    !facts->bound && facts->pcie == KNOWN_YES && facts->bit == KNOWN_YES)
		assert_int_equal(words->status, STATUS_CAN);
	if (!strcmp(words->code, "not-held"))
		assert_true(facts->bound && facts->open == KNOWN_YES && sent);
	if (!strcmp(words->code, "held"))
		assert_true(held && !facts->back_door && facts->open == KNOWN_YES &&
			    facts->bit == KNOWN_NO);
	if (words->status == STATUS_UNKNOWN)
		assert_true(!facts->answers || !facts->isolated ||
			    facts->pcie == KNOWN_NO || facts->bit == NOT_KNOWN);
}

static void all_combinations(void **state)
{
	unsigned int flags, known, i, rest;

	(void)state;
	for (flags = 0; flags < 1 << 8; flags++)
		for (known = 0; known < 3 * 3 * 3 * 3 * 3 * 3; known++) {
			enum tristate *values[6];
			struct facts facts = {
				.answers = flags & 1,
				.bridge = flags & 2,
				.igd = flags & 4,
				.denied = flags & 8,
				.vf = flags & 16,
				.isolated = flags & 32,
				.bound = flags & 64,
				.back_door = flags & 128,
			};

			values[0] = &facts.open;
			values[1] = &facts.enforces;
			values[2] = &facts.pcie;
			values[3] = &facts.bit;
			values[4] = &facts.master;
			values[5] = &facts.govern_pf;
			for (i = 0, rest = known; i < ARRAY_SIZE(values); i++, rest /= 3)
				*values[i] = rest % 3;
			judge(&facts);
		}
}

/* Programs rely on the codes, and people on the table. */
static void words(void **state)
{
	const struct verdict_words *one;
	unsigned int i, j;

	(void)state;
	for (i = 0; i < VERDICTS; i++) {
		one = verdict_words(i);
		assert_non_null(one->code);
		assert_in_range(strlen(one->brief), 5, 24);
		assert_true(one->sentence[strlen(one->sentence) - 1] == '.');
		for (j = 0; j < i; j++)
			assert_string_not_equal(one->code, verdict_words(j)->code);
	}
}

/* The function that all examples start from */
static void ordinary_function(void **state)
{
	(void)state;
	assert_int_equal(verdict_of(&ordinary), VERDICT_CAN);
	assert_int_equal(verdict_words(VERDICT_CAN)->status, 3);
	assert_int_equal(verdict_words(VERDICT_BACK_DOOR)->status, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ordinary_function),
		cmocka_unit_test(by_name),
		cmocka_unit_test(all_combinations),
		cmocka_unit_test(words),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("verdict", tests, NULL, NULL);
}
