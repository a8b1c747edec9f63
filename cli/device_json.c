// SPDX-License-Identifier: GPL-2.0-only
/* What several commands write into their JSON documents */

#include <stdio.h>

#include "device_json.h"
#include "json.h"

/**
 * host_json() - Write what the machine is into the open object
 * @request: what was asked
 */
void host_json(const struct request *request)
{
	const struct host *host = &request->machine.host;

	json_tristate("virtual_machine", host->virtual);
	json_string("hypervisor", *host->hypervisor ? host->hypervisor : NULL);
	json_string("lockdown", *host->lockdown ? host->lockdown : NULL);
}

static void iommu_json(const struct device *device)
{
	const struct iommu *iommu = &device->iommu;

	json_open("iommu", '{');
	json_string("name", *iommu->name ? iommu->name : NULL);
	json_string("kind", *iommu_kind_name(iommu->kind) ?
		    iommu_kind_name(iommu->kind) : NULL);
	json_tristate("present", iommu->kind == IOMMU_UNSEEN ? NOT_KNOWN :
		      iommu->kind == IOMMU_NONE ? KNOWN_NO : KNOWN_YES);
	json_tristate("enforces_snooping", iommu->enforces);
	json_close('}');
}

/* Writes an ID or a class in hexadecimal, or null: the text of lspci may not have it. */
static void number_json(const char *key, const struct device *device, int digits,
			unsigned int number)
{
	char text[16];

	snprintf(text, sizeof(text), "%0*x", digits, number);
	json_string(key, device->has_ids ? text : NULL);
}

/**
 * device_json() - Write the facts about a function into the open object
 * @request: what was asked
 * @device: the function
 */
void device_json(const struct request *request, const struct device *device)
{
	const struct verdict_words *words = verdict_words(device->verdict);

	json_string("address", device->bdf);
	number_json("vendor", device, 4, device->vendor);
	number_json("device", device, 4, device->id);
	number_json("class", device, 6, device->class);
	json_string("name", *device->name ? device->name : NULL);
	json_string("driver", *device->driver ? device->driver : NULL);
	json_string("driver_override", *device->override ? device->override : NULL);
	if (device->group >= 0)
		json_number("group", device->group);
	else
		json_string("group", NULL);
	iommu_json(device);
	json_tristate("bridge", device->seen.bridge);
	json_tristate("pcie", device->seen.pcie);
	json_tristate("vf", device->vf);
	json_string("pf", *device->pf ? device->pf : NULL);
	json_tristate("govern_pf", device->facts.govern_pf);
	json_tristate("no_snoop", device->facts.bit);
	json_tristate("bus_master", device->seen.master);
	json_tristate("open", request->machine.dump ? NOT_KNOWN : device->open);
	json_string("denied", device_denial_words(device->denial));
	json_tristate("errata", !device->has_ids ? NOT_KNOWN :
		      device->knows.errata ? KNOWN_YES : KNOWN_NO);
	json_string("back_door", device->knows.back_door);
	json_string("verdict", words->code);
	json_string("severity", verdict_severity(words->status));
	json_number("exit_status", words->status);
	json_string("words", words->sentence);
}
