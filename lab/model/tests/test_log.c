// SPDX-License-Identifier: GPL-2.0-only
#include "harness.h"

#include <fcntl.h>

/* "us" is the only field whose value is not known. */
static void assert_line(const char **text, const char *before, const char *after)
{
	const char *end = strchr(*text, '\n');

	assert_non_null(end);
	assert_memory_equal(*text, before, strlen(before));
	*text += strlen(before);
	*text += strspn(*text, "0123456789");
	assert_int_equal(end - *text, strlen(after));
	assert_memory_equal(*text, after, strlen(after));
	*text = end + 1;
}

static void line_format(void **state)
{
	struct fixture *f = *state;
	const char *text;

	log_begin(&f->log, "one");
	log_hex(&f->log, "old", 0x10, 4);
	log_hex(&f->log, "iova", 0x123456789abcdef0ULL, 1);
	log_number(&f->log, "n", ~0ULL);
	log_bool(&f->log, "yes", true);
	log_bool(&f->log, "no", false);
	log_text(&f->log, "text", "a\"b\\c\n\xc3z");
	f->log.totals.requests = 7;
	f->log.totals.no_snoop_requests = 8;
	f->log.totals.moments = 9;
	log_end(&f->log);
	log_error(&f->log, "no %d", 5);

	text = take_log(f);
	assert_line(&text, "{\"seq\":0,\"us\":",
		    ",\"event\":\"one\",\"old\":\"0x0010\",\"iova\":\"0x123456789abcdef0\","
		    "\"n\":18446744073709551615,\"yes\":true,\"no\":false,"
		    "\"text\":\"a\\\"b\\\\c\\u000a\\u00c3z\","
		    "\"requests\":7,\"no_snoop_requests\":8,\"moments\":9}");
	assert_line(&text, "{\"seq\":1,\"us\":",
		    ",\"event\":\"error\",\"message\":\"no 5\","
		    "\"requests\":7,\"no_snoop_requests\":8,\"moments\":9}");
	assert_int_equal(*text, 0);
}

static void long_text_is_cut(void **state)
{
	struct fixture *f = *state;
	char path[5000];

	memset(path, 1, sizeof(path) - 1);
	path[sizeof(path) - 1] = 0;
	log_begin(&f->log, "start");
	log_text(&f->log, "a", path);
	log_text(&f->log, "b", path);
	log_end(&f->log);
	assert_false(f->log.failed);
	assert_int_equal(count_text(take_log(f), "\\u0001"), 2 * LOG_TEXT_MAX);
	log_error(&f->log, "%s", path);
	assert_false(f->log.failed);
}

static void lost_line_is_noticed(void **state)
{
	struct model_log log;
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

	(void)state;
	log_init(&log, fd);
	log_error(&log, "anything");
	assert_true(log.failed);
	close(fd);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test_setup_teardown(line_format, setup, teardown),
	cmocka_unit_test_setup_teardown(long_text_is_cut, setup, teardown),
	cmocka_unit_test(lost_line_is_noticed),
};

RUN_TESTS(tests)
