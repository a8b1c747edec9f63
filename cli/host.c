// SPDX-License-Identifier: GPL-2.0-only
/* Whether this is a virtual machine, and whether its kernel lets root write */

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "host.h"

/* The hypervisor bit of cpuid, as the kernel shows it. Only x86 has a line of flags. */
static enum tristate cpu_tells(void)
{
	enum tristate virtual = NOT_KNOWN;
	char line[8192];
	FILE *cpus;

	cpus = sysroot_open("/proc/cpuinfo");
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

/* Names of virtual machines in DMI. Amazon's is left out: it has real ones of that name. */
static bool dmi_tells(char name[NAME_SIZE])
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
	char vendor[NAME_SIZE], product[NAME_SIZE];
	unsigned int i;

	sysroot_read(vendor, sizeof(vendor), "/sys/class/dmi/id/sys_vendor");
	sysroot_read(product, sizeof(product), "/sys/class/dmi/id/product_name");
	for (i = 0; i < sizeof(machines) / sizeof(*machines); i++) {
		if (strncmp(vendor, machines[i].vendor, strlen(machines[i].vendor)) ||
		    strncmp(product, machines[i].product, strlen(machines[i].product)))
			continue;
		snprintf(name, NAME_SIZE, "%s", vendor);
		return true;
	}
	return false;
}

/* Xen and KVM announce themselves to kernels that boot from a device tree. */
static bool devicetree_tells(char name[NAME_SIZE])
{
	char model[NAME_SIZE];

	if (!sysroot_read(name, NAME_SIZE, "/sys/firmware/devicetree/base/hypervisor/compatible"))
		return true;
	sysroot_read(model, sizeof(model), "/sys/firmware/devicetree/base/model");
	if (strcmp(model, "linux,dummy-virt"))
		return false;
	snprintf(name, NAME_SIZE, "QEMU");
	return true;
}

/* Xen runs below dom0, too, but dom0 has the real hardware and runs the virtual machines. */
static bool is_xen_host(void)
{
	char text[NAME_SIZE];

	return !sysroot_read(text, sizeof(text), "/proc/xen/capabilities") &&
	       strstr(text, "control_d");
}

/**
 * host_look() - Find out what the host is
 *
 * Return: what was found. If there is no sign of a hypervisor, it is certain that there
 * is none only on a processor that would show it.
 */
struct host host_look(void)
{
	struct host host = { .virtual = cpu_tells() };
	char text[NAME_SIZE], *in, *end;

	if (is_xen_host())
		host.virtual = KNOWN_NO;
	else if (dmi_tells(host.hypervisor) || devicetree_tells(host.hypervisor))
		host.virtual = KNOWN_YES;

	/* The file has "none [integrity] confidentiality". */
	sysroot_read(text, sizeof(text), "/sys/kernel/security/lockdown");
	in = strchr(text, '[');
	end = in ? strchr(in, ']') : NULL;
	if (!end)
		return host;
	*end = '\0';
	if (strcmp(in + 1, "none"))
		snprintf(host.lockdown, sizeof(host.lockdown), "%s", in + 1);
	return host;
}
