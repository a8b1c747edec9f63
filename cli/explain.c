// SPDX-License-Identifier: GPL-2.0-only
/* What status says about a function, in sentences */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attribute.h"
#include "kernel.h"
#include "message.h"
#include "explain.h"

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

static void print_what(const struct context *context)
{
	const struct device *device = context->device;
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

static void print_driver(const struct context *context)
{
	const struct device *device = context->device;

	if (!*device->driver)
		paragraph("No driver is bound to it.");
	else if (!device->vfio)
		paragraph("It is bound to %s, a driver of the host's.", device->driver);
	else
		paragraph("It is bound to %s%s.", device->driver,
			  device->open == KNOWN_YES ? " and open" :
			  device->open == KNOWN_NO ? " and not open" :
			  "; only root can see whether it is open");
	if (*device->override)
		paragraph("Its driver_override is %s until the next boot%s.", device->override,
			  *device->saved ? ", and after it" : "");
	if (*device->saved)
		paragraph("driverctl gives it to %s at each boot.", device->saved);
	else if (*device->override && device_is_ours(device))
		paragraph("To keep it so after the next boot: vfio-nosnoop bind --persist.");
}

static void print_group(const struct request *request, const struct context *context)
{
	const struct device *device = context->device, *other;
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
	if (context->hosts)
		paragraph("A group is given to a user as a whole: VFIO does not do that while one of it is bound to a driver of the host's. --group binds all of them.");
	if (context->strangers && context->kvm_asks)
		paragraph("KVM is told that a group's DMA is coherent only if that is so for each device in it. A device that is bound to another of VFIO's drivers prevents that.");
}

static void print_iommu(const struct request *request, const struct context *context)
{
	const struct iommu *iommu = &context->device->iommu;

	switch (iommu->kind) {
	case IOMMU_UNSEEN:
		paragraph("A dump does not show the IOMMU.");
		return;
	case IOMMU_NONE:
		if (context->is_iommu)
			paragraph("It is an IOMMU itself, and none isolates it.");
		else if (request->machine.host.virtual == KNOWN_YES && !context->kvm_asks)
			paragraph("It has no IOMMU, so nothing isolates it. This is a virtual machine, which has one only if its host gives it one: with QEMU by -device virtio-iommu-pci.");
		else if (request->machine.host.virtual == KNOWN_YES)
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
			paragraph("Its IOMMU is %s, VT-d. Its ecap could not be read, so whether it enforces snooping is not known.",
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
			paragraph("Its IOMMU is %s. Whether IOMMUs of its kind enforce snooping is not known.",
				  iommu->name);
		else
			paragraph("The kernel does not name its IOMMU, so whether that enforces snooping is not known.");
	}
}

/* In a virtual machine, config space and the IOMMU are what the hypervisor makes of them. */
static void print_host(const struct request *request, const struct context *context)
{
	const struct host *host = &request->machine.host;
	const struct device *device = context->device;

	if (host->virtual != KNOWN_YES || device->seen.bridge)
		return;
	paragraph("This is a virtual machine%s%s: what config space reads as here may be the hypervisor's, so the bit may have another value in hardware. Run vfio-nosnoop on the host to see whether the device is coherent in here.",
		  *host->hypervisor ? " of " : "", host->hypervisor);
	if (device->iommu.enforces == KNOWN_YES)
		paragraph("The IOMMU is the hypervisor's, too: only the hypervisor says that it enforces snooping.");
}

/* The function answers, but the capability or its register could not be seen. */
static void print_unseen_bit(const struct context *context, bool dump)
{
	const struct device *device = context->device;

	if (device->seen.hidden)
		paragraph("Its list of capabilities has no PCI Express capability, but the bytes at %02x look like one that is left out of the list, as chipsets have them. Whether there is an Enable No Snoop is not known.",
			  device->seen.hidden);
	else if (device->seen.pcie == KNOWN_NO)
		paragraph("Its list of capabilities has no PCI Express capability, and so no Enable No Snoop.");
	else if (device->seen.limited && dump)
		paragraph("Enable No Snoop is not in the dump: make it with 'lspci -xxx', as root.");
	else if (device->seen.limited)
		paragraph("Enable No Snoop could not be read: it is beyond the first 64 bytes of config space, and users other than root see no more.");
	else
		paragraph("Enable No Snoop could not be read: the list of capabilities is broken.");
}

static void print_bit(const struct request *request, const struct context *context)
{
	const struct device *device = context->device;
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
		print_unseen_bit(context, request->dump);
	else
		paragraph("Enable No Snoop is %s%s, bus mastering is %s.",
			  are[device->seen.bit],
			  request->dump ? " in the dump" :
			  request->machine.host.virtual == KNOWN_YES ? "" : " in hardware",
			  master[device->seen.master]);
}

static void print_governed(const struct context *context)
{
	enum tristate govern_pf = context->device->facts.govern_pf;

	if (govern_pf == KNOWN_YES)
		paragraph("The driver's parameter govern_pf is on: when a VF is opened, the bit of its PF is cleared, whatever driver the PF has, and it is given back when the last VF of those that are open is closed.");
	else if (govern_pf == KNOWN_NO)
		paragraph("The driver's parameter govern_pf is off: a VF can be opened, and master the bus, only while the bit of its PF is 0.");
}

static void print_errata(const struct context *context)
{
	if (context->device->knows.errata)
		paragraph("It has known errata by which an untrusted guest may harm the host, so that it is in vfio-pci's own denylist.");
}

static void print_kvm(const struct context *context)
{
	const struct device *device = context->device;

	/* Such a function is given neither to KVM nor to the driver. */
	if (device->seen.bridge || !device->seen.answers || device->iommu.kind == IOMMU_NONE)
		return;
	if (!context->kvm_asks)
		paragraph("KVM does not ask whether the function is coherent: it does so only on x86, and this is %s.",
			  context->arch);
	else if (device->iommu.enforces == KNOWN_YES)
		paragraph("KVM knows that from the IOMMU.");
	else if (device->denial != NOT_DENIED || device->seen.pcie == KNOWN_NO)
		return;
	else if (device->knows.not_vouched)
		paragraph("KVM is not told, because the driver does not vouch for %s.",
			  device->knows.not_vouched);
	else if (context->kvm == NOT_KNOWN)
		paragraph("Whether this kernel can tell KVM is not known: there is no BTF of VFIO to look at, because %s. A distribution's kernel cannot: there the driver brings safety, not speed.",
			  sysroot_has("/sys/module/vfio") ? "the kernel was built without it" :
			  "VFIO is not loaded");
	else if (context->kvm == KNOWN_NO)
		paragraph("KVM is not told: this kernel's VFIO asks the IOMMU only. With the driver bound, the function is safe, but KVM handles it as one that may be non-coherent, which is slower.");
	else
		paragraph("This kernel's VFIO lets the driver vouch for the function, and KVM is told if all of its group are bound to vfio-pci-nosnoop before the virtual machine starts.");
}

static void print_module(const struct context *context)
{
	if (kernel_has_driver())
		paragraph("The driver vfio-pci-nosnoop is loaded.");
	else if (context->module == KNOWN_YES)
		paragraph("The module vfio-pci-nosnoop is installed, and not loaded.");
	else if (context->module == KNOWN_NO)
		paragraph("The module vfio-pci-nosnoop is not installed for Linux %s.",
			  context->release);
}

/* A way around the driver is told only where it matters to a guest. */
static void print_back_door(const struct context *context)
{
	const char *back_door = context->device->knows.back_door;

	switch (context->device->verdict) {
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
	if (!context->device->facts.bound && context->device->denial == NOT_DENIED)
		paragraph("Even with vfio-pci-nosnoop a guest can turn No Snoop on, because the driver holds it off against writes of config space only.");
	paragraph("The way around the driver: %s.", back_door);
}

/* setpci may do instead of --govern-pf. */
static void print_setpci(const struct request *request, const struct context *context)
{
	const struct device *device = context->device;

	if (device->verdict != VERDICT_PF_IN_THE_WAY || !device->ungoverned)
		return;
	if (*request->machine.host.lockdown)
		paragraph("That works although the kernel is locked down (%s). Clearing the PF's bit with setpci does not.",
			  request->machine.host.lockdown);
	else
		paragraph("Or, until a reset of the PF or its driver sets the bit again, and not under kernel lockdown: setpci -s %s CAP_EXP+8.w=0:800",
			  device->pf);
}

static void print_next(const struct request *request, const struct context *context)
{
	if (*context->next) {
		printf("%*sNext: %s\n", INDENT, "", context->next);
		print_setpci(request, context);
		return;
	}
	switch (context->device->verdict) {
	case VERDICT_VF_CAN:
	case VERDICT_PF_IN_THE_WAY:
		if (*request->machine.host.lockdown)
			paragraph("Next: root cannot clear the PF's bit from here: the kernel is locked down (%s), so that setpci cannot write config space. Have the PF's driver clear it, or boot without lockdown, which Secure Boot turns on.",
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
		if (context->device->denial == DENIED_STRICT)
			paragraph("Next: leave it to the host. For trusted guests, load the module without strict=1.");
		else
			paragraph("Next: leave it to the host, because vfio-pci refuses it, too. For trusted guests, load the module with disable_denylist=1.");
		break;
	default:
		if (verdict_words(context->device->verdict)->status == STATUS_COHERENT)
			paragraph("Next: nothing to do.");
	}
}

static void print_verdict(const struct request *request, const struct context *context)
{
	const struct verdict_words *words = verdict_words(context->device->verdict);
	bool warns = words->status == STATUS_CAN || words->status == STATUS_AROUND;

	paragraph("Verdict: %s. %s", words->brief, words->sentence);
	if (context->device->verdict == VERDICT_DENIED)
		paragraph("The driver's reason: %s.", device_denial_words(context->device->denial));
	print_back_door(context);
	if (warns && context->device->iommu.enforces == NOT_KNOWN &&
	    context->device->verdict != VERDICT_BROKEN)
		paragraph("All this holds unless the IOMMU enforces snooping, which is not known.");
	print_next(request, context);
}

/**
 * explain() - Say everything about a function, in sentences
 * @request: what was asked
 * @context: the function
 */
void explain(const struct request *request, const struct context *context)
{
	print_what(context);
	if (!request->dump) {
		print_driver(context);
		print_group(request, context);
	}
	print_iommu(request, context);
	print_host(request, context);
	print_bit(request, context);
	print_governed(context);
	print_errata(context);
	if (!request->dump) {
		print_kvm(context);
		print_module(context);
	}
	print_verdict(request, context);
}
