/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The witness's record. Each line is one JSON object and one write(2), and ends with the
 * totals up to then.
 */
#ifndef MODEL_LOG_H
#define MODEL_LOG_H

#include "types.h"

#define LOG_LINE_MAX	16384
#define LOG_TEXT_MAX	1000	/* bytes of one string that are kept */

/* They count for as long as the process runs, across resets and new clients. */
struct totals {
	u64 requests;
	u64 no_snoop_requests;
	u64 moments;
};

struct model_log {
	int fd;
	bool failed;		/* a line was lost: the witness must stop */
	u64 seq;
	u64 start_us;
	struct totals totals;
	size_t used;
	char line[LOG_LINE_MAX];
};

/* The clock for everything that is timed, in microseconds */
u64 log_clock(void);

void log_init(struct model_log *log, int fd);

/* One line: log_begin(), any number of fields, log_end(). */
void log_begin(struct model_log *log, const char *event);
void log_number(struct model_log *log, const char *key, u64 value);
void log_hex(struct model_log *log, const char *key, u64 value, int digits);
void log_bool(struct model_log *log, const char *key, bool value);
void log_text(struct model_log *log, const char *key, const char *value);
void log_end(struct model_log *log);

__printf(2, 3)
void log_error(struct model_log *log, const char *format, ...);

#endif
