// SPDX-License-Identifier: GPL-2.0-only
/* What is said to people: on standard error, and lines of no more than 79 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "message.h"

#define NAME	"vfio-nosnoop: "
#define WIDTH	79

static char **said;
static int nr_said;

/**
 * allocate() - Memory for a list, or the end of the program
 * @old: the list as it was, or NULL
 * @count: its elements
 * @size: of one
 *
 * Return: the list.
 */
void *allocate(void *old, unsigned long count, unsigned long size)
{
	void *new = reallocarray(old, count ? count : 1, size);

	if (!new) {
		fputs(NAME "no memory\n", stderr);
		exit(EXIT_FAILED);
	}
	return new;
}

/**
 * complain() - Say what went wrong, once to people and once in the document
 * @format: without name and newline, as for printf()
 */
void complain(const char *format, ...)
{
	char *text;
	va_list ap;

	va_start(ap, format);
	if (vasprintf(&text, format, ap) < 0)
		exit(EXIT_FAILED);
	va_end(ap);

	fprintf(stderr, NAME "%s\n", text);
	said = allocate(said, nr_said + 1, sizeof(*said));
	said[nr_said++] = text;
}

/**
 * note() - Say something that is no failure
 * @format: without name and newline, as for printf()
 */
void note(const char *format, ...)
{
	va_list ap;

	fputs(NAME, stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
}

/**
 * die() - Say what went wrong, and end
 * @format: without name and newline, as for printf()
 */
void die(const char *format, ...)
{
	va_list ap;

	fputs(NAME, stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(EXIT_FAILED);
}

/**
 * usage_error() - Say what is wrong with the arguments, and end
 * @format: without name and newline, as for printf()
 */
void usage_error(const char *format, ...)
{
	va_list ap;

	fputs(NAME, stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputs(" (see vfio-nosnoop --help)\n", stderr);
	exit(EXIT_USAGE);
}

/**
 * complaints() - How much went wrong so far
 *
 * Return: the number of calls of complain().
 */
int complaints(void)
{
	return nr_said;
}

/**
 * complaints_json() - What went wrong so far
 * @key: name of the list
 */
void complaints_json(const char *key)
{
	int i;

	json_open(key, '[');
	for (i = 0; i < nr_said; i++)
		json_string(NULL, said[i]);
	json_close(']');
}

/**
 * print_wrapped() - Print a paragraph on standard output
 * @indent: spaces before each line
 * @text: words with single spaces between them
 */
void print_wrapped(int indent, const char *text)
{
	int column = 0;

	while (*text) {
		int length = strcspn(text, " ");

		if (column && column + 1 + length > WIDTH) {
			putchar('\n');
			column = 0;
		}
		if (column)
			column += printf(" ");
		else
			column = printf("%*s", indent, "");
		column += printf("%.*s", length, text);
		text += length;
		text += strspn(text, " ");
	}
	putchar('\n');
}
