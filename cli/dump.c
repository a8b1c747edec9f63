// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads the output of lspci as people keep and paste it: quoted or indented, cut
 * off, several runs one after another, with messages between the lines. libpci's
 * own reader takes missing bytes for zeros, and gives up at lines that it does not know.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dump.h"
#include "message.h"

#define SIZE_MAX_DUMP	(64 << 20)	/* 4096 functions with -xxxx are 60 MB */
#define FUNCTIONS_MAX	65536	/* as many as one domain can have */
#define ROW		16

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Where the line begins after marks of quotation, spaces and a byte order mark */
static char *skip_quotation(char *line)
{
	static const char * const marks[] = { " ", "\t", ">", "|", "\xc2\xa0", "\xef\xbb\xbf" };
	unsigned int i;

	for (i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		if (!strncmp(line, marks[i], strlen(marks[i])))
			return skip_quotation(line + strlen(marks[i]));
	return line;
}

/* Takes the offset at the start of a line of hex. Then *AT points to what follows. */
static bool take_offset(const char **at, unsigned int *offset)
{
	int digits;

	*offset = 0;
	for (digits = 0; digits < 3 && digit(**at) >= 0; digits++, (*at)++)
		*offset = *offset << 4 | digit(**at);
	if (digits < 2 || **at != ':' || ((*at)[1] != ' ' && (*at)[1] != '\t'))
		return false;
	(*at)++;
	return true;
}

/* Takes the bytes that are complete, up to the first thing that is not a byte. */
static int take_bytes(const char *at, unsigned char bytes[ROW])
{
	int count;

	for (count = 0; count < ROW; count++) {
		at += strspn(at, " \t");
		if (digit(at[0]) < 0 || digit(at[1]) < 0 || digit(at[2]) >= 0)
			break;
		bytes[count] = digit(at[0]) << 4 | digit(at[1]);
		at += 2;
	}
	return count;
}

/**
 * dump_is_hex() - Whether a line is a row of hex
 * @line: the line, without quotation
 *
 * Return: true if it begins with an offset and a byte.
 */
bool dump_is_hex(const char *line)
{
	unsigned char bytes[ROW];
	unsigned int offset;

	return take_offset(&line, &offset) && take_bytes(line, bytes);
}

/* Takes a row if it leaves no gap. If two rows at one offset differ, neither is believed. */
static void take_row(const struct dump *dump, struct dumped *function, const char *line)
{
	struct config *config = &function->config;
	unsigned char bytes[ROW];
	unsigned int offset;
	int count, i;

	if (!take_offset(&line, &offset))
		return;
	/* If a row is not complete, nobody knows which bytes are missing. */
	count = take_bytes(line, bytes) == ROW ? ROW : 0;
	if ((offset > config->known || !count) && !function->gap)
		function->gap = dump->lines;
	for (i = 0; i < count && offset + i <= config->known && offset + i < CONFIG_SIZE; i++) {
		if (offset + i < config->known && config->bytes[offset + i] != bytes[i]) {
			config->known = offset;
			return;
		}
		config->bytes[offset + i] = bytes[i];
		if (offset + i == config->known)
			config->known++;
	}
}

/* Whether the line begins a function. VALID is false if no function can have its address. */
static bool begins_function(const char *line, struct address *address, bool *valid)
{
	size_t length = strcspn(line, " \t");
	char text[ADDRESS_SIZE];

	if (!line[length] || length >= sizeof(text) || length < strlen("0:0.0") ||
	    line[length - 2] != '.' || strspn(line, "0123456789abcdefABCDEF:.") != length)
		return false;
	memcpy(text, line, length);
	text[length] = '\0';
	*valid = !address_parse(text, address);
	return true;
}

static struct dumped *add_function(struct dump *dump, const struct address *address)
{
	struct dumped *function;

	dump->functions = allocate(dump->functions, dump->count + 1, sizeof(*function));
	function = &dump->functions[dump->count++];
	memset(function, 0, sizeof(*function));
	function->address = *address;
	function->line = dump->lines;
	if (dump->count > FUNCTIONS_MAX)
		die("%s:%lu: there are more functions in it than any machine has", dump->name,
		    dump->lines);
	return function;
}

/* How much is known. If there are two runs, the later one counts, unless it tells less. */
static unsigned int worth(const struct dumped *function)
{
	const struct dump_text *text = &function->text;

	return 2 * function->config.known + text->details + (text->bit != NOT_KNOWN);
}

static int compare(const void *a, const void *b)
{
	const struct dumped *one = a, *other = b;
	int order = address_compare(&one->address, &other->address);

	if (order)
		return order;
	if (worth(one) != worth(other))
		return worth(one) > worth(other) ? -1 : 1;
	return one->line > other->line ? -1 : 1;
}

/* compare() has put the best of those with the same address first. */
static void drop_doubles(struct dump *dump)
{
	char bdf[ADDRESS_SIZE];
	int i, kept = 0, first = -1, doubles = 0;

	for (i = 0; i < dump->count; i++) {
		if (kept && !address_compare(&dump->functions[kept - 1].address,
					     &dump->functions[i].address)) {
			first = doubles ? first : kept - 1;
			doubles++;
			continue;
		}
		dump->functions[kept++] = dump->functions[i];
	}
	dump->count = kept;
	if (!doubles)
		return;
	address_format(&dump->functions[first].address, bdf);
	note("%s: the output of several runs of lspci: for %s, the one at line %lu is used",
	     dump->name, bdf, dump->functions[first].line);
}

/* Rows after a gap are of no use, because the list of capabilities has to be followed. */
static void tell_of_gaps(const struct dump *dump)
{
	char bdf[ADDRESS_SIZE];
	int i;

	for (i = 0; i < dump->count; i++) {
		if (!dump->functions[i].gap || dump->functions[i].config.known >= CONFIG_CAPS)
			continue;
		address_format(&dump->functions[i].address, bdf);
		note("%s:%lu: bytes of %s are missing here, so those after them are not used",
		     dump->name, dump->functions[i].gap, bdf);
	}
}

static char *read_all(const char *name, FILE *file, size_t *size)
{
	char *text = NULL;
	size_t room = 0;

	*size = 0;
	do {
		if (room - *size < 2) {
			room = room ? 2 * room : 1 << 16;
			text = allocate(text, room, 1);
		}
		*size += fread(text + *size, 1, room - *size - 1, file);
		if (*size > SIZE_MAX_DUMP)
			die("%s: it is larger than any dump of lspci", name);
	} while (!feof(file) && !ferror(file));
	if (ferror(file))
		die("%s: %s", name, strerror(errno));
	return text;
}

/* Each line ends with a newline. Carriage returns and zero bytes do not end it. */
static char *next_line(char **at, char *end)
{
	char *line = *at, *c;

	for (c = line; c < end && *c != '\n'; c++)
		if (!*c || *c == '\r')
			*c = ' ';
	*c = '\0';
	*at = c + 1;
	return line;
}

static void check_there_are_any(const struct dump *dump, unsigned long stray,
				unsigned long nowhere)
{
	if (dump->count)
		return;
	if (nowhere)
		die("%s:%lu: there is no such address of a PCI function: the device, before the dot, is 00 to 1f, and the function, after the dot, 0 to 7",
		    dump->name, nowhere);
	if (stray)
		die("%s:%lu: this hex has no line before it that names a function, as '01:00.0 VGA compatible controller': copy those lines, too",
		    dump->name, stray);
	die("%s: none of its %lu lines names a function: make it with 'lspci -xxx >FILE', as root",
	    dump->name, dump->lines);
}

static void read_lines(struct dump *dump, char *text, size_t size)
{
	struct dumped *function = NULL;
	char *at = text, *end = text + size, *line;
	unsigned long stray = 0, nowhere = 0;
	struct address address;
	bool valid;

	while (at < end) {
		line = skip_quotation(next_line(&at, end));
		dump->lines++;
		if (begins_function(line, &address, &valid)) {
			function = valid ? add_function(dump, &address) : NULL;
			nowhere = nowhere || valid ? nowhere : dump->lines;
			if (function)
				dump_text_begin(&function->text, line + strcspn(line, " \t"));
		} else if (!function) {
			stray = stray ? stray : dump_is_hex(line) ? dump->lines : 0;
		} else if (dump_is_hex(line)) {
			take_row(dump, function, line);
		} else {
			dump_text_line(&function->text, line);
		}
	}
	check_there_are_any(dump, stray, nowhere);
}

/**
 * dump_read() - Read a dump
 * @dump: where it goes, zeroed
 * @path: the file, "-" for standard input
 *
 * Ends the program if there is no function in it.
 */
void dump_read(struct dump *dump, const char *path)
{
	FILE *file = strcmp(path, "-") ? fopen(path, "re") : stdin;
	char *text;
	size_t size;

	dump->name = file == stdin ? "standard input" : path;
	if (!file)
		die("%s: %s", path, strerror(errno));
	text = read_all(dump->name, file, &size);
	if (file != stdin)
		fclose(file);
	read_lines(dump, text, size);
	free(text);
	qsort(dump->functions, dump->count, sizeof(*dump->functions), compare);
	drop_doubles(dump);
	tell_of_gaps(dump);
}
