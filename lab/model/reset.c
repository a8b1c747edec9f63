// SPDX-License-Identifier: GPL-2.0-only
#include "reset.h"

#include <string.h>

const char * const reset_causes[] = {
	"flr", "af_flr", "hidden", "d3hot", "device_reset", NULL
};

static bool is_cause(const char *option, const char *cause)
{
	return option && !strcmp(option, cause);
}

bool reset_sticks(const struct resets *resets, const char *cause)
{
	return is_cause(resets->options.sticks, cause);
}

bool reset_keeps_master(const struct resets *resets, const char *cause)
{
	return is_cause(resets->options.keeps_master, cause);
}

bool reset_at_once(struct resets *resets, const char *cause, u64 now)
{
	if (!resets->options.delay_ms && !resets->options.until_command)
		return true;
	if (!resets->asked) {
		resets->asked = cause;
		resets->due = now + resets->options.delay_ms * 1000ULL;
	}
	return false;
}

const char *reset_due(struct resets *resets, u64 now, bool command)
{
	const char *cause = resets->asked;

	if (resets->options.until_command ? !command : now < resets->due)
		return NULL;
	resets->asked = NULL;
	return cause;
}

static int milliseconds(u64 now, u64 until)
{
	return now < until ? (until - now + 999) / 1000 : 0;
}

int reset_timeout(const struct resets *resets, u64 now)
{
	/* A request for a reset does not reach a silent function. */
	if (resets->silent)
		return milliseconds(now, resets->answers_at);
	if (resets->asked && !resets->options.until_command)
		return milliseconds(now, resets->due);
	return -1;
}

bool reset_done(struct resets *resets, u64 now)
{
	resets->asked = NULL;
	resets->silent = resets->options.silence_ms && resets->used;
	resets->answers_at = now + resets->options.silence_ms * 1000ULL;
	return resets->silent;
}

bool reset_silence_ends(struct resets *resets, u64 now)
{
	if (!resets->silent || now < resets->answers_at)
		return false;
	resets->silent = false;
	return true;
}
