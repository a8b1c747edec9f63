// SPDX-License-Identifier: GPL-2.0-only
/*
 * One JSON document on standard output. In a list, keys are NULL. A value that is
 * NULL or not known is written as null.
 */

#include <stdbool.h>
#include <stdio.h>

#include "json.h"

static int depth;
static bool first = true;

/* The length of the UTF-8 sequence at this place, or 0 if it is not well-formed */
static int utf8_length(const unsigned char *at)
{
	int length, i;

	if (*at < 0x80)
		return 1;
	if (*at >= 0xc2 && *at <= 0xdf)
		length = 2;
	else if (*at >= 0xe0 && *at <= 0xef)
		length = 3;
	else if (*at >= 0xf0 && *at <= 0xf4)
		length = 4;
	else
		return 0;
	for (i = 1; i < length; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	/* Overlong forms, surrogates, and numbers beyond the last character */
	if ((*at == 0xe0 && at[1] < 0xa0) || (*at == 0xed && at[1] > 0x9f) ||
	    (*at == 0xf0 && at[1] < 0x90) || (*at == 0xf4 && at[1] > 0x8f))
		return 0;
	return length;
}

static void print_string(const char *value)
{
	const unsigned char *at = (const unsigned char *)value;

	putchar('"');
	while (*at) {
		int length = utf8_length(at);

		if (!length)
			printf("\\ufffd");
		else if (*at == '"' || *at == '\\')
			printf("\\%c", *at);
		else if (*at < 0x20)
			printf("\\u%04x", *at);
		else
			printf("%.*s", length, (const char *)at);
		at += length ? length : 1;
	}
	putchar('"');
}

static void begin(const char *key)
{
	if (!first)
		putchar(',');
	if (depth)
		printf("\n%*s", 2 * depth, "");
	first = false;
	if (key) {
		print_string(key);
		printf(": ");
	}
}

/**
 * json_open() - Begin an object or a list
 * @key: its name, or NULL
 * @bracket: '{' or '['
 */
void json_open(const char *key, char bracket)
{
	begin(key);
	putchar(bracket);
	depth++;
	first = true;
}

/**
 * json_close() - End what was begun last
 * @bracket: '}' or ']'
 */
void json_close(char bracket)
{
	depth--;
	if (!first)
		printf("\n%*s", 2 * depth, "");
	putchar(bracket);
	first = false;
	if (!depth)
		putchar('\n');
}

/**
 * json_string() - A string
 * @key: its name, or NULL
 * @value: the string, or NULL. What is not UTF-8 is replaced.
 */
void json_string(const char *key, const char *value)
{
	begin(key);
	if (value)
		print_string(value);
	else
		printf("null");
}

/**
 * json_number() - A number
 * @key: its name, or NULL
 * @value: the number
 */
void json_number(const char *key, long long value)
{
	begin(key);
	printf("%lld", value);
}

/**
 * json_tristate() - true, false or null
 * @key: its name, or NULL
 * @value: yes, no, or not known
 */
void json_tristate(const char *key, enum tristate value)
{
	static const char * const names[] = { "false", "true", "null" };

	begin(key);
	printf("%s", names[value]);
}
