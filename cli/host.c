// SPDX-License-Identifier: GPL-2.0-only
/* Whether this is a virtual machine, and whether its kernel lets root write */

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "host.h"

/* The hypervisor bit of cpuid, as the kernel shows it: x86 alone has flags. */
static enum know cpu_tells(void)
{
	enum know virtual = NOT_KNOWN;
	char line[8192];
	FILE *cpus;

	cpus = tree_open("/proc/cpuinfo");
	while (cpus && virtual == NOT_KNOWN && fgets(line, sizeof(line), cpus)) {
		if (strncmp(line, "flags", strlen("flags")))
			continue;
		line[strcspn(line, "\n")] = ' ';
		virtual = strstr(line, " hypervisor ") ? KNOWN_YES : KNOWN_NO;
	}
	if (cpus)
		fclose(cpus);
	return virtual;
}

/* What hypervisors call their machines in DMI. Amazon has real ones of that name. */
static bool dmi_tells(char name[TREE_WORD])
{
	static const struct {
		const char *vendor;
		const char *product;
	} machines[] = {
		{ "QEMU", "" }, { "KVM", "" }, { "Xen", "" }, { "VMware", "" }, { "Bochs", "" },
		{ "innotek", "" }, { "Parallels", "" }, { "OpenStack", "" },
		{ "Apple", "Apple Virt" },
		{ "Microsoft", "Virtual Machine" }, { "Google", "Google Compute" },
		{ "cloud-hypervisor", "" }, { "Cloud Hypervisor", "" }, { "Red Hat", "KVM" },
		{ "Red Hat", "OpenStack" }, { "Alibaba Cloud", "Alibaba Cloud ECS" },
	};
	char vendor[TREE_WORD], product[TREE_WORD];
	unsigned int i;

	tree_read(vendor, sizeof(vendor), "/sys/class/dmi/id/sys_vendor");
	tree_read(product, sizeof(product), "/sys/class/dmi/id/product_name");
	for (i = 0; i < sizeof(machines) / sizeof(*machines); i++) {
		if (strncmp(vendor, machines[i].vendor, strlen(machines[i].vendor)) ||
		    strncmp(product, machines[i].product, strlen(machines[i].product)))
			continue;
		snprintf(name, TREE_WORD, "%s", vendor);
		return true;
	}
	return false;
}

/* Xen and KVM announce themselves to kernels that boot from a device tree. */
static bool tree_tells(char name[TREE_WORD])
{
	char model[TREE_WORD];

	if (!tree_read(name, TREE_WORD, "/sys/firmware/devicetree/base/hypervisor/compatible"))
		return true;
	tree_read(model, sizeof(model), "/sys/firmware/devicetree/base/model");
	if (strcmp(model, "linux,dummy-virt"))
		return false;
	snprintf(name, TREE_WORD, "QEMU");
	return true;
}

/* Xen's first machine runs the others, and has the hardware, though Xen is below it. */
static bool is_xen_host(void)
{
	char text[TREE_WORD];

	return !tree_read(text, sizeof(text), "/proc/xen/capabilities") &&
	       strstr(text, "control_d");
}

/**
 * host_look() - Find out
 *
 * Return: what was found. Without any sign of a hypervisor, only a processor that
 * would show it makes that a certain no.
 */
struct host host_look(void)
{
	struct host host = { .virtual = cpu_tells() };
	char text[TREE_WORD], *in, *end;

	if (is_xen_host())
		host.virtual = KNOWN_NO;
	else if (dmi_tells(host.hypervisor) || tree_tells(host.hypervisor))
		host.virtual = KNOWN_YES;

	/* none [integrity] confidentiality */
	tree_read(text, sizeof(text), "/sys/kernel/security/lockdown");
	in = strchr(text, '[');
	end = in ? strchr(in, ']') : NULL;
	if (!end)
		return host;
	*end = '\0';
	if (strcmp(in + 1, "none"))
		snprintf(host.lockdown, sizeof(host.lockdown), "%s", in + 1);
	return host;
}
