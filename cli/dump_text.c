// SPDX-License-Identifier: GPL-2.0-only
/*
 * What lspci -v says in words. Nothing follows from words that are not there: the
 * text may be cut off, and lspci shows capabilities to root only.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dump.h"

static bool starts(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* Takes FLAG+ or FLAG-. */
static void take_flag(enum tristate *known, bool *contradicts, const char *line,
		      const char *flag)
{
	const char *at = strstr(line, flag);
	enum tristate value;

	if (!at)
		return;
	at += strlen(flag);
	if (*at != '+' && *at != '-')
		return;
	value = *at == '+' ? KNOWN_YES : KNOWN_NO;
	if (*known != NOT_KNOWN && *known != value)
		*contradicts = true;
	*known = value;
}

/* Takes the lines of a PF's SR-IOV capability. */
static void take_vfs(struct config_vfs *vfs, const char *line)
{
	const char *number = strstr(line, "Number of VFs: ");
	unsigned int offset, stride, id;

	if (starts(line, "Initial VFs: ") && number)
		vfs->number = strtoul(number + strlen("Number of VFs: "), NULL, 10);
	if (sscanf(line, "VF offset: %u, stride: %u, Device ID: %4x", &offset, &stride,
		   &id) == 3) {
		vfs->offset = offset;
		vfs->stride = stride;
		vfs->id = id;
	}
}

/* Takes "[0300]: " after the name of the class, and "[10de:1d10]" after the device's. */
static void take_numbers(struct dump_text *text, const char *line)
{
	unsigned int class, vendor, device;
	const char *at = line;
	int length;

	/* As lspci -n prints them */
	if (sscanf(line, " %4x: %4x:%4x", &class, &vendor, &device) == 3) {
		text->has_ids = true;
	} else {
		at = strstr(line, "]: ");
		if (!at || at - line < 5 || sscanf(at - 5, "[%4x]", &class) != 1)
			return;
		while (!text->has_ids && (at = strchr(at + 1, '['))) {
			length = 0;
			if (sscanf(at, "[%4x:%4x]%n", &vendor, &device, &length) == 2 &&
			    length == (int)strlen("[10de:1d10]"))
				text->has_ids = true;
		}
	}
	if (!text->has_ids)
		return;
	text->class = class << 8;
	text->vendor = vendor;
	text->device = device;
}

/**
 * dump_text_begin() - Read the line that begins a function
 * @text: where it goes, zeroed
 * @line: what follows the address
 *
 * Return: true if the IDs of the function are in it.
 */
bool dump_text_begin(struct dump_text *text, const char *line)
{
	const char *name = strstr(line, ": "), *end;

	text->pcie = NOT_KNOWN;
	text->bit = NOT_KNOWN;
	text->master = NOT_KNOWN;
	take_numbers(text, line);
	name = name ? name + 2 : line + strspn(line, " \t");
	end = strstr(name, " (rev");
	snprintf(text->name, sizeof(text->name), "%.*s",
		 (int)(end ? end - name : (long)strlen(name)), name);
	return text->has_ids;
}

/**
 * dump_text_line() - Read another line about a function, of whatever kind
 * @text: what is known so far
 * @line: the line, without quotation
 */
void dump_text_line(struct dump_text *text, const char *line)
{
	const char *at;
	bool doubt;

	if (starts(line, "Control: ")) {
		text->details = true;
		take_flag(&text->master, &doubt, line, "BusMaster");
	} else if (starts(line, "Flags: ")) {
		text->details = true;
		if (strstr(line, "bus master"))
			text->master = KNOWN_YES;
	} else if (starts(line, "Status: Cap")) {
		text->no_caps = line[strlen("Status: Cap")] == '-';
	} else if (starts(line, "Bus: primary=")) {
		text->bridge = true;
		if (sscanf(line, " Bus: primary=%*x, secondary=%2x, subordinate=%2x",
			   &text->secondary, &text->subordinate) != 2)
			text->secondary = 0;
	} else if (starts(line, "!!! Unknown header type 7f")) {
		text->gone = true;
	} else if (starts(line, "Capabilities: [")) {
		at = strstr(line, "] Express");
		if (at && at - line < 24) {
			text->pcie = KNOWN_YES;
			text->rciep = strstr(at, "Root Complex Integrated Endpoint");
		}
	} else {
		take_vfs(&text->vfs, line);
	}
	take_flag(&text->bit, &text->contradicts, line, " NoSnoop");
	if (text->contradicts)
		text->bit = NOT_KNOWN;
}
