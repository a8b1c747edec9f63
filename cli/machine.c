// SPDX-License-Identifier: GPL-2.0-only
/* All functions and their facts: of this machine by libpci and sysfs, or of a dump */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <pci/pci.h>

#include "attribute.h"
#include "dump.h"
#include "kernel.h"
#include "machine.h"
#include "message.h"

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

/* A dump is read without it, so for one it only knows names. */
static struct pci_access *open_access(bool scans)
{
	struct pci_access *access = pci_alloc();
	char path[TREE_PATH];

	access->error = pci_failed;
	access->warning = pci_warned;
	access->debug = pci_warned;
	/* No cache of what others looked up in the DNS */
	access->id_lookup_mode = 0;
	if (!scans)
		return access;
	access->method = PCI_ACCESS_SYS_BUS_PCI;
	tree_path(path, "/sys/bus/pci");
	if (!tree_has("/sys/bus/pci/devices"))
		die("no %s/devices: there is no PCI, or sysfs is not mounted", path);
	pci_set_param(access, "sysfs.path", path);
	pci_init(access);
	return access;
}

/* libpci asks udev's database for what pci.ids lacks, and leaks where there is none. */
static int lookup_flags(void)
{
	return access("/usr/lib/udev/hwdb.bin", R_OK) && access("/etc/udev/hwdb.bin", R_OK) ?
	       PCI_LOOKUP_NO_HWDB : 0;
}

static void look_up_names(struct device *device, struct pci_access *ids)
{
	static const char nameless[] = "Class ";
	const char *name;
	char text[192];

	if (!device->has_ids)
		return;
	name = pci_lookup_name(ids, text, sizeof(text),
			       lookup_flags() | PCI_LOOKUP_VENDOR | PCI_LOOKUP_DEVICE,
			       device->vendor, device->id);
	snprintf(device->name, sizeof(device->name), "%s", name);
	name = pci_lookup_name(ids, text, sizeof(text), lookup_flags() | PCI_LOOKUP_CLASS,
			       device->class >> 8);
	/* Its word for a class without a name, for sentences that say "class" already */
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
	};

	device->knows = driver_knows(&identity);
}

static int compare(const void *a, const void *b)
{
	return address_compare(&((const struct device *)a)->address,
			       &((const struct device *)b)->address);
}

/* PF's VFs that are there. A VF has no identity of its own in config space. */
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

/* Without hex, and where that ends too early */
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
		/* Their names are all that tells. */
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
		/* Its numbers are those that all VFs show, until its PF is found. */
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

	/* As the kernel knows it, for a VF has none in its config space */
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
	machine->disable_denylist = kernel_parameter("disable_denylist");
	machine->strict = kernel_parameter("strict");
}

static void find_pf(const struct machine *machine, struct device *device)
{
	struct address address;

	if (device->vf && !address_parse(device->pf, &address))
		device->pf_device = machine_find(machine, &address);
}

/**
 * machine_judge() - Draw the conclusions from all facts
 * @machine: the functions; that of a VF needs its PF's facts, not its verdict
 */
void machine_judge(struct machine *machine)
{
	struct device *device;

	for (device = machine->devices; device < machine->devices + machine->count; device++) {
		find_pf(machine, device);
		device_judge(device, machine->disable_denylist, machine->strict);
	}
}

/**
 * machine_load() - Find all functions, their facts and the verdicts on them
 * @machine: where they go, zeroed
 * @dump: the output of lspci to look at instead, "-" for standard input, or NULL
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
