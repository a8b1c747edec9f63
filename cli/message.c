// SPDX-License-Identifier: GPL-2.0-only
/* Messages on standard error, and paragraphs of at most 79 columns */

#include <stdarg.h>
#include <stdbool.h>
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
 * allocate() - Get memory for a list, or end the program
 * @old: the list as it was, or NULL
 * @count: how many elements it has now
 * @size: of one element
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

static void say(const char *format, va_list ap, const char *hint)
{
	char *text;

	if (vasprintf(&text, format, ap) < 0)
		exit(EXIT_FAILED);
	fprintf(stderr, NAME "%s%s\n", text, hint);
	said = allocate(said, nr_said + 1, sizeof(*said));
	said[nr_said++] = text;
}

/**
 * complain() - Say what went wrong, to people and in the document
 * @format: without name and newline, as for printf()
 */
void complain(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say(format, ap, "");
	va_end(ap);
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

static const char *document_of;
static bool document_wanted;

/**
 * message_document() - Have die() and usage_error() print a document, too
 * @command: what is to be done, or NULL if that is not known yet
 *
 * A program that calls the command with --json gets a document even if that fails. But
 * if a document has been begun, nothing completes it.
 */
void message_document(const char *command)
{
	document_wanted = true;
	document_of = command;
}

/**
 * message_document_begin() - Begin a document
 * @command: what is to be done, or NULL
 */
void message_document_begin(const char *command)
{
	document_wanted = false;
	json_open(NULL, '{');
	json_string("program", "vfio-nosnoop");
	json_string("version", VERSION);
	json_string("command", command);
}

/* The last complaint is the reason for the end. */
__noreturn
static void end(int status)
{
	if (document_wanted) {
		message_document_begin(document_of);
		json_tristate("ok", KNOWN_NO);
		complaints_json("errors");
		json_close('}');
	}
	exit(status);
}

/**
 * die() - Say what went wrong, and end
 * @format: without name and newline, as for printf()
 */
void die(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say(format, ap, "");
	va_end(ap);
	end(EXIT_FAILED);
}

/**
 * usage_error() - Say what is wrong with the arguments, and end
 * @format: without name and newline, as for printf()
 */
void usage_error(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say(format, ap, " (see vfio-nosnoop --help)");
	va_end(ap);
	end(EXIT_USAGE);
}

/**
 * complaints() - How many complaints there are so far
 *
 * Return: the number of calls of complain().
 */
int complaints(void)
{
	return nr_said;
}

/**
 * complaints_json() - Write all complaints so far
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
