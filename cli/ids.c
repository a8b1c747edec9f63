// SPDX-License-Identifier: GPL-2.0-only
/*
 * The list of vendor:device for which the driver gets aliases when it is built, and
 * the aliases that it has. packaging/Kbuild reads the list in the same way.
 */

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ids.h"
#include "message.h"
#include "sysroot.h"

/**
 * id_parse() - Read VENDOR:DEVICE
 * @id: the ID, in lower case; may be @word
 * @word: what to read, with nothing after it
 *
 * Return: false if @word is something else.
 */
bool id_parse(char id[ID_SIZE], const char *word)
{
	unsigned int i;

	for (i = 0; i < ID_SIZE - 1; i++) {
		if (i == 4 ? word[i] != ':' : !isxdigit((unsigned char)word[i]))
			return false;
		id[i] = tolower((unsigned char)word[i]);
	}
	if (word[i])
		return false;
	id[i] = '\0';
	return true;
}

/**
 * ids_has() - Whether a set of IDs has this one
 * @ids: the set
 * @id: from id_parse()
 *
 * Return: true if it has.
 */
bool ids_has(const struct ids *ids, const char *id)
{
	int i;

	for (i = 0; i < ids->count; i++)
		if (!strcmp(ids->id[i], id))
			return true;
	return false;
}

/**
 * ids_add() - Add an ID to a set, if it is not there
 * @ids: the set
 * @id: from id_parse()
 */
void ids_add(struct ids *ids, const char *id)
{
	if (ids_has(ids, id))
		return;
	ids->id = allocate(ids->id, ids->count + 1, sizeof(*ids->id));
	memcpy(ids->id[ids->count++], id, ID_SIZE);
}

/**
 * ids_same() - Whether two sets have the same IDs
 * @a: the one
 * @b: the other
 *
 * Return: true if they have.
 */
bool ids_same(const struct ids *a, const struct ids *b)
{
	int i;

	for (i = 0; i < a->count; i++)
		if (!ids_has(b, a->id[i]))
			return false;
	return a->count == b->count;
}

/**
 * ids_read() - Read the list
 * @text: where it goes, with a newline at its end; "" if there is no file
 */
void ids_read(char text[IDS_SIZE])
{
	FILE *file = sysroot_open(IDS_FILE);
	size_t length;

	*text = '\0';
	if (!file && errno == ENOENT)
		return;
	if (!file)
		die("%s" IDS_FILE ": %s", sysroot_prefix(), strerror(errno));
	length = fread(text, 1, IDS_SIZE, file);
	if (ferror(file))
		die("%s" IDS_FILE ": it cannot be read", sysroot_prefix());
	fclose(file);
	/* Leave room for a newline. */
	if (length > IDS_SIZE - 2)
		die("%s" IDS_FILE ": it is longer than %d bytes", sysroot_prefix(),
		    IDS_SIZE - 2);
	if (length && text[length - 1] != '\n')
		text[length++] = '\n';
	text[length] = '\0';
	if (strlen(text) != length)
		die("%s" IDS_FILE ": it is not a text file", sysroot_prefix());
}

/* WORD gets the line without its comment and spaces. Returns the length of the line. */
static int read_line(const char *line, char word[ID_SIZE + 1])
{
	int all = strcspn(line, "\n"), end = strcspn(line, "#\n"), start = 0;

	while (start < end && isspace((unsigned char)line[start]))
		start++;
	while (end > start && isspace((unsigned char)line[end - 1]))
		end--;
	snprintf(word, ID_SIZE + 1, "%.*s", end - start, line + start);
	return all + 1;
}

/**
 * ids_of() - The IDs in the list
 * @text: the list; if a line is wrong, the program ends
 *
 * Return: the set of IDs.
 */
struct ids ids_of(const char *text)
{
	char word[ID_SIZE + 1], id[ID_SIZE];
	struct ids ids = { 0 };
	int number = 0, length;

	for (; *text; text += length) {
		length = read_line(text, word);
		number++;
		if (!*word)
			continue;
		if (!id_parse(id, word))
			die("%s" IDS_FILE ":%d: '%.*s' is no ID: an ID is VENDOR:DEVICE, such as 10de:1eb8",
			    sysroot_prefix(), number, length - 1, text);
		ids_add(&ids, id);
	}
	return ids;
}

/**
 * ids_append() - Put an ID at the end of the list
 * @text: the list
 * @id: from id_parse()
 */
void ids_append(char text[IDS_SIZE], const char *id)
{
	size_t length = strlen(text);

	if (length + ID_SIZE > IDS_SIZE - 2)
		die("%s" IDS_FILE ": %s does not fit in, it would be longer than %d bytes",
		    sysroot_prefix(), id, IDS_SIZE - 2);
	sprintf(text + length, "%s\n", id);
}

/**
 * ids_drop() - Take all lines with an ID out of the list
 * @text: the list
 * @id: from id_parse()
 */
void ids_drop(char text[IDS_SIZE], const char *id)
{
	char word[ID_SIZE + 1];
	int length;

	while (*text) {
		length = read_line(text, word);
		if (strcasecmp(word, id))
			text += length;
		else
			memmove(text, text + length, strlen(text + length) + 1);
	}
}

/**
 * ids_of_kernel() - The IDs for which the driver has an alias
 * @release: the kernel's
 *
 * Return: the set of IDs, which is empty if there is no driver for that kernel.
 */
struct ids ids_of_kernel(const char *release)
{
	static const char form[] =
		"alias vfio_pci:v0000%4[0-9A-F]d0000%4[0-9A-F]sv*sd*bc*sc*i* %63s";
	FILE *list = sysroot_open("/lib/modules/%s/modules.alias", release);
	char vendor[5], device[5], module[NAME_SIZE], id[ID_SIZE], word[ID_SIZE];
	struct ids ids = { 0 };
	char *line = NULL;
	size_t size = 0;

	while (list && getline(&line, &size, list) > 0) {
		if (sscanf(line, form, vendor, device, module) != 3 ||
		    strcmp(module, "vfio_pci_nosnoop"))
			continue;
		snprintf(word, sizeof(word), "%s:%s", vendor, device);
		if (id_parse(id, word))
			ids_add(&ids, id);
	}
	free(line);
	if (list)
		fclose(list);
	return ids;
}
