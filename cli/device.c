// SPDX-License-Identifier: GPL-2.0-only
/*
 * The facts of each function: from config space by libpci, on a machine or in
 * a dump of lspci -x, and from sysfs.
 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <pci/pci.h>

#include "attribute.h"
#include "device.h"
#include "kernel.h"
#include "message.h"
#include "users.h"

#define DEVICE		"/sys/bus/pci/devices/%s"
#define HEADER_SIZE	64	/* of config space, all that others than root see */
#define CAPS_SIZE	256	/* where capabilities are */

/* libpci ends the program with its own words otherwise. */
__noreturn __printf(1, 2)
static void pci_failed(char *format, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	die("%s", text);
}

/* What it warns of is handled where it is read. */
__printf(1, 2)
static void pci_warned(char *format, ...)
{
	(void)format;
}

static struct pci_access *open_access(const char *dump)
{
	struct pci_access *access = pci_alloc();
	char path[TREE_PATH];

	access->error = pci_failed;
	access->warning = pci_warned;
	/* No cache of what others looked up in the DNS */
	access->id_lookup_mode = 0;
	if (dump) {
		access->method = PCI_ACCESS_DUMP;
		pci_set_param(access, "dump.name", (char *)dump);
	} else {
		access->method = PCI_ACCESS_SYS_BUS_PCI;
		tree_path(path, "/sys/bus/pci");
		if (!tree_has("/sys/bus/pci/devices"))
			die("no %s/devices: there is no PCI, or sysfs is not mounted", path);
		pci_set_param(access, "sysfs.path", path);
	}
	pci_init(access);
	return access;
}

static enum know flag(unsigned int value, unsigned int mask)
{
	return value & mask ? KNOWN_YES : KNOWN_NO;
}

/* Where only the header can be read, sysfs still tells that it is PCI Express. */
static void read_unseen(const struct machine *machine, struct device *device,
			unsigned int status)
{
	device->pcie = NOT_KNOWN;
	if (!(status & PCI_STATUS_CAP_LIST)) {
		device->pcie = KNOWN_NO;
		return;
	}
	if (!machine->dump)
		device->pcie = tree_has(DEVICE "/max_link_speed", device->bdf) ?
			       KNOWN_YES : KNOWN_NO;
	device->limited = device->pcie != KNOWN_NO && !device->bridge;
}

static void read_express(struct device *device, struct pci_dev *dev,
			 struct pci_cap *cap)
{
	unsigned char registers[PCI_EXP_DEVCTL + 2];
	unsigned int devctl, type;

	/* One that does not fit is none of which to believe the rest. */
	if (cap->addr + sizeof(registers) > CAPS_SIZE ||
	    !pci_read_block(dev, cap->addr, registers, sizeof(registers)))
		return;
	type = (registers[PCI_EXP_FLAGS] & PCI_EXP_FLAGS_TYPE) >> 4;
	device->rciep = type == PCI_EXP_TYPE_ROOT_INT_EP;
	devctl = registers[PCI_EXP_DEVCTL] | registers[PCI_EXP_DEVCTL + 1] << 8;
	if (devctl != 0xffff)
		device->bit = flag(devctl, PCI_EXP_DEVCTL_NOSNOOP);
}

static void read_config(const struct machine *machine, struct device *device,
			struct pci_dev *dev)
{
	unsigned char header[HEADER_SIZE], last;
	unsigned int status, command, i, ones = 0;
	struct pci_cap *cap;

	device->pcie = NOT_KNOWN;
	device->bit = NOT_KNOWN;
	device->master = NOT_KNOWN;
	if (!pci_read_block(dev, 0, header, sizeof(header)))
		return;
	device->subvendor = header[PCI_SUBSYSTEM_VENDOR_ID] |
			    header[PCI_SUBSYSTEM_VENDOR_ID + 1] << 8;
	device->subdevice = header[PCI_SUBSYSTEM_ID] | header[PCI_SUBSYSTEM_ID + 1] << 8;
	for (i = 0; i < sizeof(header); i++)
		ones += header[i] == 0xff;
	device->answers = ones != sizeof(header);
	if (!device->answers)
		return;

	/*
	 * Of those with an endpoint's header, class 0680 is what makers give to NTBs
	 * and NVSwitch, which VFIO gives to users.
	 */
	device->bridge = (header[PCI_HEADER_TYPE] & 0x7f) != PCI_HEADER_TYPE_NORMAL ||
			 (device->class >> 16 == PCI_BASE_CLASS_BRIDGE &&
			  device->class >> 8 != PCI_CLASS_BRIDGE_OTHER);
	command = header[PCI_COMMAND] | header[PCI_COMMAND + 1] << 8;
	status = header[PCI_STATUS] | header[PCI_STATUS + 1] << 8;
	device->master = flag(command, PCI_COMMAND_MASTER);

	if (!pci_read_block(dev, CAPS_SIZE - 1, &last, 1)) {
		read_unseen(machine, device, status);
		return;
	}
	cap = pci_find_cap(dev, PCI_CAP_ID_EXP, PCI_CAP_NORMAL);
	device->pcie = cap ? KNOWN_YES : KNOWN_NO;
	if (cap)
		read_express(device, dev, cap);
}

static void read_identity(struct device *device, struct pci_dev *dev)
{
	unsigned int prog_if = 0;

	pci_fill_info(dev, PCI_FILL_IDENT | PCI_FILL_CLASS | PCI_FILL_CAPS |
			   PCI_FILL_EXT_CAPS);
	device->vendor = dev->vendor_id;
	device->id = dev->device_id;
	prog_if = pci_read_byte(dev, PCI_CLASS_PROG);
	device->class = dev->device_class << 8 | prog_if;
}

static void read_name(struct device *device, struct pci_access *access)
{
	const char *name;

	name = pci_lookup_name(access, device->name, sizeof(device->name),
			       PCI_LOOKUP_VENDOR | PCI_LOOKUP_DEVICE,
			       device->vendor, device->id);
	if (name != device->name)
		snprintf(device->name, sizeof(device->name), "%s", name);
	name = pci_lookup_name(access, device->class_name, sizeof(device->class_name),
			       PCI_LOOKUP_CLASS, device->class >> 8);
	if (name != device->class_name)
		snprintf(device->class_name, sizeof(device->class_name), "%s", name);
}

/* What changes when drivers come and go */
static void read_binding(struct device *device)
{
	char text[TREE_WORD];

	tree_link(device->driver, DEVICE "/driver", device->bdf);
	device->vfio = tree_has(DEVICE "/vfio-dev", device->bdf) ||
		       !strcmp(device->driver, "vfio-pci") ||
		       !strcmp(device->driver, DRIVER_NAME);
	tree_read(text, sizeof(text), DEVICE "/driver_override", device->bdf);
	snprintf(device->override, sizeof(device->override), "%s",
		 strcmp(text, "(null)") ? text : "");
	tree_read(device->saved, sizeof(device->saved), "/etc/driverctl.d/pci-%s",
		  device->bdf);
	device->open = KNOWN_NO;
	if (device->vfio)
		device->open = users_open(device->bdf, device->group);
}

static void read_sysfs(struct device *device)
{
	char text[TREE_WORD], path[TREE_PATH], *folder;

	device->group = -1;
	if (!tree_link(text, DEVICE "/iommu_group", device->bdf))
		device->group = atoi(text);
	device->iommu = iommu_of(device->bdf, device->group);

	if (!tree_link(text, DEVICE "/physfn", device->bdf)) {
		device->vf = true;
		snprintf(device->pf, sizeof(device->pf), "%.*s",
			 (int)sizeof(device->pf) - 1, text);
	}

	/* The folder that a function on a root bus is in is pciDOMAIN:BUS. */
	if (!tree_real(path, DEVICE, device->bdf)) {
		*strrchr(path, '/') = '\0';
		folder = strrchr(path, '/');
		device->root_bus = folder && !strncmp(folder, "/pci", 4);
	}
	read_binding(device);
}

static void read_dump(struct device *device)
{
	device->group = -1;
	device->iommu.enforces = NOT_KNOWN;
	device->root_bus = !device->address.bus;
	device->open = NOT_KNOWN;
}

static void ask_driver(struct device *device)
{
	const struct identity identity = {
		.vendor = device->vendor,
		.device = device->id,
		.subvendor = device->subvendor,
		.subdevice = device->subdevice,
		.class = device->class,
		.root_bus = device->root_bus,
	};

	device->knows = driver_knows(&identity);
}

static int compare(const void *a, const void *b)
{
	return address_compare(&((const struct device *)a)->address,
			       &((const struct device *)b)->address);
}

/*
 * A dump has no links from VFs to PFs, but the PF's capability has their
 * addresses. And a VF has no identity of its own in config space.
 */
static void name_vfs(struct machine *machine, struct pci_dev *dev,
		     const struct device *pf)
{
	struct pci_cap *cap = pci_find_cap(dev, PCI_EXT_CAP_ID_SRIOV, PCI_CAP_EXTENDED);
	unsigned int number, offset, stride, rid, i;
	struct address address = pf->address;
	struct device *vf;

	if (!cap || !(pci_read_word(dev, cap->addr + PCI_IOV_CTRL) & PCI_IOV_CTRL_VFE))
		return;
	number = pci_read_word(dev, cap->addr + PCI_IOV_NUMVF);
	offset = pci_read_word(dev, cap->addr + PCI_IOV_OFFSET);
	stride = pci_read_word(dev, cap->addr + PCI_IOV_STRIDE);
	for (i = 0; i < number; i++) {
		rid = pf->address.bus << 8 | pf->address.dev << 3 | pf->address.func;
		rid += offset + i * stride;
		address.bus = rid >> 8;
		address.dev = rid >> 3 & 0x1f;
		address.func = rid & 7;
		vf = rid > 0xffff ? NULL : machine_find(machine, &address);
		if (!vf || vf == pf)
			continue;
		vf->vf = true;
		snprintf(vf->pf, sizeof(vf->pf), "%s", pf->bdf);
		vf->vendor = pf->vendor;
		vf->id = pci_read_word(dev, cap->addr + PCI_IOV_DID);
	}
}

/**
 * machine_load() - Find all functions and their facts
 * @machine: where they go, zeroed
 * @dump: the output of lspci -x to look at instead, or NULL
 *
 * Ends the program if that cannot be done.
 */
void machine_load(struct machine *machine, const char *dump)
{
	struct pci_access *access = open_access(dump);
	struct device *device;
	struct pci_dev *dev;

	machine->dump = dump;
	pci_scan_bus(access);
	for (dev = access->devices; dev; dev = dev->next)
		machine->count++;
	if (!machine->count && dump)
		die("%s: no function in it: make it with 'lspci -xxx >FILE', as root", dump);

	machine->devices = allocate(NULL, machine->count, sizeof(*device));
	memset(machine->devices, 0, machine->count * sizeof(*device));
	device = machine->devices;
	for (dev = access->devices; dev; dev = dev->next, device++) {
		device->address.domain = dev->domain;
		device->address.bus = dev->bus;
		device->address.dev = dev->dev;
		device->address.func = dev->func;
		address_format(&device->address, device->bdf);
		read_identity(device, dev);
		read_config(machine, device, dev);
	}
	qsort(machine->devices, machine->count, sizeof(*device), compare);

	for (dev = access->devices; dump && dev; dev = dev->next) {
		const struct address address = { dev->domain, dev->bus, dev->dev, dev->func };

		name_vfs(machine, dev, machine_find(machine, &address));
	}
	for (device = machine->devices; device < machine->devices + machine->count; device++) {
		if (dump)
			read_dump(device);
		else
			read_sysfs(device);
		read_name(device, access);
		if (!device->bridge)
			ask_driver(device);
	}
	machine->disable_denylist = !dump && kernel_parameter("disable_denylist");
	machine->strict = !dump && kernel_parameter("strict");
	pci_cleanup(access);
}

/**
 * machine_find() - A function by its address
 * @machine: from machine_load()
 * @address: the address
 *
 * Return: the function, or NULL.
 */
struct device *machine_find(const struct machine *machine,
			    const struct address *address)
{
	const struct device key = { .address = *address };

	return bsearch(&key, machine->devices, machine->count, sizeof(key), compare);
}

/**
 * machine_pf() - The PF of a VF
 * @machine: from machine_load()
 * @vf: the VF
 *
 * Return: the PF, or NULL: a machine may have the VF alone.
 */
struct device *machine_pf(const struct machine *machine, const struct device *vf)
{
	struct address address;

	if (!vf->vf || address_parse(vf->pf, &address))
		return NULL;
	return machine_find(machine, &address);
}

/**
 * device_facts() - What the verdict on a function rests on
 * @machine: from machine_load()
 * @device: one of its functions
 *
 * Return: the facts, for verdict_of().
 */
struct facts device_facts(const struct machine *machine, const struct device *device)
{
	const struct device *pf = machine_pf(machine, device);
	struct facts facts = {
		.answers = device->answers,
		.bridge = device->bridge,
		.igd = device->knows.igd,
		.denied = device_denial(machine, device) != NOT_DENIED,
		.back_door = device->knows.back_door,
		.vf = device->vf,
		.isolated = device->iommu.kind != IOMMU_NONE,
		.bound = device_is_ours(device),
		.open = device->open,
		.enforces = device->iommu.enforces,
		.pcie = device->pcie,
		.bit = device->bit,
		.master = device->master,
	};

	/* The VF's own is reserved, and reads 0. */
	if (device->vf)
		facts.bit = pf ? pf->bit : NOT_KNOWN;
	return facts;
}

/**
 * device_denial() - Why the driver refuses a function
 * @machine: from machine_load()
 * @device: one of its functions
 *
 * Return: the reason, by what the driver's parameters are now, or NOT_DENIED.
 */
enum denial device_denial(const struct machine *machine, const struct device *device)
{
	if (device->knows.igd)
		return DENIED_IGD;
	if (device->knows.errata && !machine->disable_denylist)
		return DENIED_ERRATA;
	if (device->knows.back_door && machine->strict)
		return DENIED_STRICT;
	return NOT_DENIED;
}

/**
 * device_denial_words() - A reason in words
 * @denial: the reason
 *
 * Return: the words, to end a sentence with, or NULL if there is none.
 */
const char *device_denial_words(enum denial denial)
{
	static const char * const words[] = {
		[DENIED_IGD] = "Intel integrated graphics is not governed by Enable No Snoop",
		[DENIED_ERRATA] = "known errata, as in vfio-pci",
		[DENIED_STRICT] = "strict is set, and a guest can get around the driver",
	};

	return words[denial];
}

/**
 * device_refresh() - See what driver a function has by now
 * @device: the function
 */
void device_refresh(struct device *device)
{
	read_binding(device);
}

/**
 * device_is_ours() - Whether a function is bound to vfio-pci-nosnoop
 * @device: the function
 *
 * Return: true if it is.
 */
bool device_is_ours(const struct device *device)
{
	return !strcmp(device->driver, DRIVER_NAME);
}

/**
 * device_is_endpoint() - Whether a function is one to be given to a user
 * @device: the function
 *
 * Return: false for bridges of any kind.
 */
bool device_is_endpoint(const struct device *device)
{
	return !device->bridge;
}

/**
 * device_is_hosts() - Whether a function is bound to a driver of the host's
 * @device: the function
 *
 * Return: true if VFIO would not give its group to a user for that reason.
 */
bool device_is_hosts(const struct device *device)
{
	return device_is_endpoint(device) && *device->driver && !device->vfio &&
	       strcmp(device->driver, "pci-stub");
}
