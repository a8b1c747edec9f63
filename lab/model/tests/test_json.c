// SPDX-License-Identifier: GPL-2.0-only
#include "harness.h"

#include "json.h"

static const char * const names[] = { "fds", "xfer" };

static const struct {
	const char *text;
	bool ok;
	u32 found;
	u32 valid;
} cases[] = {
	{ "{}", true, 0, 0 },
	{ " { } \n", true, 0, 0 },
	{ "{\"capabilities\":{}}", true, 0, 0 },
	{ "{\"capabilities\":{\"fds\":8,\"xfer\":1048576}}", true, 3, 3 },
	{ "{\"capabilities\" : { \"xfer\" : 0 , \"other\" : [1,{\"fds\":2}] } }", true, 2, 2 },
	{ "{\"fds\":8,\"other\":{\"xfer\":1}}", true, 0, 0 },
	{ "{\"capabilities\":{\"fds\":\"8\"}}", true, 1, 0 },
	{ "{\"capabilities\":{\"fds\":-1,\"xfer\":1.5}}", true, 3, 0 },
	{ "{\"capabilities\":{\"a\":{\"capabilities\":{\"fds\":1}}}}", true, 0, 0 },
	{ "{\"a\":[true,false,null,1e9,-0.5E+3,\"\\u00fF\\\"\"]}", true, 0, 0 },
	{ "[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]", false, 0, 0 },
	{ "{\"a\":[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]}", true, 0, 0 },
	{ "{\"a\":[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]}", false, 0, 0 },
	{ "", false, 0, 0 },
	{ "8", false, 0, 0 },
	{ "{", false, 0, 0 },
	{ "{}}", false, 0, 0 },
	{ "{} x", false, 0, 0 },
	{ "{\"a\"}", false, 0, 0 },
	{ "{\"a\":}", false, 0, 0 },
	{ "{\"a\":1,}", false, 0, 0 },
	{ "{a:1}", false, 0, 0 },
	{ "{\"a\":01}", false, 0, 0 },
	{ "{\"a\":1e}", false, 0, 0 },
	{ "{\"a\":-}", false, 0, 0 },
	{ "{\"a\":\"\\x\"}", false, 0, 0 },
	{ "{\"a\":\"\\u12g4\"}", false, 0, 0 },
	{ "{\"a\":\"", false, 0, 0 },
	{ "{\"a\":\"\\", false, 0, 0 },
	{ "{\"a\":[1 2]}", false, 0, 0 },
	{ "{\"a\":nul}", false, 0, 0 },
	{ "{\"capabilities\":8}", false, 0, 0 },
};

static void all_cases(void **state)
{
	u32 i, found, valid;
	bool ok;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t length = strlen(cases[i].text);
		/* There is no NUL at the end, so that the sanitizer sees an overrun. */
		char *copy = malloc(length ? length : 1);

		memcpy(copy, cases[i].text, length);
		ok = json_capabilities(copy, length, names, ARRAY_SIZE(names), &found, &valid);
		free(copy);
		if (ok != cases[i].ok)
			fail_msg("%s: %d", cases[i].text, ok);
		if (!ok)
			continue;
		assert_int_equal(found, cases[i].found);
		assert_int_equal(valid, cases[i].valid);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(all_cases),
};

RUN_TESTS(tests)
