// SPDX-License-Identifier: GPL-2.0-only
/*
 * status has to know for which functions the driver vouches: driver_knows() has a reason
 * if nosnoop_can_vouch() says no, and none if it says yes.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pci/header.h>

#include <linux/pci.h>

#include "devices.h"
#include "driver.h"

static bool driver_vouches(const struct identity *identity)
{
	struct pci_bus bus = { .is_root = identity->root_bus };
	struct pci_dev pdev = {
		.vendor = identity->vendor,
		.device = identity->device,
		.class = identity->class,
		.is_virtfn = identity->vf,
		.bus = &bus,
	};

	return nosnoop_can_vouch(&pdev, nosnoop_backdoor(&pdev));
}

/* Devices of each vendor from all ranges, in classes on either side of each limit */
static void same_rule(void **state)
{
	static const unsigned int vendors[] = { 0x10de, 0x8086, 0x10ec, 0x1002, 0x1234 };
	static const unsigned int classes[] = {
		0x020000, 0x030000, 0x030200, 0x038000, 0x040300, 0x060000, 0x068000, 0x120000,
	};
	unsigned int i, j, device, counts[2] = { 0, 0 };

	(void)state;
	for (i = 0; i < sizeof(vendors) / sizeof(*vendors); i++)
		for (device = 0; device < 0x10000 * 4; device += 61)
			for (j = 0; j < sizeof(classes) / sizeof(*classes); j++) {
				const struct identity identity = {
					.vendor = vendors[i],
					.device = device & 0xffff,
					.class = classes[j],
					.root_bus = device & 0x10000,
					.vf = device & 0x20000,
				};
				bool vouches = driver_vouches(&identity);

				assert_int_equal(!driver_knows(&identity).not_vouched, vouches);
				counts[vouches]++;
			}
	assert_true(counts[0] > 1000 && counts[1] > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_rule),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("vouching", tests, NULL, NULL);
}
