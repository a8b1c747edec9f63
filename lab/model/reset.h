/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is amiss with the function's resets: when they take effect, and what they
 * leave behind. Pure: the time, in microseconds, is the caller's.
 */
#ifndef MODEL_RESET_H
#define MODEL_RESET_H

#include "types.h"

struct reset_options {
	u32 delay_ms;
	bool until_command;	/* instead: right before the next write of COMMAND */
	u32 silence_ms;
	const char *sticks;	/* by this cause Enable No Snoop sticks at 1, or NULL */
	const char *keeps_master; /* by this cause Bus Master Enable stays, or NULL */
};

/* The causes there are but "removed", the last one NULL */
extern const char * const reset_causes[];

struct resets {
	struct reset_options options;
	const char *asked;	/* the cause of one that is still to come, or NULL */
	u64 due;
	bool used;		/* memory was on: resets of the machine's start are over */
	bool silent;
	u64 answers_at;
};

bool reset_sticks(const struct resets *resets, const char *cause);
bool reset_keeps_master(const struct resets *resets, const char *cause);

/*
 * The function is asked to reset for @cause, a literal: true if it does so at once.
 * If not, it works on meanwhile. A second one is not counted.
 */
bool reset_at_once(struct resets *resets, const char *cause, u64 now);

/*
 * The cause of one that is to take effect by now, or before a write of COMMAND;
 * or NULL. It is no more to come then.
 */
const char *reset_due(struct resets *resets, u64 now, bool command);

/* For poll(2): in how many milliseconds there is something to do, or -1 */
int reset_timeout(const struct resets *resets, u64 now);

/* The function was reset, for whatever cause: does it answer nothing for a while? */
bool reset_done(struct resets *resets, u64 now);

/* Is that over by now? Once for each time. */
bool reset_silence_ends(struct resets *resets, u64 now);

#endif
