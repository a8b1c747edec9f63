// SPDX-License-Identifier: GPL-2.0-only
/* vfio-nosnoop status: everything about a function, in sentences */

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
#include "explain.h"
#include "paste.h"

#define CLASS_IOMMU	0x0806

/*
 * AMD's IOMMUs have a class of their own. A virtio-iommu is recognized by the functions
 * behind it, whose IOMMU has its address as its name.
 */
static bool is_iommu(const struct request *request, const struct device *device)
{
	const struct device *other = request->machine.devices;
	int i;

	if (device->has_ids && device->class >> 8 == CLASS_IOMMU)
		return true;
	for (i = 0; i < request->machine.count; i++, other++)
		if (!strcmp(other->iommu.name, device->bdf))
			return true;
	return false;
}

static void look_at_group(const struct request *request, struct context *context)
{
	const struct device *other = request->machine.devices;
	int i;

	for (i = 0; i < request->machine.count; i++, other++) {
		if (other == context->device || !device_same_group(other, context->device) ||
		    other->seen.bridge)
			continue;
		if (device_is_hosts(other))
			context->hosts++;
		else if (other->vfio && !device_is_ours(other))
			context->strangers++;
	}
}

/* Sets the next command, which only root may run. Only other users see "sudo". */
__printf(2, 3)
static void next_is(struct context *context, const char *format, ...)
{
	int length = snprintf(context->next, sizeof(context->next), "%s",
			      geteuid() ? "sudo " : "");
	va_list ap;

	va_start(ap, format);
	vsnprintf(context->next + length, sizeof(context->next) - length, format, ap);
	va_end(ap);
}

static void next_is_bind(struct context *context)
{
	if (context->module == KNOWN_NO && !kernel_has_driver())
		next_is(context, "apt install ./vfio-pci-nosnoop-dkms_*.deb");
	else
		next_is(context, "vfio-nosnoop bind %s%s%s",
			context->device->ungoverned ? "--govern-pf " : "",
			context->hosts || context->strangers ? "--group " : "",
			context->device->bdf);
}

static void choose_next(const struct request *request, struct context *context)
{
	const struct device *device = context->device;

	if (request->dump)
		return;
	switch (context->device->verdict) {
	case VERDICT_UNKNOWN:
	case VERDICT_HELD_UNSEEN:
		if (geteuid())
			next_is(context, "vfio-nosnoop status %s", device->bdf);
		break;
	case VERDICT_WILL_HOLD:
	case VERDICT_VF_WILL_HOLD:
	case VERDICT_BACK_DOOR:
		if (context->hosts)
			next_is(context, "vfio-nosnoop bind --group %s", device->bdf);
		else if (device->verdict != VERDICT_BACK_DOOR)
			next_is(context, "vfio-nosnoop status %s   # while it is in use",
				device->bdf);
		break;
	case VERDICT_CAN:
	case VERDICT_OFF_NOW:
	case VERDICT_VF_OFF_NOW:
	case VERDICT_VF_MAY_HOLD:
		next_is_bind(context);
		break;
	case VERDICT_VF_CAN:
	case VERDICT_PF_IN_THE_WAY:
		if (!request->machine.parameters.lacks_govern_pf)
			next_is_bind(context);
		/* A kernel that is locked down refuses setpci. */
		else if (!*request->machine.host.lockdown)
			next_is(context, "setpci -s %s CAP_EXP+8.w=0:800", device->pf);
		break;
	case VERDICT_BROKEN:
		next_is(context, "dmesg | grep %s", device->bdf);
		break;
	case VERDICT_NOT_ISOLATED:
		if (!context->is_iommu)
			next_is(context, "dmesg | grep -iE 'DMAR|AMD-Vi|iommu'");
		break;
	case VERDICT_GONE:
		next_is(context, "lspci -s %s", device->bdf);
		break;
	default:
		break;
	}
}

static struct context look_at(const struct request *request,
			      const struct device *device)
{
	struct context context = {
		.device = device,
		.module = NOT_KNOWN,
		.kvm = NOT_KNOWN,
	};

	if (!request->dump) {
		context.is_iommu = is_iommu(request, device);
		context.module = kernel_has_module(context.release,
						   sizeof(context.release));
		context.kvm = kernel_tells_kvm();
		context.kvm_asks = kernel_kvm_asks(context.arch);
		look_at_group(request, &context);
	}
	choose_next(request, &context);
	return context;
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
		json_tristate("bridge", other->seen.bridge);
		json_tristate("hosts", device_is_hosts(other));
		json_close('}');
	}
	json_close(']');
}

static void print_json(const struct request *request, const struct context *context)
{
	json_open(NULL, '{');
	device_json(request, context->device);
	print_group_json(request, context->device);
	json_string("persistent_driver",
		    *context->device->saved ? context->device->saved : NULL);
	json_tristate("module_installed", context->module);
	json_tristate("module_loaded", request->dump ? NOT_KNOWN :
		      kernel_has_driver() ? KNOWN_YES : KNOWN_NO);
	json_tristate("driver_can_tell_kvm", context->kvm);
	json_string("next", *context->next ? context->next : NULL);
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
 * Return: the exit status: that of the worst verdict, or a failure if a function that
 * was named is not there.
 */
int command_status(struct request *request)
{
	enum verdict_status status = STATUS_COHERENT;
	int i;

	if (request->paste_for)
		return paste_all(request);
	/* No functions at all must not look as if all were well. */
	if (!request->nr_targets && !complaints())
		complain("there is no such function");
	if (request->json) {
		message_document_begin(request->command);
		host_json(request);
		json_open("devices", '[');
	}
	for (i = 0; i < request->nr_targets; i++) {
		const struct context context = look_at(request, request->targets[i]);
		enum verdict_status one =
			verdict_words(request->targets[i]->verdict)->status;

		if (verdict_is_worse(one, status))
			status = one;
		if (request->json) {
			print_json(request, &context);
			continue;
		}
		if (i)
			putchar('\n');
		explain(request, &context);
	}
	if (request->json) {
		json_close(']');
		json_string("severity", verdict_severity(status));
		complaints_json("errors");
		json_close('}');
	}
	return complaints() ? EXIT_FAILED : status;
}
