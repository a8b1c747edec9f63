/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Faulty resets of the function: when they take effect, and what they leave behind. There
 * is no clock here: the caller passes the time, in microseconds.
 */
#ifndef MODEL_RESET_H
#define MODEL_RESET_H

#include "types.h"

struct reset_options {
	u32 delay_ms;
	bool until_command;	/* instead: right before the next write of COMMAND */
	u32 silence_ms;
	const char *sticks;	/* after this cause Enable No Snoop sticks at 1, or NULL */
	const char *keeps_master; /* after this cause Bus Master Enable stays, or NULL */
};

/* All causes except "removed"; ends with NULL */
extern const char * const reset_causes[];

struct resets {
	struct reset_options options;
	const char *asked;	/* the cause of one that is still to come, or NULL */
	u64 due;
	bool used;		/* memory space was on, so the machine's start is over */
	bool silent;
	u64 answers_at;
};

bool reset_sticks(const struct resets *resets, const char *cause);
bool reset_keeps_master(const struct resets *resets, const char *cause);

/*
 * The function is asked to reset for @cause, a literal. True if it does so at once. If not,
 * it works on until the reset, and further requests until then are ignored.
 */
bool reset_at_once(struct resets *resets, const char *cause, u64 now);

/*
 * Returns the cause of a reset that takes effect by now, or before a write of COMMAND, and
 * forgets it; or NULL.
 */
const char *reset_due(struct resets *resets, u64 now, bool command);

/* For poll(2): in how many milliseconds there will be something to do, or -1 */
int reset_timeout(const struct resets *resets, u64 now);

/* The function was reset, for whatever cause. True if it now answers nothing for a while */
bool reset_done(struct resets *resets, u64 now);

/* Is the silence over by now? True once for each silence */
bool reset_silence_ends(struct resets *resets, u64 now);

#endif
