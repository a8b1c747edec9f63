// SPDX-License-Identifier: GPL-2.0-only
/* kernel/linux/pci.h has to match a function with a table as the kernel does. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <linux/pci.h>

#define REASON(text)	.driver_data = (unsigned long)(text)

static const struct pci_device_id table[] = {
	{ PCI_DEVICE(0x1234, 0x0001), REASON("device") },
	{ .vendor = 0x1234, .device = 0x0003, .subvendor = 0x1af4, .subdevice = 0x1100,
	  REASON("subsystem") },
	{ PCI_DEVICE(0x1234, PCI_ANY_ID), .class = 0x030000, .class_mask = 0xff0000,
	  REASON("vendor and class") },
	{ PCI_DEVICE(PCI_ANY_ID, PCI_ANY_ID), .class = 0x120000, .class_mask = 0xffff00,
	  REASON("class") },
	{}
};

static const char *match(unsigned int vendor, unsigned int device, unsigned int class,
			 unsigned int subvendor, unsigned int subdevice)
{
	struct pci_dev pdev = {
		.vendor = vendor, .device = device, .class = class,
		.subsystem_vendor = subvendor, .subsystem_device = subdevice,
	};
	const struct pci_device_id *id = pci_match_id(table, &pdev);

	return id ? (const char *)id->driver_data : "none";
}

static void matches(void **state)
{
	(void)state;
	assert_string_equal(match(0x1234, 1, 0x020000, 0, 0), "device");
	assert_string_equal(match(0x1234, 1, 0x030000, 0xffff, 0xffff), "device");
	assert_string_equal(match(0x1234, 3, 0x020000, 0x1af4, 0x1100), "subsystem");
	assert_string_equal(match(0x1234, 0x4242, 0x038000, 0, 0), "vendor and class");
	assert_string_equal(match(0x4321, 1, 0x120042, 0, 0), "class");
}

static void does_not(void **state)
{
	(void)state;
	assert_string_equal(match(0x1235, 1, 0x020000, 0, 0), "none");
	assert_string_equal(match(0x1234, 2, 0x020000, 0, 0), "none");
	assert_string_equal(match(0x1234, 3, 0x020000, 0x1af4, 0x1101), "none");
	assert_string_equal(match(0x1234, 3, 0x020000, 0x1af5, 0x1100), "none");
	assert_string_equal(match(0x1235, 0x4242, 0x030000, 0, 0), "none");
	assert_string_equal(match(0x1234, 0x4242, 0x040300, 0, 0), "none");
	assert_string_equal(match(0x4321, 1, 0x120100, 0, 0), "none");
	assert_string_equal(match(0, 0, 0, 0, 0), "none");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches),
		cmocka_unit_test(does_not),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("match", tests, NULL, NULL);
}
