// SPDX-License-Identifier: GPL-2.0-only
/* The targets, which are the functions that the user means, by addresses or filters, or all */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "message.h"

/**
 * targets_parse() - Read the addresses
 * @words: the arguments
 * @count: how many
 *
 * Return: the addresses. Ends the program if an argument is not an address.
 */
struct address *targets_parse(char **words, int count)
{
	struct address *addresses = allocate(NULL, count, sizeof(*addresses));
	const char *wrong;
	int i;

	for (i = 0; i < count; i++) {
		wrong = address_parse_any(words[i], &addresses[i]);
		if (wrong)
			usage_error("'%s' %s", words[i], wrong);
	}
	return addresses;
}

static size_t hex_digits(const char *text)
{
	return strspn(text, "0123456789abcdefABCDEF");
}

/**
 * targets_check_filters() - Check that the filters are well-formed
 * @request: what was asked
 *
 * Ends the program if one is not.
 */
void targets_check_filters(const struct request *request)
{
	const char *class = request->class, *id = request->id;
	size_t vendor;

	if (class && (class[hex_digits(class)] || !*class || strlen(class) > 6 ||
		      strlen(class) % 2))
		usage_error("--class %s: a class is 2, 4 or 6 hexadecimal digits", class);
	if (!id)
		return;
	vendor = hex_digits(id);
	if (vendor > 4 || id[vendor] != ':' || hex_digits(id + vendor + 1) > 4 ||
	    id[vendor + 1 + hex_digits(id + vendor + 1)])
		usage_error("--id %s: it is VENDOR:DEVICE, VENDOR: or :DEVICE, in hexadecimal digits",
			    id);
}

static bool is_number(const char *text, unsigned int number)
{
	return !hex_digits(text) || strtoul(text, NULL, 16) == number;
}

static bool passes(const struct request *request, const struct device *device)
{
	char class[16];

	snprintf(class, sizeof(class), "%06x", device->class);
	if (request->class && (!device->has_ids ||
			       strncasecmp(class, request->class, strlen(request->class))))
		return false;
	if (request->id && (!device->has_ids || !is_number(request->id, device->vendor) ||
			    !is_number(strchr(request->id, ':') + 1, device->id)))
		return false;
	if (!request->driver)
		return true;
	return !strcmp(request->driver, "none") ? !*device->driver :
	       !strcmp(request->driver, device->driver);
}

/**
 * targets_has() - Whether a function is a target
 * @request: what was asked
 * @device: the function
 *
 * Return: true if it is.
 */
bool targets_has(const struct request *request, const struct device *device)
{
	int i;

	for (i = 0; i < request->nr_targets; i++)
		if (request->targets[i] == device)
			return true;
	return false;
}

/**
 * targets_add() - Make a function a target, unless a filter excludes it
 * @request: where it goes, but only once
 * @device: the function
 */
void targets_add(struct request *request, struct device *device)
{
	if (!targets_has(request, device) && passes(request, device))
		request->targets[request->nr_targets++] = device;
}

/* Adds the function, or all functions of the slot. If there is none, the others still count. */
static void add_named(struct request *request, const struct address *wanted)
{
	struct address address = *wanted;
	unsigned int first = wanted->func, last = wanted->func;
	struct device *device;
	char text[ADDRESS_SIZE];
	bool found = false;

	if (wanted->func == ADDRESS_SLOT) {
		first = 0;
		last = 7;
	}
	for (address.func = first; address.func <= last; address.func++) {
		device = machine_find(&request->machine, &address);
		if (!device)
			continue;
		found = true;
		targets_add(request, device);
	}
	if (found)
		return;
	address_format(wanted, text);
	complain("there is no device %s%s%s: 'vfio-nosnoop list' shows those there are", text,
		 request->dump ? " in " : "", request->dump ? request->machine.dump : "");
}

/**
 * targets_find() - Find the targets
 * @request: where they go, in the order in which they are named, but each once
 * @addresses: from targets_parse()
 * @count: how many, 0 for all functions
 */
void targets_find(struct request *request, const struct address *addresses, int count)
{
	int i;

	request->targets = allocate(NULL, request->machine.count, sizeof(*request->targets));
	for (i = 0; i < count; i++)
		add_named(request, &addresses[i]);
	for (i = 0; !count && i < request->machine.count; i++)
		targets_add(request, &request->machine.devices[i]);
}
