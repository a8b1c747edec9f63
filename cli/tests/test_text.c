// SPDX-License-Identifier: GPL-2.0-only
/* Addresses, JSON and paragraphs */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "address.h"
#include "json.h"
#include "message.h"

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof(*(array)))
#define TEN		"aaaaaaaaaa"
#define LONG_WORD	TEN TEN TEN TEN TEN TEN TEN TEN TEN

static void addresses(void **state)
{
	static const struct {
		const char *text;
		const char *formatted;	/* NULL if it is none */
	} examples[] = {
		{ "0000:01:00.0", "0000:01:00.0" },
		{ "01:00.0", "0000:01:00.0" },
		{ "1:0.0", "0000:01:00.0" },
		{ "FF:1F.7", "0000:ff:1f.7" },
		{ "10000:e1:02.3", "10000:e1:02.3" },
		{ "00000000:01:00.0", "0000:01:00.0" },
		{ "ffffffff:01:00.0", "ffffffff:01:00.0" },
		{ "", NULL },
		{ ":", NULL },
		{ "01:00", NULL },
		{ "01:00.", NULL },
		{ "01:00.8", NULL },
		{ "01:20.0", NULL },
		{ "01:00.00", NULL },
		{ "001:00.0", NULL },
		{ "000:01:00.0", NULL },
		{ "123456789:01:00.0", NULL },
		{ "0000:01:00.0 ", NULL },
		{ " 01:00.0", NULL },
		{ "-1:00.0", NULL },
		{ "0x1:00.0", NULL },
		{ "../01:00.0", NULL },
		{ "01.00.0", NULL },
		{ "0000:01:00:0", NULL },
		{ "g1:00.0", NULL },
	};
	char text[ADDRESS_SIZE];
	struct address address;
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(examples); i++) {
		if (!!address_parse(examples[i].text, &address) != !examples[i].formatted)
			fail_msg("'%s'", examples[i].text);
		if (!examples[i].formatted)
			continue;
		address_format(&address, text);
		assert_string_equal(text, examples[i].formatted);
	}
}

/* Forms that are accepted only as arguments */
static void other_forms(void **state)
{
	static const struct {
		const char *text;
		const char *formatted;	/* NULL if it is none */
	} examples[] = {
		{ "01:00.0", "0000:01:00.0" },
		{ "pci_0000_01_00_0", "0000:01:00.0" },
		{ "pci_10000_e1_02_3", "10000:e1:02.3" },
		{ "pci@0000:01:00.0", "0000:01:00.0" },
		{ "01:00", "0000:01:00" },
		{ "0001:02:1f", "0001:02:1f" },
		{ "pci_0000_01_00", "0000:01:00" },
		{ "01:20", NULL },
		{ "01:", NULL },
		{ "01", NULL },
		{ "001:00", NULL },
		{ "pci_", NULL },
		{ "pci_0000_01_00_8", NULL },
		{ "pci_0000_01_00_0_0", NULL },
		{ "0000_01_00_0", NULL },
		{ "pci_00000000000000000000000000000001_01_00_0", NULL },
		{ "01:00.0.0", NULL },
	};
	char text[ADDRESS_SIZE];
	struct address address;
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(examples); i++) {
		if (!!address_parse_any(examples[i].text, &address) != !examples[i].formatted)
			fail_msg("'%s'", examples[i].text);
		if (!examples[i].formatted)
			continue;
		address_format(&address, text);
		assert_string_equal(text, examples[i].formatted);
	}
}

static void order(void **state)
{
	static const char * const sorted[] = {
		"00:00.0", "00:00.1", "00:01.0", "01:00.0", "ff:00.0", "0001:00:00.0",
		"10000:00:00.0", "ffffffff:00:00.0",
	};
	struct address a, b;
	unsigned int i, j;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(sorted); i++)
		for (j = 0; j < ARRAY_SIZE(sorted); j++) {
			assert_null(address_parse(sorted[i], &a));
			assert_null(address_parse(sorted[j], &b));
			assert_true((address_compare(&a, &b) < 0) == (i < j));
			assert_true((address_compare(&a, &b) == 0) == (i == j));
		}
}

static char output[4096];

/* Captures what is printed until end_capture(). */
static int begin_capture(FILE **file)
{
	int old;

	fflush(stdout);
	*file = tmpfile();
	old = dup(1);
	dup2(fileno(*file), 1);
	return old;
}

static void end_capture(FILE *file, int old)
{
	size_t length;

	fflush(stdout);
	dup2(old, 1);
	close(old);
	rewind(file);
	length = fread(output, 1, sizeof(output) - 1, file);
	output[length] = '\0';
	fclose(file);
}

static void json(void **state)
{
	FILE *file;
	int old = begin_capture(&file);

	(void)state;
	json_open(NULL, '{');
	json_string("quote\"", "a\"b\\c\n\x01\x7f");
	json_string("utf8", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
	json_string("bad", "\xff" "a\xc3" "b\xe2\x82" "c\xc0\x80\xed\xa0\x80\xf4\x90\x80\x80");
	json_string("none", NULL);
	json_number("number", -7);
	json_open("list", '[');
	json_tristate(NULL, KNOWN_NO);
	json_tristate(NULL, KNOWN_YES);
	json_tristate(NULL, NOT_KNOWN);
	json_close(']');
	json_open("empty", '{');
	json_close('}');
	json_close('}');
	end_capture(file, old);

	assert_string_equal(output,
			    "{\n"
			    "  \"quote\\\"\": \"a\\\"b\\\\c\\u000a\\u0001\x7f\",\n"
			    "  \"utf8\": \"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\",\n"
			    "  \"bad\": \"\\ufffda\\ufffdb\\ufffd\\ufffdc\\ufffd\\ufffd"
			    "\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\",\n"
			    "  \"none\": null,\n"
			    "  \"number\": -7,\n"
			    "  \"list\": [\n"
			    "    false,\n"
			    "    true,\n"
			    "    null\n"
			    "  ],\n"
			    "  \"empty\": {}\n"
			    "}\n");
}

static void paragraphs(void **state)
{
	static const char words[] = "one two three four five six seven eight nine ten "
				    "eleven twelve thirteen fourteen fifteen sixteen";
	FILE *file;
	int old = begin_capture(&file);

	(void)state;
	print_wrapped(4, words);
	print_wrapped(0, "short");
	print_wrapped(2, LONG_WORD " b");
	end_capture(file, old);

	assert_string_equal(output,
			    "    one two three four five six seven eight nine ten eleven twelve thirteen\n"
			    "    fourteen fifteen sixteen\n"
			    "short\n"
			    "  " LONG_WORD "\n"
			    "  b\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses),
		cmocka_unit_test(other_forms),
		cmocka_unit_test(order),
		cmocka_unit_test(json),
		cmocka_unit_test(paragraphs),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
