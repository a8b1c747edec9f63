// SPDX-License-Identifier: GPL-2.0-only
#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

u64 log_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000ULL + now.tv_nsec / 1000;
}

void log_init(struct model_log *log, int fd)
{
	memset(log, 0, sizeof(*log));
	log->fd = fd;
	log->start_us = log_clock();
}

/*
 * Keys are literals, and text is cut at LOG_TEXT_MAX, so that a line fits by a wide margin.
 * A line that does not fit would be lost, but never written in part.
 */
__printf(2, 3)
static void put(struct model_log *log, const char *format, ...)
{
	size_t room = sizeof(log->line) - log->used;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(log->line + log->used, room, format, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= room)
		log->failed = true;
	else
		log->used += n;
}

void log_begin(struct model_log *log, const char *event)
{
	log->used = 0;
	put(log, "{\"seq\":%llu,\"us\":%llu,\"event\":\"%s\"", log->seq++,
	    log_clock() - log->start_us, event);
}

void log_number(struct model_log *log, const char *key, u64 value)
{
	put(log, ",\"%s\":%llu", key, value);
}

void log_hex(struct model_log *log, const char *key, u64 value, int digits)
{
	put(log, ",\"%s\":\"0x%0*llx\"", key, digits, value);
}

void log_bool(struct model_log *log, const char *key, bool value)
{
	put(log, ",\"%s\":%s", key, value ? "true" : "false");
}

/* Bytes that are not printable ASCII become escapes, so that the JSON is always valid. */
void log_text(struct model_log *log, const char *key, const char *value)
{
	int left = LOG_TEXT_MAX;

	put(log, ",\"%s\":\"", key);
	for (; *value && left; value++, left--) {
		unsigned char c = *value;

		if (c == '"' || c == '\\')
			put(log, "\\%c", c);
		else if (c < 0x20 || c > 0x7e)
			put(log, "\\u%04x", c);
		else
			put(log, "%c", c);
	}
	put(log, "\"");
}

void log_end(struct model_log *log)
{
	ssize_t n;

	put(log, ",\"requests\":%llu,\"no_snoop_requests\":%llu,\"moments\":%llu}\n",
	    log->totals.requests, log->totals.no_snoop_requests,
	    log->totals.moments);
	if (log->failed)
		return;
	do {
		n = write(log->fd, log->line, log->used);
	} while (n < 0 && errno == EINTR);
	if (n != (ssize_t)log->used)
		log->failed = true;
}

void log_error(struct model_log *log, const char *format, ...)
{
	char message[LOG_TEXT_MAX];
	va_list ap;

	va_start(ap, format);
	vsnprintf(message, sizeof(message), format, ap);
	va_end(ap);
	log_begin(log, "error");
	log_text(log, "message", message);
	log_end(log);
}
