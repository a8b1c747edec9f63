// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faulty resets: the rules alone, and a function that follows them.
 */
#include "client.h"

#define MASTER	(PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER)
#define MS	1000ULL

static void command(struct fixture *f, u16 value)
{
	dev_write(f, CONFIG, PCI_COMMAND, 2, value);
}

static void devctl(struct fixture *f, u16 value)
{
	dev_write(f, CONFIG, DEVCTL, 2, value);
}

static void hidden_reset(struct fixture *f)
{
	dev_write(f, BAR0, MODEL_REG_RESET, 4, MODEL_RESET_MAGIC);
}

/* Masters the bus, with the bit clear, and empties the log. */
static struct fixture *working(struct reset_options options)
{
	struct fixture *f = fixture_new(&default_options, false);

	f->dev.resets.options = options;
	devctl(f, 0x2010);
	command(f, MASTER);
	take_log(f);
	return f;
}

/* The rules */

static void without_options(void **state)
{
	struct resets resets = { 0 };

	(void)state;
	assert_true(reset_at_once(&resets, "flr", 7));
	assert_null(reset_due(&resets, 7, true));
	assert_int_equal(reset_timeout(&resets, 7), -1);
	resets.used = true;
	assert_false(reset_done(&resets, 7));
	assert_false(reset_silence_ends(&resets, 7));
}

static void delay_rule(void **state)
{
	struct resets resets = { .options.delay_ms = 20 };

	(void)state;
	assert_int_equal(reset_timeout(&resets, 0), -1);
	assert_false(reset_at_once(&resets, "flr", 5 * MS));
	assert_int_equal(reset_timeout(&resets, 5 * MS), 20);
	assert_null(reset_due(&resets, 25 * MS - 1, true));
	assert_int_equal(reset_timeout(&resets, 25 * MS - 1), 1);
	assert_int_equal(reset_timeout(&resets, 25 * MS), 0);
	/* Another request meanwhile is ignored, and does not delay the first. */
	assert_false(reset_at_once(&resets, "hidden", 24 * MS));
	assert_string_equal(reset_due(&resets, 25 * MS, false), "flr");
	assert_null(reset_due(&resets, 90 * MS, true));

	/* If another reset happens first, the request is done with that. */
	assert_false(reset_at_once(&resets, "flr", 100 * MS));
	reset_done(&resets, 110 * MS);
	assert_null(reset_due(&resets, 200 * MS, true));
	assert_int_equal(reset_timeout(&resets, 200 * MS), -1);
}

static void until_command_rule(void **state)
{
	struct resets resets = { .options.until_command = true };

	(void)state;
	assert_null(reset_due(&resets, 0, true));
	assert_false(reset_at_once(&resets, "hidden", 0));
	assert_int_equal(reset_timeout(&resets, 0), -1);
	assert_null(reset_due(&resets, 90 * MS, false));
	assert_string_equal(reset_due(&resets, 90 * MS, true), "hidden");
	assert_null(reset_due(&resets, 90 * MS, true));
}

static void silence_rule(void **state)
{
	struct resets resets = { .options.silence_ms = 20 };

	(void)state;
	/* A silent function would not be found when the machine starts. */
	assert_false(reset_done(&resets, 0));
	resets.used = true;
	assert_true(reset_done(&resets, 5 * MS));
	assert_int_equal(reset_timeout(&resets, 6 * MS), 19);
	assert_false(reset_silence_ends(&resets, 25 * MS - 1));
	assert_true(reset_silence_ends(&resets, 25 * MS));
	assert_false(reset_silence_ends(&resets, 25 * MS));
	assert_int_equal(reset_timeout(&resets, 25 * MS), -1);
	/* Each reset makes the silence last longer. */
	assert_true(reset_done(&resets, 30 * MS));
	assert_true(reset_done(&resets, 40 * MS));
	assert_false(reset_silence_ends(&resets, 50 * MS));
	assert_true(reset_silence_ends(&resets, 60 * MS));
}

/* The function */

static void delayed(void **state)
{
	struct fixture *f = working((struct reset_options){ .delay_ms = 30 });
	u64 asked = log_clock();

	(void)state;
	hidden_reset(f);
	assert_string_equal(events(take_log(f)), "reset_asked ");
	assert_non_null(strstr(f->text, "\"cause\":\"hidden\""));
	/* The function works on, unless the test itself took too long. */
	dev_write(f, BAR0, MODEL_REG_SCRATCH, 4, 7);
	if (dev_read(f, BAR0, MODEL_REG_SCRATCH, 4) != 7)
		assert_true(log_clock() >= asked + 30 * MS);
	assert_in_range(device_timeout(&f->dev), 0, 30);
	usleep(31 * MS);
	assert_int_equal(dev_read(f, CONFIG, DEVCTL, 2), 0x2810);
	assert_int_equal(dev_read(f, CONFIG, PCI_COMMAND, 2), 0);
	assert_string_equal(events(take_log(f)), "reset ");
	assert_non_null(strstr(f->text, "\"cause\":\"hidden\",\"master\":true,"));
	assert_int_equal(device_timeout(&f->dev), -1);

	/* So does an FLR. Another kind of reset happens at once, and is then the only one. */
	devctl(f, 0x2010 | PCI_EXP_DEVCTL_BCR_FLR);
	device_reset(&f->dev, "device_reset");
	usleep(31 * MS);
	device_tick(&f->dev);
	assert_string_equal(events(take_log(f)), "devctl reset_asked reset ");
	fixture_free(f);
}

/* The worst case: the write turns mastering on while the bit is 1. */
static void until_command(void **state)
{
	struct fixture *f = working((struct reset_options){ .until_command = true });

	(void)state;
	hidden_reset(f);
	devctl(f, 0x2110);
	dev_write(f, CONFIG, PCI_STATUS, 2, 0);
	assert_string_equal(events(take_log(f)), "reset_asked devctl ");
	dev_write(f, CONFIG, PCI_COMMAND, 1, MASTER);
	assert_string_equal(events(take_log(f)), "reset command moment ");
	assert_int_equal(f->log.totals.moments, 1);

	/* In a longer write the reset comes before the dword of COMMAND. */
	devctl(f, 0x2010);
	hidden_reset(f);
	take_log(f);
	dev_write(f, CONFIG, 0, 8, (u64)MASTER << 32);
	assert_string_equal(events(take_log(f)), "reset command moment ");
	fixture_free(f);
}

/* All reads give all ones, and writes have no effect. */
static void silent(void **state)
{
	struct fixture *f = fixture_new(&default_options, false);

	(void)state;
	f->dev.resets.options.silence_ms = 60000;
	device_reset(&f->dev, "device_reset");
	assert_int_equal(dev_read(f, CONFIG, PCI_VENDOR_ID, 4), 0x0b111234);
	devctl(f, 0x2010);
	command(f, MASTER);
	take_log(f);
	/* In one write, what follows the reset has no effect. */
	dev_write(f, CONFIG, DEVCTL, 8, 0xff00000000 | PCI_EXP_DEVCTL_BCR_FLR);
	assert_string_equal(events(take_log(f)), "devctl reset silent ");
	assert_int_equal(dev_read(f, CONFIG, PCI_VENDOR_ID, 4), 0xffffffff);
	assert_int_equal(dev_read(f, BAR0, MODEL_REG_ID, 4), 0xffffffff);
	command(f, MASTER);
	devctl(f, PCI_EXP_DEVCTL_BCR_FLR);
	hidden_reset(f);
	assert_string_equal(events(take_log(f)), "");
	assert_in_range(device_timeout(&f->dev), 1, 60000);

	f->dev.resets.answers_at = log_clock();
	assert_int_equal(dev_read(f, CONFIG, PCI_COMMAND, 2), 0);
	assert_string_equal(events(take_log(f)), "answers ");
	assert_non_null(strstr(f->text, "\"unanswered\":5,"));
	assert_int_equal(dev_read(f, CONFIG, DEVCTL, 2), 0x2810);
	fixture_free(f);
}

/* Only such a reset makes the bit stick, and a reset of another kind does not end that. */
static void sticks(void **state)
{
	struct fixture *f = working((struct reset_options){ .sticks = "hidden" });

	(void)state;
	devctl(f, PCI_EXP_DEVCTL_BCR_FLR);
	devctl(f, 0x2010);
	command(f, MASTER);
	assert_int_equal(f->log.totals.moments, 0);
	hidden_reset(f);
	devctl(f, 0x2010 | PCI_EXP_DEVCTL_BCR_FLR);
	devctl(f, 0x2010);
	take_log(f);
	command(f, MASTER);
	assert_string_equal(events(take_log(f)), "command moment ");
	fixture_free(f);
}

/* Both bits are on although neither was written. */
static void masters(void **state)
{
	struct fixture *f = working((struct reset_options){ .keeps_master = "hidden" });

	(void)state;
	devctl(f, 0x2010 | PCI_EXP_DEVCTL_BCR_FLR);
	assert_int_equal(dev_read(f, CONFIG, PCI_COMMAND, 2), 0);
	command(f, PCI_COMMAND_MEMORY);
	hidden_reset(f);
	assert_int_equal(dev_read(f, CONFIG, PCI_COMMAND, 2), 0);
	devctl(f, 0x2010);
	command(f, MASTER);
	take_log(f);
	hidden_reset(f);
	assert_string_equal(events(take_log(f)), "reset moment ");
	assert_non_null(strstr(f->text, "\"event\":\"moment\",\"cause\":\"hidden\""));
	assert_int_equal(dev_read(f, CONFIG, PCI_COMMAND, 2), PCI_COMMAND_MASTER);
	assert_int_equal(dev_read(f, CONFIG, DEVCTL, 2), 0x2810);
	fixture_free(f);
}

/* The reset happens even if the client sends nothing. */
static void delayed_without_a_request(void **state)
{
	struct session *s = *state;
	u32 i, lines = 0;

	s->f->dev.resets.options.delay_ms = 20;
	negotiate(s);
	assert_int_equal(region_write(s, CONFIG, DEVCTL, 2, PCI_EXP_DEVCTL_BCR_FLR), 0);
	for (i = 0; i < WAIT_MS / 10 && !lines; i++) {
		usleep(10 * MS);
		/* take_log() would empty a log that the server may be writing. */
		assert_true(pread(s->f->log.fd, s->f->text, sizeof(s->f->text) - 1, 0) > 0);
		lines = count_text(s->f->text, "\"event\":\"reset\",\"cause\":\"flr\"");
	}
	assert_int_equal(lines, 1);
	assert_alive(s);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(without_options),
	cmocka_unit_test(delay_rule),
	cmocka_unit_test(until_command_rule),
	cmocka_unit_test(silence_rule),
	cmocka_unit_test(delayed),
	cmocka_unit_test(until_command),
	cmocka_unit_test(silent),
	cmocka_unit_test(sticks),
	cmocka_unit_test(masters),
	cmocka_unit_test_setup_teardown(delayed_without_a_request, session_setup,
					session_teardown),
};

RUN_TESTS(tests)
