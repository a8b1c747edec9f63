// SPDX-License-Identifier: GPL-2.0-only
/* vfio-nosnoop list: one line for each function */

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "json.h"
#include "message.h"

static const char *snooping_word(const struct device *device)
{
	static const char * const words[] = { "no", "enforced", "?" };

	if (device->iommu.kind == IOMMU_NONE)
		return "-";
	return words[device->iommu.enforces];
}

static const char *bit_word(const struct device *device, enum know bit)
{
	static const char * const words[] = { "0", "1", "?" };

	return device->pcie == KNOWN_NO && !device->vf ? "-" : words[bit];
}

/* Wide enough for what is in it */
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
		const struct facts facts =
			device_facts(&request->machine, request->targets[i]);

		device = request->targets[i];
		address = width(address, device->bdf);
		driver = width(driver, device->driver);
		verdict = width(verdict, verdict_words(verdict_of(&facts))->brief);
	}

	printf("%-*s  GROUP  %-*s  SNOOPING  BIT  %-*s  NAME\n", address, "ADDRESS",
	       driver, "DRIVER", verdict, "VERDICT");
	for (i = 0; i < request->nr_targets; i++) {
		const struct facts facts =
			device_facts(&request->machine, request->targets[i]);
		char group[16] = "-";

		device = request->targets[i];
		if (device->group >= 0)
			snprintf(group, sizeof(group), "%d", device->group);
		printf("%-*s  %5s  %-*s  %-8s  %-3s  %-*s  %s\n", address, device->bdf,
		       group, driver, *device->driver ? device->driver : "-",
		       snooping_word(device), bit_word(device, facts.bit), verdict,
		       verdict_words(verdict_of(&facts))->brief, device->name);
	}
}

/* How many of them have more to be seen than their header */
static int count_limited(const struct request *request)
{
	int limited = 0, i;

	for (i = 0; i < request->nr_targets; i++)
		limited += request->targets[i]->limited;
	return limited;
}

/* Behind all else, for those who cannot see all there is */
static void tell_limits(const struct request *request)
{
	int limited = count_limited(request);
	const char *s = limited == 1 ? "" : "s";

	if (!limited)
		return;
	fflush(stdout);
	if (request->dump)
		note("the dump has only the header of %d function%s: 'lspci -xxx' as root has Enable No Snoop, too",
		     limited, s);
	else
		note("as root it would show Enable No Snoop of %d more function%s, and who has devices open",
		     limited, s);
}

/**
 * print_document_head() - How each JSON document begins
 * @request: what was asked
 */
void print_document_head(const struct request *request)
{
	json_open(NULL, '{');
	json_string("program", "vfio-nosnoop");
	json_string("version", VERSION);
	json_string("command", request->command);
}

static void print_iommu_json(const struct device *device)
{
	const struct iommu *iommu = &device->iommu;

	json_open("iommu", '{');
	json_string("name", *iommu->name ? iommu->name : NULL);
	json_string("kind", *iommu_kind_name(iommu->kind) ?
		    iommu_kind_name(iommu->kind) : NULL);
	json_know("present", iommu->kind == IOMMU_UNSEEN ? NOT_KNOWN :
		  iommu->kind == IOMMU_NONE ? KNOWN_NO : KNOWN_YES);
	json_know("enforces_snooping", iommu->enforces);
	json_close('}');
}

/**
 * print_device_json() - The facts of a function, in an object that is open
 * @request: what was asked
 * @device: the function
 */
void print_device_json(const struct request *request, const struct device *device)
{
	const struct facts facts = device_facts(&request->machine, device);
	const struct verdict_words *words = verdict_words(verdict_of(&facts));
	enum denial denial = device_denial(&request->machine, device);
	bool dump = request->machine.dump;
	char id[8];

	json_string("address", device->bdf);
	snprintf(id, sizeof(id), "%04x", device->vendor & 0xffff);
	json_string("vendor", id);
	snprintf(id, sizeof(id), "%04x", device->id & 0xffff);
	json_string("device", id);
	snprintf(id, sizeof(id), "%06x", device->class & 0xffffff);
	json_string("class", id);
	json_string("name", device->name);
	json_string("driver", *device->driver ? device->driver : NULL);
	json_string("driver_override", *device->override ? device->override : NULL);
	if (device->group >= 0)
		json_number("group", device->group);
	else
		json_string("group", NULL);
	print_iommu_json(device);
	json_know("bridge", device->bridge ? KNOWN_YES : KNOWN_NO);
	json_know("pcie", device->pcie);
	json_string("pf", device->vf ? device->pf : NULL);
	json_know("no_snoop", facts.bit);
	json_know("bus_master", device->master);
	json_know("open", dump ? NOT_KNOWN : device->open);
	json_string("denied", device_denial_words(denial));
	json_know("errata", device->knows.errata ? KNOWN_YES : KNOWN_NO);
	json_string("back_door", device->knows.back_door);
	json_string("verdict", words->code);
	json_string("words", words->sentence);
}

/**
 * command_list() - Print a line for each function
 * @request: what was asked; without targets all are meant
 *
 * Return: the exit status.
 */
int command_list(struct request *request)
{
	int i;

	if (!request->json) {
		print_table(request);
		tell_limits(request);
		return 0;
	}

	print_document_head(request);
	json_know("complete", count_limited(request) ? KNOWN_NO : KNOWN_YES);
	json_open("devices", '[');
	for (i = 0; i < request->nr_targets; i++) {
		json_open(NULL, '{');
		print_device_json(request, request->targets[i]);
		json_close('}');
	}
	json_close(']');
	json_close('}');
	tell_limits(request);
	return 0;
}
