// SPDX-License-Identifier: GPL-2.0-only
/* vfio-nosnoop status --for: what to paste next to give a function to a guest */

#include <stdio.h>
#include <string.h>

#include "kernel.h"
#include "message.h"
#include "paste.h"

#define LIBVIRT_HINT							\
	"before 10.0.0 it does not know the driver's name: "		\
	"say managed='no' there, leave <driver/> out, and bind the function"
#define PROXMOX_HINT							\
	"100 is the virtual machine's number, and driver=keep needs qemu-server 9.0.25"
#define KUBEVIRT_HINT							\
	"its own device plugin skips functions of this driver: another one has to provide "	\
	"example.com/..."

static void print_libvirt(const struct device *device)
{
	printf("<hostdev mode='subsystem' type='pci' managed='yes'>\n"
	       "  <driver model='" DRIVER_NAME "'/>\n"
	       "  <source>\n"
	       "    <address domain='0x%04x' bus='0x%02x' slot='0x%02x' function='0x%x'/>\n"
	       "  </source>\n"
	       "</hostdev>\n", device->address.domain, device->address.bus,
	       device->address.dev, device->address.func);
}

static void print_qemu(const struct device *device)
{
	printf("-device vfio-pci,host=%s\n", device->bdf);
}

static void print_proxmox(const struct device *device)
{
	printf("qm set 100 --hostpci0 %s,pcie=1,driver=keep\n", device->bdf);
}

static void print_nova(const struct device *device)
{
	printf("[pci]\n"
	       "device_spec = { \"address\": \"%s\", \"managed\": \"no\" }\n", device->bdf);
}

static void print_kubevirt(const struct device *device)
{
	printf("spec:\n"
	       "  configuration:\n"
	       "    permittedHostDevices:\n"
	       "      pciHostDevices:\n"
	       "      - pciVendorSelector: \"%04X:%04X\"\n"
	       "        resourceName: example.com/%04x-%04x\n"
	       "        externalResourceProvider: true\n",
	       device->vendor, device->id, device->vendor, device->id);
}

static const struct paste {
	const char *name;
	void (*print)(const struct device *device);
	bool binds;		/* the program binds the function itself */
	const char *hint;	/* what the user has to know about the program */
} pastes[] = {
	{ .name = "libvirt", .print = print_libvirt, .binds = true, .hint = LIBVIRT_HINT },
	{ .name = "qemu", .print = print_qemu },
	{ .name = "proxmox", .print = print_proxmox, .hint = PROXMOX_HINT },
	{ .name = "nova", .print = print_nova },
	{ .name = "kubevirt", .print = print_kubevirt, .hint = KUBEVIRT_HINT },
};

static const struct paste *find(const char *what)
{
	unsigned int i;

	for (i = 0; i < sizeof(pastes) / sizeof(*pastes); i++)
		if (!strcmp(pastes[i].name, what))
			return &pastes[i];
	return NULL;
}

/**
 * paste_knows() - Whether there are lines for a program
 * @what: its name
 *
 * Return: true if there are.
 */
bool paste_knows(const char *what)
{
	return find(what);
}

/* Why no lines would help, or NULL */
static const char *why_not(const struct device *device)
{
	if (device->seen.bridge)
		return "a bridge is not given to a user";
	if (!device->seen.answers)
		return "it does not answer";
	if (device->seen.pcie == KNOWN_NO)
		return "the driver refuses it: it has no PCI Express capability: use vfio-pci";
	if (device->denial != NOT_DENIED)
		return device_denial_words(device->denial);
	if (!device->has_ids)
		return "its IDs are not known, so whether the driver takes it is not known either";
	return NULL;
}

/**
 * paste_print() - Print the lines for a function and this driver
 * @request: what was asked
 * @device: the function
 */
void paste_print(const struct request *request, const struct device *device)
{
	const struct paste *paste = find(request->paste_for);
	const char *wrong = why_not(device);

	if (wrong) {
		complain("%s: there is nothing to paste: %s", device->bdf, wrong);
		return;
	}
	paste->print(device);
	fflush(stdout);
	if (paste->hint)
		note("%s: %s", paste->name, paste->hint);
	if (!paste->binds && !device_is_ours(device))
		note("%s: bind it first, as root: vfio-nosnoop bind %s--persist %s",
		     device->bdf, device->ungoverned ? "--govern-pf " : "", device->bdf);
	else if (device->ungoverned)
		note("%s: opening it is refused while the bit of its PF is set; for the driver to clear that, as root: vfio-nosnoop bind --govern-pf --persist %s",
		     device->bdf, device->bdf);
	if (device->knows.back_door && device->iommu.enforces != KNOWN_YES)
		note("%s: a guest can get around " DRIVER_NAME ": %s", device->bdf,
		     device->knows.back_door);
}
