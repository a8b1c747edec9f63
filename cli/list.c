// SPDX-License-Identifier: GPL-2.0-only
/* vfio-nosnoop list: one line for each function; list_tree.c draws them */

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "color.h"
#include "device_json.h"
#include "json.h"
#include "list.h"
#include "message.h"

static const char *snooping_word(const struct device *device)
{
	static const char * const words[] = { "no", "enforced", "?" };

	if (device->iommu.kind == IOMMU_NONE)
		return "-";
	return words[device->iommu.enforces];
}

/**
 * list_bit() - Enable No Snoop of a function
 * @device: the function
 *
 * Return: a word for it.
 */
const char *list_bit(const struct device *device)
{
	static const char * const words[] = { "0", "1", "?" };

	return device->seen.pcie == KNOWN_NO && !device->vf ?
	       "-" : words[device->facts.bit];
}

/* The width of a column that has TEXT in it */
static int width(int at_least, const char *text)
{
	int length = strlen(text);

	return length > at_least ? length : at_least;
}

static void print_table(const struct request *request)
{
	int address = strlen("ADDRESS"), driver = strlen("DRIVER");
	int verdict = strlen("VERDICT"), i;
	const struct device *device;

	for (i = 0; i < request->nr_targets; i++) {
		device = request->targets[i];
		address = width(address, device->bdf);
		driver = width(driver, device->driver);
		verdict = width(verdict, verdict_words(device->verdict)->brief);
	}

	printf("%-*s  GROUP  %-*s  SNOOPING  BIT  %-*s  NAME\n", address, "ADDRESS",
	       driver, "DRIVER", verdict, "VERDICT");
	for (i = 0; i < request->nr_targets; i++) {
		char group[16] = "-";

		device = request->targets[i];
		if (device->group >= 0)
			snprintf(group, sizeof(group), "%d", device->group);
		printf("%-*s  %5s  %-*s  %-8s  %-3s  %s%-*s%s  %s\n", address, device->bdf,
		       group, driver, *device->driver ? device->driver : "-",
		       snooping_word(device), list_bit(device), color_of(device->verdict),
		       verdict, verdict_words(device->verdict)->brief, color_end(),
		       device->name);
	}
}

/* How many targets have more to show than could be read */
static int count_limited(const struct request *request)
{
	int limited = 0, i;

	for (i = 0; i < request->nr_targets; i++)
		limited += request->targets[i]->seen.limited;
	return limited;
}

/* Tells users, after all else, that they cannot see everything. */
static void tell_limits(const struct request *request)
{
	int limited = count_limited(request);
	const char *s = limited == 1 ? "" : "s";

	if (!limited)
		return;
	fflush(stdout);
	if (request->dump)
		note("the dump does not have Enable No Snoop of %d function%s: that of 'lspci -xxx' as root has it",
		     limited, s);
	else
		note("as root it would show Enable No Snoop of %d more function%s, and who has devices open",
		     limited, s);
}

/**
 * command_list() - Print a line for each function
 * @request: what was asked, with the functions to print
 *
 * Return: the exit status.
 */
int command_list(struct request *request)
{
	int i;

	if (!request->json) {
		if (request->tree)
			list_tree(request);
		else
			print_table(request);
		tell_limits(request);
		return complaints() ? EXIT_FAILED : 0;
	}

	message_document_begin(request->command);
	host_json(request);
	json_tristate("complete", count_limited(request) ? KNOWN_NO : KNOWN_YES);
	json_open("devices", '[');
	for (i = 0; i < request->nr_targets; i++) {
		json_open(NULL, '{');
		device_json(request, request->targets[i]);
		json_close('}');
	}
	json_close(']');
	complaints_json("errors");
	json_close('}');
	tell_limits(request);
	return complaints() ? EXIT_FAILED : 0;
}
