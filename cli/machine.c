// SPDX-License-Identifier: GPL-2.0-only
/* All functions and the facts about them, from libpci and sysfs or from a dump */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pci/pci.h>

#include "attribute.h"
#include "dump.h"
#include "kernel.h"
#include "machine.h"
#include "message.h"

/* Without this, libpci would end the program with a message of its own. */
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

/* What libpci warns of is handled where it is read. */
__printf(1, 2)
static void pci_warned(char *format, ...)
{
	(void)format;
}

/* A dump is read without libpci, which then only looks up names. */
static struct pci_access *open_access(bool scans)
{
	struct pci_access *access = pci_alloc();
	char path[PATH_SIZE];

	access->error = pci_failed;
	access->warning = pci_warned;
	access->debug = pci_warned;
	/* Do not use libpci's cache of names that were looked up in the DNS. */
	access->id_lookup_mode = 0;
	if (!scans)
		return access;
	access->method = PCI_ACCESS_SYS_BUS_PCI;
	sysroot_path(path, "/sys/bus/pci");
	if (!sysroot_has("/sys/bus/pci/devices"))
		die("no %s/devices: there is no PCI, or sysfs is not mounted", path);
	pci_set_param(access, "sysfs.path", path);
	pci_init(access);
	return access;
}

/* udev's database is not used, because libpci leaks memory where that cannot be read. */
static void look_up_names(struct device *device, struct pci_access *ids)
{
	static const char nameless[] = "Class ";
	const char *name;
	char text[192];

	if (!device->has_ids)
		return;
	name = pci_lookup_name(ids, text, sizeof(text),
			       PCI_LOOKUP_NO_HWDB | PCI_LOOKUP_VENDOR | PCI_LOOKUP_DEVICE,
			       device->vendor, device->id);
	snprintf(device->name, sizeof(device->name), "%s", name);
	name = pci_lookup_name(ids, text, sizeof(text),
			       PCI_LOOKUP_NO_HWDB | PCI_LOOKUP_CLASS, device->class >> 8);
	/* libpci puts "Class" before a class without a name, but so do our sentences. */
	if (!strncmp(name, nameless, strlen(nameless)))
		name += strlen(nameless);
	snprintf(device->class_name, sizeof(device->class_name), "%s", name);
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
		.vf = device->vf,
	};

	device->knows = driver_knows(&identity);
}

static int compare(const void *a, const void *b)
{
	return address_compare(&((const struct device *)a)->address,
			       &((const struct device *)b)->address);
}

/* Gives IDs to the PF's VFs in the dump, which have none in their own config space. */
static void name_vfs(const struct machine *machine, const struct device *pf,
		     const struct config_vfs *vfs)
{
	unsigned int rid = pf->address.bus << 8 | pf->address.dev << 3 | pf->address.func;
	struct address address = pf->address;
	struct device *vf;
	unsigned int i;

	rid += vfs->offset;
	for (i = 0; i < vfs->number && rid <= 0xffff; i++, rid += vfs->stride) {
		address.bus = rid >> 8;
		address.dev = rid >> 3 & 0x1f;
		address.func = rid & 7;
		vf = machine_find(machine, &address);
		if (!vf || vf == pf)
			continue;
		vf->vf = true;
		snprintf(vf->pf, sizeof(vf->pf), "%s", pf->bdf);
		vf->has_ids = pf->has_ids;
		vf->vendor = pf->vendor;
		vf->id = vfs->id;
	}
}

/* The text counts if there is no hex, and for what is missing if the hex ends too early. */
static void use_text(struct device *device, const struct dumped *dumped)
{
	const struct dump_text *text = &dumped->text;
	struct config_facts *seen = &device->seen;

	if (!dumped->config.known) {
		device->has_ids = text->has_ids;
		device->vendor = text->vendor;
		device->id = text->device;
		device->class = text->class;
		seen->answers = !text->gone;
		seen->bridge = text->bridge;
		seen->secondary = text->secondary;
		seen->subordinate = text->subordinate;
		/* Only its name tells that it is a VF. */
		seen->vf = strstr(text->name, "Virtual Function");
		seen->pcie = text->no_caps ? KNOWN_NO : text->pcie;
		seen->limited = seen->pcie == NOT_KNOWN;
	}
	if (seen->master == NOT_KNOWN)
		seen->master = text->master;
	if (seen->bit != NOT_KNOWN || seen->pcie == KNOWN_NO || text->pcie != KNOWN_YES)
		return;
	seen->pcie = KNOWN_YES;
	seen->rciep = text->rciep;
	seen->bit = text->bit;
	seen->limited = text->bit == NOT_KNOWN;
}

static void read_identity(struct device *device, const struct config *config)
{
	device->has_ids = config->known >= PCI_CLASS_DEVICE + 2;
	device->vendor = config_word(config, PCI_VENDOR_ID);
	device->id = config_word(config, PCI_DEVICE_ID);
	device->class = config_word(config, PCI_CLASS_DEVICE) << 8 |
			config->bytes[PCI_CLASS_PROG];
}

static void read_config(struct device *device, const struct config *config)
{
	device->seen = config_decode(config);
	device->vf = device->seen.vf;
	device->subvendor = config_word(config, PCI_SUBSYSTEM_VENDOR_ID);
	device->subdevice = config_word(config, PCI_SUBSYSTEM_ID);
}

/**
 * machine_load_dump() - Find all functions of a dump and the facts about them
 * @machine: where they go, with the name of the file
 */
void machine_load_dump(struct machine *machine)
{
	struct dump dump = { 0 };
	struct device *device;
	struct config_vfs vfs;
	int i;

	machine->host.virtual = NOT_KNOWN;
	machine->parameters.govern_pf = NOT_KNOWN;
	dump_read(&dump, machine->dump);
	machine->dump = dump.name;
	machine->count = dump.count;
	machine->devices = allocate(NULL, dump.count, sizeof(*device));
	memset(machine->devices, 0, dump.count * sizeof(*device));
	for (i = 0; i < dump.count; i++) {
		device = &machine->devices[i];
		device->address = dump.functions[i].address;
		address_format(&device->address, device->bdf);
		snprintf(device->name, sizeof(device->name), "%s", dump.functions[i].text.name);
		device->group = -1;
		device->iommu = iommu_of_iort(&device->address);
		device->root_bus = !device->address.bus;
		device->open = NOT_KNOWN;
		read_identity(device, &dump.functions[i].config);
		read_config(device, &dump.functions[i].config);
		use_text(device, &dump.functions[i]);
		device->vf = device->seen.vf;
		/* Until its PF is found, a VF has only the IDs that all VFs show. */
		device->has_ids = device->has_ids && !device->vf;
	}
	for (i = 0; i < dump.count; i++) {
		vfs = config_find_vfs(&dump.functions[i].config);
		name_vfs(machine, &machine->devices[i],
			 vfs.number ? &vfs : &dump.functions[i].text.vfs);
	}
	free(dump.functions);
}

static void read_machine(struct device *device, struct pci_dev *dev)
{
	static const unsigned int sizes[] = { CONFIG_CAPS, CONFIG_HEADER };
	struct config config = { 0 };
	unsigned int i;

	device->address.domain = dev->domain;
	device->address.bus = dev->bus;
	device->address.dev = dev->dev;
	device->address.func = dev->func;
	address_format(&device->address, device->bdf);
	for (i = 0; i < sizeof(sizes) / sizeof(*sizes) && !config.known; i++)
		if (pci_read_block(dev, 0, config.bytes, sizes[i]))
			config.known = sizes[i];
	read_config(device, &config);

	/* The kernel knows the IDs of a VF, too, which has none in its config space. */
	pci_fill_info(dev, PCI_FILL_IDENT | PCI_FILL_CLASS);
	device->has_ids = true;
	device->vendor = dev->vendor_id;
	device->id = dev->device_id;
	device->class = dev->device_class << 8 | config.bytes[PCI_CLASS_PROG];
	device_read_sysfs(device);
}

static void load_machine(struct machine *machine, struct pci_access *access)
{
	struct device *device;
	struct pci_dev *dev;

	pci_scan_bus(access);
	for (dev = access->devices; dev; dev = dev->next)
		machine->count++;
	machine->devices = allocate(NULL, machine->count, sizeof(*device));
	memset(machine->devices, 0, machine->count * sizeof(*device));
	device = machine->devices;
	for (dev = access->devices; dev; dev = dev->next)
		read_machine(device++, dev);
	qsort(machine->devices, machine->count, sizeof(*device), compare);
	machine->host = host_look();
	machine->parameters = kernel_parameters();
}

static void find_pf(const struct machine *machine, struct device *device)
{
	struct address address;

	if (device->vf && !address_parse(device->pf, &address))
		device->pf_device = machine_find(machine, &address);
}

/**
 * machine_judge() - Draw the conclusions from all facts
 * @machine: the functions, in any order: a VF needs its PF's facts, not its verdict
 */
void machine_judge(struct machine *machine)
{
	struct device *device;

	for (device = machine->devices; device < machine->devices + machine->count; device++) {
		find_pf(machine, device);
		device_judge(device, &machine->parameters);
	}
}

/**
 * machine_load() - Find all functions, their facts and the verdicts on them
 * @machine: where they go, zeroed
 * @dump: the file with output of lspci to read, "-" for standard input, or NULL for
 *	  this machine
 *
 * Ends the program if that cannot be done.
 */
void machine_load(struct machine *machine, const char *dump)
{
	struct pci_access *access = open_access(!dump);
	struct device *device;

	machine->dump = dump;
	if (dump)
		machine_load_dump(machine);
	else
		load_machine(machine, access);
	for (device = machine->devices; device < machine->devices + machine->count; device++) {
		look_up_names(device, access);
		if (device->has_ids && !device->seen.bridge)
			ask_driver(device);
	}
	machine_judge(machine);
	pci_cleanup(access);
}

/**
 * machine_find() - Find a function by its address
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
