// SPDX-License-Identifier: GPL-2.0-only
/* Colors for verdicts, on terminals */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "color.h"

static bool in_color;

/* With NO_COLOR a user turns colors off in all programs, see no-color.org. */
static bool terminal_has_color(void)
{
	const char *off = getenv("NO_COLOR"), *terminal = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(off && *off) && terminal &&
	       strcmp(terminal, "dumb");
}

/**
 * color_use() - Turn colors on or off
 * @when: always, never, or auto, which means on a terminal
 *
 * Return: false if it is another word.
 */
bool color_use(const char *when)
{
	in_color = !strcmp(when, "always") ||
		   (!strcmp(when, "auto") && terminal_has_color());
	return in_color || !strcmp(when, "never") || !strcmp(when, "auto");
}

/**
 * color_of() - How the color of a verdict begins
 * @verdict: the verdict
 *
 * Return: what to print before it, "" without colors.
 */
const char *color_of(enum verdict verdict)
{
	if (!in_color)
		return "";
	switch (verdict_words(verdict)->status) {
	case STATUS_COHERENT:
		return "\033[32m";
	case STATUS_CAN:
		return "\033[31m";
	case STATUS_AROUND:
		return "\033[35m";
	default:
		return "\033[33m";
	}
}

/**
 * color_end() - How a color ends
 *
 * Return: what to print after it, "" without colors.
 */
const char *color_end(void)
{
	return in_color ? "\033[0m" : "";
}
