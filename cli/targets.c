// SPDX-License-Identifier: GPL-2.0-only
/* Which functions are meant: those at addresses, those that a filter lets pass, or all */

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
 * Return: the addresses. Ends the program if one is none.
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
 * targets_check_filters() - Whether the filters can be
 * @request: what was asked
 *
 * Ends the program if one cannot.
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

static void add(struct request *request, struct device *device)
{
	int i;

	for (i = 0; i < request->nr_targets; i++)
		if (request->targets[i] == device)
			return;
	if (passes(request, device))
		request->targets[request->nr_targets++] = device;
}

/* The one, or those of the slot; the others that were named are dealt with anyway. */
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
		add(request, device);
	}
	if (found)
		return;
	address_format(wanted, text);
	complain("there is no device %s%s%s: 'vfio-nosnoop list' shows those there are", text,
		 request->dump ? " in " : "", request->dump ? request->machine.dump : "");
}

/**
 * targets_find() - Find the functions that are meant
 * @request: where they go, as they are named, but each once
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
		add(request, &request->machine.devices[i]);
}
