// SPDX-License-Identifier: GPL-2.0-only
/* What status says of a function, in sentences */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pci/header.h>

#include "attribute.h"
#include "kernel.h"
#include "message.h"
#include "outlook.h"

#define INDENT	4

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

static void print_what(const struct outlook *outlook)
{
	const struct device *device = outlook->device;
	const char *kind = device->seen.bridge ? "A bridge" :
			   device->vf ? "A virtual function (VF)" :
			   device->seen.rciep ? "A function in the root complex" : "A function";

	printf("%s  %s", device->bdf, *device->name ? device->name : "without a name");
	if (device->has_ids)
		printf(" [%04x:%04x]", device->vendor, device->id);
	putchar('\n');
	if (device->vf)
		paragraph("%s of %s%s%s.", kind,
			  *device->pf ? device->pf : "a PF that is not known",
			  *device->class_name ? ", class " : "", device->class_name);
	else if (*device->class_name)
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
		if (other != device && device_same_group(other, device))
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
		if (other == device || !device_same_group(other, device))
			continue;
		printf("%*s%s  %s%s, %s\n", INDENT + 2, "", other->bdf,
		       *other->driver ? other->driver : "no driver",
		       other->seen.bridge ? " (bridge)" : "", other->name);
	}
	if (outlook->hosts)
		paragraph("A group is given to a user as a whole: VFIO does not do that while one of it is bound to a driver of the host's. --group binds all of them.");
	if (outlook->strangers)
		paragraph("KVM is told of a group that its DMA is coherent only if that is so for each device in it. One that is bound to another of VFIO's drivers spoils it.");
}

static void print_iommu(const struct request *request, const struct outlook *outlook)
{
	const struct iommu *iommu = &outlook->device->iommu;

	switch (iommu->kind) {
	case IOMMU_UNSEEN:
		paragraph("A dump does not tell of the IOMMU.");
		return;
	case IOMMU_NONE:
		if (request->machine.host.virtual == KNOWN_YES)
			paragraph("It has no IOMMU, so nothing isolates it. This is a virtual machine, which has one only if its host gives it one: with QEMU by -device intel-iommu,intremap=on,caching-mode=on before all other devices, on the machine q35 with kernel-irqchip=split, and intel_iommu=on on the command line of the kernel in here; or by -device virtio-iommu-pci.");
		else
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
		paragraph("Its IOMMU is %s%san Arm SMMUv3, which enforces snooping if the root complex has CANWBS. %s%s",
			  iommu->name, *iommu->name ? ", " : "", iort_words(iommu->canwbs),
			  iommu->canwbs == CANWBS_SET && iommu->old_kernel ?
			  " But Linux uses it since 6.13, and whether this one does is not known." :
			  iommu->canwbs == CANWBS_SET ? " Linux uses it since 6.13." : "");
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

/* Config space and the IOMMU are what the hypervisor makes of them. */
static void print_host(const struct request *request, const struct outlook *outlook)
{
	const struct host *host = &request->machine.host;
	const struct device *device = outlook->device;

	if (host->virtual != KNOWN_YES || device->seen.bridge)
		return;
	paragraph("This is a virtual machine%s%s: config space as it reads here may be the hypervisor's, so that in hardware the bit may have another value. Whether the device is coherent in here is for vfio-nosnoop to tell on the host.",
		  *host->hypervisor ? " of " : "", host->hypervisor);
	if (device->iommu.enforces == KNOWN_YES)
		paragraph("The IOMMU is the hypervisor's, too: that it enforces snooping is what the hypervisor says of it.");
}

/* The function's config space is there, and the capability or its register is not. */
static void print_unseen_bit(const struct outlook *outlook, bool dump)
{
	const struct device *device = outlook->device;

	if (device->seen.hidden)
		paragraph("Its list of capabilities has none of PCI Express, but the bytes at %02x look like one that is left out of the list, as chipsets have them. Whether there is an Enable No Snoop is not known.",
			  device->seen.hidden);
	else if (device->seen.pcie == KNOWN_NO)
		paragraph("Its list of capabilities has none of PCI Express, and so no Enable No Snoop.");
	else if (device->seen.limited && dump)
		paragraph("Enable No Snoop is not in the dump: make it with 'lspci -xxx', as root.");
	else if (device->seen.limited)
		paragraph("Enable No Snoop could not be read: it is behind the first 64 bytes of config space, of which others than root see no more.");
	else
		paragraph("Enable No Snoop could not be read: the list of capabilities is broken.");
}

static void print_bit(const struct request *request, const struct outlook *outlook)
{
	const struct device *device = outlook->device;
	static const char * const are[] = { "0", "1", "not known" };
	static const char * const master[] = { "off", "on", "not known" };

	if (device->vf) {
		paragraph("Enable No Snoop is that of its PF%s%s, which is %s%s%s.",
			  *device->pf ? " " : "", device->pf, are[device->facts.bit],
			  device->pf_device && *device->pf_device->driver ?
			  "; the PF is bound to " : "",
			  device->pf_device ? device->pf_device->driver : "");
		return;
	}
	if (!device->seen.answers)
		return;
	if (device->seen.bit == NOT_KNOWN)
		print_unseen_bit(outlook, request->dump);
	else
		paragraph("Enable No Snoop is %s%s, bus mastering is %s.",
			  are[device->seen.bit],
			  request->dump ? " in the dump" :
			  request->machine.host.virtual == KNOWN_YES ? "" : " in hardware",
			  master[device->seen.master]);
}

static void print_errata(const struct outlook *outlook)
{
	if (outlook->device->knows.errata)
		paragraph("It has known errata by which an untrusted guest may harm the host, so that it is in vfio-pci's own denylist.");
}

static void print_kvm(const struct outlook *outlook)
{
	const struct device *device = outlook->device;

	if (device->seen.bridge || device->iommu.kind == IOMMU_NONE)
		return;
	if (device->iommu.enforces == KNOWN_YES)
		paragraph("KVM knows that from the IOMMU.");
	else if (outlook->device->denial != NOT_DENIED || device->knows.errata)
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
	else if (device->seen.rciep)
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

	switch (outlook->device->verdict) {
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
	if (!outlook->device->facts.bound && outlook->device->denial == NOT_DENIED)
		paragraph("Even with vfio-pci-nosnoop a guest can turn No Snoop on, for the driver holds it off against writes of config space only.");
	paragraph("The way around the driver: %s.", back_door);
}

static void print_next(const struct request *request, const struct outlook *outlook)
{
	if (*outlook->next) {
		printf("%*sNext: %s\n", INDENT, "", outlook->next);
		return;
	}
	switch (outlook->device->verdict) {
	case VERDICT_VF_CAN:
	case VERDICT_PF_IN_THE_WAY:
		if (*request->machine.host.lockdown)
			paragraph("Next: nothing that root may do from here clears the PF's bit, for the kernel is locked down (%s), so that setpci cannot write config space. Have the PF's driver clear it, or boot without lockdown, which Secure Boot turns on.",
				  request->machine.host.lockdown);
		break;
	case VERDICT_NO_BIT:
	case VERDICT_IGD:
		paragraph("Next: this driver is of no use to it. With vfio-pci a virtual machine gets it as one that may be non-coherent.");
		break;
	case VERDICT_BACK_DOOR:
		paragraph("Next: give it to trusted guests only. With the module's parameter strict=1 the driver refuses such functions.");
		break;
	case VERDICT_DENIED:
		if (outlook->device->denial == DENIED_STRICT)
			paragraph("Next: leave it to the host. For trusted guests, load the module without strict=1.");
		else
			paragraph("Next: leave it to the host, for vfio-pci refuses it, too. For trusted guests, load the module with disable_denylist=1.");
		break;
	default:
		if (verdict_words(outlook->device->verdict)->status == STATUS_COHERENT)
			paragraph("Next: nothing to do.");
	}
}

static void print_verdict(const struct request *request, const struct outlook *outlook)
{
	const struct verdict_words *words = verdict_words(outlook->device->verdict);
	bool warns = words->status == STATUS_CAN || words->status == STATUS_AROUND;

	paragraph("Verdict: %s. %s", words->brief, words->sentence);
	if (outlook->device->verdict == VERDICT_DENIED)
		paragraph("The driver's reason: %s.", device_denial_words(outlook->device->denial));
	print_back_door(outlook);
	if (warns && outlook->device->iommu.enforces == NOT_KNOWN &&
	    outlook->device->verdict != VERDICT_BROKEN)
		paragraph("All that unless the IOMMU enforces snooping, which is not known.");
	print_next(request, outlook);
}

/**
 * outlook_explain() - Say all of a function in sentences
 * @request: what was asked
 * @outlook: the function
 */
void outlook_explain(const struct request *request, const struct outlook *outlook)
{
	print_what(outlook);
	if (!request->dump) {
		print_driver(outlook);
		print_group(request, outlook);
	}
	print_iommu(request, outlook);
	print_host(request, outlook);
	print_bit(request, outlook);
	print_errata(outlook);
	if (!request->dump) {
		print_kvm(outlook);
		print_module(outlook);
	}
	print_verdict(request, outlook);
}
