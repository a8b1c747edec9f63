// SPDX-License-Identifier: GPL-2.0-only
/* vfio-nosnoop status: all there is to say of a function, in sentences */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "device_json.h"
#include "json.h"
#include "kernel.h"
#include "message.h"
#include "outlook.h"
#include "paste.h"

static void look_at_group(const struct request *request, struct outlook *outlook)
{
	const struct device *other = request->machine.devices;
	int i;

	for (i = 0; i < request->machine.count; i++, other++) {
		if (other == outlook->device || !device_same_group(other, outlook->device) ||
		    other->seen.bridge)
			continue;
		if (device_is_hosts(other))
			outlook->hosts++;
		else if (other->vfio && !device_is_ours(other))
			outlook->strangers++;
	}
}

/* A command that only root may run, without what root does not need */
__printf(2, 3)
static void next_is(struct outlook *outlook, const char *format, ...)
{
	int length = snprintf(outlook->next, sizeof(outlook->next), "%s",
			      geteuid() ? "sudo " : "");
	va_list ap;

	va_start(ap, format);
	vsnprintf(outlook->next + length, sizeof(outlook->next) - length, format, ap);
	va_end(ap);
}

static void next_is_bind(struct outlook *outlook)
{
	if (outlook->module == KNOWN_NO && !kernel_has_driver())
		next_is(outlook, "apt install ./vfio-pci-nosnoop-dkms_*.deb");
	else
		next_is(outlook, "vfio-nosnoop bind %s%s",
			outlook->hosts || outlook->strangers ? "--group " : "",
			outlook->device->bdf);
}

static void choose_next(const struct request *request, struct outlook *outlook)
{
	const struct device *device = outlook->device;

	if (request->dump)
		return;
	switch (outlook->device->verdict) {
	case VERDICT_UNKNOWN:
	case VERDICT_HELD_UNSEEN:
		if (geteuid())
			next_is(outlook, "vfio-nosnoop status %s", device->bdf);
		break;
	case VERDICT_WILL_HOLD:
	case VERDICT_BACK_DOOR:
		if (outlook->hosts)
			next_is(outlook, "vfio-nosnoop bind --group %s", device->bdf);
		else if (outlook->device->verdict == VERDICT_WILL_HOLD)
			next_is(outlook, "vfio-nosnoop status %s   # while it is in use",
				device->bdf);
		break;
	case VERDICT_CAN:
	case VERDICT_OFF_NOW:
	case VERDICT_VF_OFF_NOW:
		next_is_bind(outlook);
		break;
	case VERDICT_VF_CAN:
	case VERDICT_PF_IN_THE_WAY:
		/* A kernel that is locked down refuses it. */
		if (!*request->machine.host.lockdown)
			next_is(outlook, "setpci -s %s CAP_EXP+8.w=0:800", device->pf);
		break;
	case VERDICT_BROKEN:
		next_is(outlook, "dmesg | grep %s", device->bdf);
		break;
	case VERDICT_NOT_ISOLATED:
		next_is(outlook, "dmesg | grep -iE 'DMAR|AMD-Vi|iommu'");
		break;
	case VERDICT_GONE:
		next_is(outlook, "lspci -s %s", device->bdf);
		break;
	default:
		break;
	}
}

static struct outlook look_at(const struct request *request,
			      const struct device *device)
{
	struct outlook outlook = {
		.device = device,
		.module = NOT_KNOWN,
		.kvm = NOT_KNOWN,
	};

	if (!request->dump) {
		outlook.module = kernel_has_module(outlook.release,
						   sizeof(outlook.release));
		outlook.kvm = kernel_tells_kvm();
		look_at_group(request, &outlook);
	}
	choose_next(request, &outlook);
	return outlook;
}

static void print_group_json(const struct request *request, const struct device *device)
{
	const struct device *other = request->machine.devices;
	int i;

	json_open("group_members", '[');
	for (i = 0; i < request->machine.count; i++, other++) {
		if (!device_same_group(other, device))
			continue;
		json_open(NULL, '{');
		json_string("address", other->bdf);
		json_string("driver", *other->driver ? other->driver : NULL);
		json_know("bridge", other->seen.bridge ? KNOWN_YES : KNOWN_NO);
		json_know("hosts", device_is_hosts(other) ? KNOWN_YES : KNOWN_NO);
		json_close('}');
	}
	json_close(']');
}

static void print_json(const struct request *request, const struct outlook *outlook)
{
	json_open(NULL, '{');
	device_json(request, outlook->device);
	print_group_json(request, outlook->device);
	json_string("persistent_driver",
		    *outlook->device->saved ? outlook->device->saved : NULL);
	json_know("module_installed", outlook->module);
	json_know("module_loaded", request->dump ? NOT_KNOWN :
		  kernel_has_driver() ? KNOWN_YES : KNOWN_NO);
	json_know("driver_can_tell_kvm", outlook->kvm);
	json_string("next", *outlook->next ? outlook->next : NULL);
	json_close('}');
}

static int paste_all(const struct request *request)
{
	int i;

	for (i = 0; i < request->nr_targets; i++)
		paste_print(request, request->targets[i]);
	return complaints() ? EXIT_FAILED : 0;
}

/**
 * command_status() - Explain functions
 * @request: what was asked
 *
 * Return: the exit status, that of the worst verdict, or that of a failure if one of
 * those that were named is not there.
 */
int command_status(struct request *request)
{
	enum verdict_status status = STATUS_COHERENT;
	int i;

	if (request->paste_for)
		return paste_all(request);
	/* Of none it cannot be said that all is well. */
	if (!request->nr_targets && !complaints())
		complain("there is no such function");
	if (request->json) {
		message_document_begin(request->command);
		host_json(request);
		json_open("devices", '[');
	}
	for (i = 0; i < request->nr_targets; i++) {
		const struct outlook outlook = look_at(request, request->targets[i]);
		enum verdict_status one =
			verdict_words(request->targets[i]->verdict)->status;

		if (verdict_is_worse(one, status))
			status = one;
		if (request->json) {
			print_json(request, &outlook);
			continue;
		}
		if (i)
			putchar('\n');
		outlook_explain(request, &outlook);
	}
	if (request->json) {
		json_close(']');
		json_string("severity", verdict_severity(status));
		complaints_json("errors");
		json_close('}');
	}
	return complaints() ? EXIT_FAILED : status;
}
