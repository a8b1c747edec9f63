// SPDX-License-Identifier: GPL-2.0-only
/* vfio-nosnoop status: all there is to say of a function, in sentences */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <pci/header.h>

#include "attribute.h"
#include "commands.h"
#include "json.h"
#include "kernel.h"
#include "message.h"

#define INDENT	4

/* Of one function, looked up once */
struct outlook {
	const struct device *device;
	const struct device *pf;
	struct facts facts;
	enum denial denial;
	enum verdict verdict;
	enum know module;		/* installed */
	char release[TREE_WORD];
	enum know kvm;			/* a driver can vouch for its device */
	int hosts;			/* others in the group, with a host driver */
	int strangers;			/* with another of VFIO's drivers */
	char next[TREE_PATH];		/* the command to run, "" for none */
};

__printf(1, 2)
static void paragraph(const char *format, ...)
{
	char *text;
	va_list ap;

	va_start(ap, format);
	if (vasprintf(&text, format, ap) < 0)
		exit(EXIT_FAILED);
	va_end(ap);
	print_wrapped(INDENT, text);
	free(text);
}

static bool same_group(const struct device *a, const struct device *b)
{
	return a->group >= 0 && a->group == b->group;
}

static void look_at_group(const struct request *request, struct outlook *outlook)
{
	const struct device *other = request->machine.devices;
	int i;

	for (i = 0; i < request->machine.count; i++, other++) {
		if (other == outlook->device || !same_group(other, outlook->device) ||
		    !device_is_endpoint(other))
			continue;
		if (device_is_hosts(other))
			outlook->hosts++;
		else if (other->vfio && !device_is_ours(other))
			outlook->strangers++;
	}
}

__printf(2, 3)
static void next_is(struct outlook *outlook, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(outlook->next, sizeof(outlook->next), format, ap);
	va_end(ap);
}

static void next_is_bind(struct outlook *outlook)
{
	if (outlook->module == KNOWN_NO && !kernel_has_driver())
		next_is(outlook, "sudo apt install ./vfio-pci-nosnoop-dkms_*.deb");
	else
		next_is(outlook, "sudo vfio-nosnoop bind %s%s",
			outlook->hosts || outlook->strangers ? "--group " : "",
			outlook->device->bdf);
}

static void choose_next(const struct request *request, struct outlook *outlook)
{
	const struct device *device = outlook->device;

	if (request->dump)
		return;
	switch (outlook->verdict) {
	case VERDICT_UNKNOWN:
	case VERDICT_HELD_UNSEEN:
		if (geteuid())
			next_is(outlook, "sudo vfio-nosnoop status %s", device->bdf);
		break;
	case VERDICT_WILL_HOLD:
	case VERDICT_BACK_DOOR:
		if (outlook->hosts)
			next_is(outlook, "sudo vfio-nosnoop bind --group %s", device->bdf);
		else if (outlook->verdict == VERDICT_WILL_HOLD)
			next_is(outlook, "sudo vfio-nosnoop status %s   # while it is in use",
				device->bdf);
		break;
	case VERDICT_CAN:
	case VERDICT_OFF_NOW:
	case VERDICT_VF_OFF_NOW:
		next_is_bind(outlook);
		break;
	case VERDICT_VF_CAN:
	case VERDICT_PF_IN_THE_WAY:
		next_is(outlook, "sudo setpci -s %s CAP_EXP+8.w=0:800", device->pf);
		break;
	case VERDICT_BROKEN:
		next_is(outlook, "sudo dmesg | grep %s", device->bdf);
		break;
	case VERDICT_NOT_ISOLATED:
		next_is(outlook, "sudo dmesg | grep -iE 'DMAR|AMD-Vi|iommu'");
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
		.pf = machine_pf(&request->machine, device),
		.facts = device_facts(&request->machine, device),
		.denial = device_denial(&request->machine, device),
		.module = NOT_KNOWN,
		.kvm = NOT_KNOWN,
	};

	outlook.verdict = verdict_of(&outlook.facts);
	if (!request->dump) {
		outlook.module = kernel_has_module(outlook.release,
						   sizeof(outlook.release));
		outlook.kvm = kernel_tells_kvm();
		look_at_group(request, &outlook);
	}
	choose_next(request, &outlook);
	return outlook;
}

static void print_what(const struct outlook *outlook)
{
	const struct device *device = outlook->device;
	const char *kind = device->bridge ? "A bridge" :
			   device->vf ? "A virtual function (VF)" :
			   device->rciep ? "A function in the root complex" : "A function";

	printf("%s  %s [%04x:%04x]\n", device->bdf, device->name, device->vendor,
	       device->id);
	if (device->vf)
		paragraph("%s of %s, class %s.", kind, device->pf, device->class_name);
	else
		paragraph("%s of class %s.", kind, device->class_name);
}

static void print_driver(const struct outlook *outlook)
{
	const struct device *device = outlook->device;

	if (!*device->driver)
		paragraph("No driver is bound to it.");
	else if (!device->vfio)
		paragraph("It is bound to %s, a driver of the host's.", device->driver);
	else
		paragraph("It is bound to %s%s.", device->driver,
			  device->open == KNOWN_YES ? " and open" :
			  device->open == KNOWN_NO ? " and not open" :
			  "; whether it is open only root can see");
	if (*device->override)
		paragraph("Its driver_override is %s until the next boot%s.", device->override,
			  *device->saved ? ", and after it" : "");
	if (*device->saved)
		paragraph("driverctl gives it to %s at each boot.", device->saved);
	else if (*device->override && device_is_ours(device))
		paragraph("To keep it so over boots: vfio-nosnoop bind --persist.");
}

static void print_group(const struct request *request, const struct outlook *outlook)
{
	const struct device *device = outlook->device, *other;
	int i, others = 0;

	if (device->group < 0)
		return;
	for (i = 0; i < request->machine.count; i++) {
		other = &request->machine.devices[i];
		if (other != device && same_group(other, device))
			others++;
	}
	if (!others) {
		paragraph("It is alone in IOMMU group %d.", device->group);
		return;
	}

	paragraph("In IOMMU group %d there %s also:", device->group,
		  others == 1 ? "is" : "are");
	for (i = 0; i < request->machine.count; i++) {
		other = &request->machine.devices[i];
		if (other == device || !same_group(other, device))
			continue;
		printf("%*s%s  %s%s, %s\n", INDENT + 2, "", other->bdf,
		       *other->driver ? other->driver : "no driver",
		       other->bridge ? " (bridge)" : "", other->name);
	}
	if (outlook->hosts)
		paragraph("A group is given to a user as a whole: VFIO does not do that while one of it is bound to a driver of the host's. --group binds all of them.");
	if (outlook->strangers)
		paragraph("KVM is told of a group that its DMA is coherent only if that is so for each device in it. One that is bound to another of VFIO's drivers spoils it.");
}

static void print_iommu(const struct outlook *outlook)
{
	const struct iommu *iommu = &outlook->device->iommu;

	switch (iommu->kind) {
	case IOMMU_UNSEEN:
		paragraph("A dump does not tell of the IOMMU.");
		return;
	case IOMMU_NONE:
		paragraph("It has no IOMMU, so nothing isolates it: turn the IOMMU on in the firmware and, on Intel's machines, with intel_iommu=on on the kernel's command line.");
		return;
	case IOMMU_VTD:
		if (iommu->has_ecap)
			paragraph("Its IOMMU is %s, VT-d, which %s snooping: Snoop Control, bit 7 of ecap %llx, is %d.",
				  iommu->name,
				  iommu->enforces == KNOWN_YES ? "enforces" : "cannot enforce",
				  iommu->ecap, iommu->enforces == KNOWN_YES);
		else
			paragraph("Its IOMMU is %s, VT-d, of which ecap could not be read, so whether it enforces snooping is not known.",
				  iommu->name);
		return;
	case IOMMU_AMD:
		paragraph("Its IOMMU is %s, AMD's, which always enforces snooping.", iommu->name);
		return;
	case IOMMU_SMMU3:
		paragraph("Its IOMMU is %s, an Arm SMMUv3, which enforces snooping if it has CANWBS. The kernel does not show that to userspace, so it is not known.",
			  iommu->name);
		return;
	case IOMMU_VIRTIO:
		paragraph("Its IOMMU is %s, a virtio-iommu, behind which is the IOMMU of another host. Whether that enforces snooping is not known here, and nothing can ask it to.",
			  iommu->name);
		return;
	default:
		if (*iommu->name)
			paragraph("Its IOMMU is %s, of a kind of which it is not known whether it enforces snooping.",
				  iommu->name);
		else
			paragraph("The kernel does not name its IOMMU, so whether that enforces snooping is not known.");
	}
}

static void print_bit(const struct outlook *outlook)
{
	const struct device *device = outlook->device;
	static const char * const are[] = { "0", "1", "not known" };

	if (device->vf) {
		paragraph("Enable No Snoop is that of its PF %s, which is %s%s%s.", device->pf,
			  are[outlook->facts.bit],
			  outlook->pf && *outlook->pf->driver ? "; the PF is bound to " : "",
			  outlook->pf ? outlook->pf->driver : "");
		return;
	}
	if (device->pcie == KNOWN_NO) {
		paragraph("It has no PCI Express capability, and so no Enable No Snoop.");
		return;
	}
	if (!device->answers)
		return;
	if (device->bit == NOT_KNOWN)
		paragraph("Enable No Snoop could not be read: it is behind the first 64 bytes of config space, of which others than root see no more.");
	else
		paragraph("Enable No Snoop is %s in hardware, bus mastering is %s.",
			  are[device->bit],
			  device->master == KNOWN_YES ? "on" : "off");
}

static void print_errata(const struct outlook *outlook)
{
	if (outlook->device->knows.errata)
		paragraph("It has known errata by which an untrusted guest may harm the host, so that it is in vfio-pci's own denylist.");
}

static void print_kvm(const struct outlook *outlook)
{
	const struct device *device = outlook->device;

	if (device->bridge || device->iommu.kind == IOMMU_NONE)
		return;
	if (device->iommu.enforces == KNOWN_YES)
		paragraph("KVM knows that from the IOMMU.");
	else if (outlook->denial != NOT_DENIED || device->knows.errata)
		return;
	else if (device->knows.back_door)
		paragraph("KVM is not told, for the driver does not vouch for a function when a guest can get around it.");
	else if (outlook->kvm == NOT_KNOWN)
		paragraph("Whether this kernel can tell KVM is not known: there is no BTF of VFIO to look at, %s. A distribution's kernel does not: there the driver brings safety, not speed.",
			  tree_has("/sys/module/vfio") ? "with which the kernel was not built" :
			  "as VFIO is not loaded");
	else if (outlook->kvm == KNOWN_NO)
		paragraph("KVM is not told: this kernel's VFIO asks the IOMMU only. With the driver bound, the function is safe, but KVM handles it as one that may be non-coherent, which is slower.");
	else if (device->vf)
		paragraph("KVM is not told, for the driver does not vouch for a VF, whose bit is its PF's.");
	else if (device->rciep)
		paragraph("KVM is not told, for the driver does not vouch for functions in the root complex.");
	else if (device->class >> 16 == PCI_BASE_CLASS_BRIDGE)
		paragraph("KVM is not told, for the driver does not vouch for a function of a bridge's class, which may forward the requests of others.");
	else
		paragraph("This kernel's VFIO lets the driver vouch for the function, and KVM is told if all of its group are bound to vfio-pci-nosnoop before the virtual machine starts.");
}

static void print_module(const struct outlook *outlook)
{
	if (kernel_has_driver())
		paragraph("The driver vfio-pci-nosnoop is loaded.");
	else if (outlook->module == KNOWN_YES)
		paragraph("The module vfio-pci-nosnoop is installed, and not loaded.");
	else if (outlook->module == KNOWN_NO)
		paragraph("The module vfio-pci-nosnoop is not installed for Linux %s.",
			  outlook->release);
}

/* Where it would matter to a guest */
static void print_back_door(const struct outlook *outlook)
{
	const char *back_door = outlook->device->knows.back_door;

	switch (outlook->verdict) {
	case VERDICT_GONE:
	case VERDICT_IOMMU:
	case VERDICT_NOT_ISOLATED:
	case VERDICT_IGD:
	case VERDICT_NO_BIT:
		return;
	default:
		break;
	}
	if (!back_door)
		return;
	if (!outlook->facts.bound && outlook->denial == NOT_DENIED)
		paragraph("Even with vfio-pci-nosnoop a guest can turn No Snoop on, for the driver holds it off against writes of config space only.");
	paragraph("The way around the driver: %s.", back_door);
}

static void print_next(const struct outlook *outlook)
{
	if (*outlook->next) {
		printf("%*sNext: %s\n", INDENT, "", outlook->next);
		return;
	}
	switch (outlook->verdict) {
	case VERDICT_NO_BIT:
	case VERDICT_IGD:
		paragraph("Next: give it to a virtual machine with vfio-pci, as ever.");
		break;
	case VERDICT_BACK_DOOR:
		paragraph("Next: give it to trusted guests only. With the module's parameter strict=1 the driver refuses such functions.");
		break;
	case VERDICT_DENIED:
		if (outlook->denial == DENIED_STRICT)
			paragraph("Next: leave it to the host. For trusted guests, load the module without strict=1.");
		else
			paragraph("Next: leave it to the host, for vfio-pci refuses it, too. For trusted guests, load the module with disable_denylist=1.");
		break;
	default:
		if (verdict_words(outlook->verdict)->status == STATUS_COHERENT)
			paragraph("Next: nothing to do.");
	}
}

static void print_verdict(const struct outlook *outlook)
{
	const struct verdict_words *words = verdict_words(outlook->verdict);
	bool warns = words->status == STATUS_CAN || words->status == STATUS_AROUND;

	paragraph("Verdict: %s. %s", words->brief, words->sentence);
	if (outlook->verdict == VERDICT_DENIED)
		paragraph("The driver's reason: %s.", device_denial_words(outlook->denial));
	print_back_door(outlook);
	if (warns && outlook->device->iommu.enforces == NOT_KNOWN &&
	    outlook->verdict != VERDICT_BROKEN)
		paragraph("All that unless the IOMMU enforces snooping, which is not known.");
	print_next(outlook);
}

static void print_group_json(const struct request *request, const struct device *device)
{
	const struct device *other = request->machine.devices;
	int i;

	json_open("group_members", '[');
	for (i = 0; i < request->machine.count; i++, other++) {
		if (!same_group(other, device))
			continue;
		json_open(NULL, '{');
		json_string("address", other->bdf);
		json_string("driver", *other->driver ? other->driver : NULL);
		json_know("bridge", other->bridge ? KNOWN_YES : KNOWN_NO);
		json_know("hosts", device_is_hosts(other) ? KNOWN_YES : KNOWN_NO);
		json_close('}');
	}
	json_close(']');
}

static void print_json(const struct request *request, const struct outlook *outlook)
{
	json_open(NULL, '{');
	print_device_json(request, outlook->device);
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

static void print_text(const struct request *request, const struct outlook *outlook)
{
	print_what(outlook);
	if (!request->dump) {
		print_driver(outlook);
		print_group(request, outlook);
	}
	print_iommu(outlook);
	print_bit(outlook);
	print_errata(outlook);
	if (!request->dump) {
		print_kvm(outlook);
		print_module(outlook);
	}
	print_verdict(outlook);
}

static bool is_worse(enum verdict_status a, enum verdict_status b)
{
	return a != STATUS_COHERENT && (b == STATUS_COHERENT || a < b);
}

/**
 * command_status() - Explain functions
 * @request: what was asked
 *
 * Return: the exit status, that of the worst verdict.
 */
int command_status(struct request *request)
{
	enum verdict_status status = STATUS_COHERENT;
	int i;

	if (request->json) {
		print_document_head(request);
		json_open("devices", '[');
	}
	for (i = 0; i < request->nr_targets; i++) {
		const struct outlook outlook = look_at(request, request->targets[i]);
		enum verdict_status one = verdict_words(outlook.verdict)->status;

		if (is_worse(one, status))
			status = one;
		if (request->json) {
			print_json(request, &outlook);
			continue;
		}
		if (i)
			putchar('\n');
		print_text(request, &outlook);
	}
	if (request->json) {
		json_close(']');
		json_close('}');
	}
	return status;
}
