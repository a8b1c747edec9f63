// SPDX-License-Identifier: GPL-2.0-only
/*
 * What bind and unbind check before they touch anything. Each check says what to do.
 * All checks are made, so that the user sees all problems at once.
 */

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bind.h"
#include "host_needs.h"
#include "kernel.h"
#include "message.h"
#include "vfio_users.h"

/**
 * bind_check_root() - End the program if the user has to be root, and is not
 * @request: what was asked
 */
void bind_check_root(const struct request *request)
{
	if (sysroot_is_running() && geteuid() && !request->dry_run)
		die("only root may %s: try sudo", request->command);
}

/* VFIO would ask the user of an open function to close it, and wait until it is closed. */
static void check_open(const struct device *device)
{
	struct user user;

	switch (vfio_user_of(device->bdf, device->group, &user)) {
	case HOLDS_NOTHING:
		return;
	case HOLDS_GROUP:
		complain("%s: its IOMMU group %d is in use by process %d (%s): end that first",
			 device->bdf, device->group, user.pid, user.name);
		return;
	case HOLDS_DEVICE:
		complain("%s: it is in use by process %d (%s): end that first",
			 device->bdf, user.pid, user.name);
	}
}

static void check_needed(const struct request *request, const struct device *device)
{
	char what[PATH_SIZE + 64];

	if (request->force || !*device->driver || device->vfio ||
	    !host_needs(device->bdf, what, sizeof(what)))
		return;
	complain("%s: the host uses it for %s: give that up first, or use --force",
		 device->bdf, what);
}

static void check_group(const struct request *request, const struct device *device)
{
	char names[PATH_SIZE] = "";
	int i, length = 0, hosts = 0;

	if (device->group < 0)
		return;
	for (i = 0; i < request->machine.count; i++) {
		const struct device *other = &request->machine.devices[i];

		if (other->group != device->group || !device_is_hosts(other) ||
		    targets_has(request, other))
			continue;
		if (length < (int)sizeof(names))
			length += snprintf(names + length, sizeof(names) - length, "%s%s (%s)",
					   hosts ? ", " : "", other->bdf, other->driver);
		hosts++;
	}
	if (hosts)
		complain("%s: IOMMU group %d is given to a user as a whole, but %s %s bound to the host's driver%s: bind all with --group",
			 device->bdf, device->group, names, hosts == 1 ? "is" : "are",
			 hosts == 1 ? "" : "s");
}

/* Each refusal comes with a way out. */
static void check_denied(const struct request *request, const struct device *device)
{
	const char *words = device_denial_words(device->denial), *bdf = device->bdf;
	enum denial denial = device->denial;

	if (denial == DENIED_IGD)
		complain("%s: the driver refuses it: %s: use vfio-pci", bdf, words);
	if (denial == DENIED_ERRATA)
		complain("%s: the driver refuses it: %s: for trusted users, load it with disable_denylist=1",
			 bdf, words);
	/* The driver looks at strict only when a function is bound. A bound one stays bound. */
	if (denial == DENIED_STRICT && (!device_is_ours(device) || request->persist))
		complain("%s: the driver refuses it: %s: %s", bdf, words,
			 device->knows.back_door);
}

/* What the driver or VFIO would refuse */
static void check_refused(const struct request *request, const struct device *device)
{
	if (device->seen.bridge)
		complain("%s: a bridge is not given to a user", device->bdf);
	else if (!device->seen.answers)
		complain("%s: it does not answer, its config space reads all ones", device->bdf);
	else if (device->seen.pcie == KNOWN_NO)
		complain("%s: it has no PCI Express capability, so no Enable No Snoop to hold: use vfio-pci",
			 device->bdf);
	else if (device->denial != NOT_DENIED)
		check_denied(request, device);
	else if (device->group < 0)
		complain("%s: it has no IOMMU group, so VFIO cannot isolate it: %s", device->bdf,
			 request->machine.host.virtual == KNOWN_YES ?
			 "this is a virtual machine, and its host has to give it an IOMMU" :
			 "turn the IOMMU on, in the firmware and with intel_iommu=on on Intel's machines");
}

static void check_module(void)
{
	char release[NAME_SIZE], path[PATH_SIZE];

	if (kernel_has_driver())
		return;
	if (!kernel_find_program("modprobe", path, sizeof(path)))
		complain("the driver is not loaded, and there is no modprobe");
	else if (kernel_has_module(release, sizeof(release)) == KNOWN_NO)
		complain("the module " DRIVER_NAME " is not installed for Linux %s: install it first",
			 release);
}

static void check_driverctl(const char *why)
{
	char path[PATH_SIZE];

	if (!kernel_find_program("driverctl", path, sizeof(path)))
		complain("%s, which is not installed: on Debian, apt install driverctl", why);
}

/**
 * bind_check() - Check that the targets can be bound, and complain of what is in the way
 * @request: what was asked
 */
void bind_check(const struct request *request)
{
	int i;

	check_module();
	if (request->persist)
		check_driverctl("--persist needs driverctl");
	for (i = 0; i < request->nr_targets; i++) {
		const struct device *device = request->targets[i];

		check_refused(request, device);
		check_group(request, device);
		if (!bind_is_needed(request, device))
			continue;
		check_open(device);
		check_needed(request, device);
	}
}

/**
 * unbind_check() - Check that the targets can be given back, and complain of what is in the way
 * @request: what was asked
 */
void unbind_check(const struct request *request)
{
	int i;

	for (i = 0; i < request->nr_targets; i++) {
		const struct device *device = request->targets[i];

		if (!device_is_ours(device) && strcmp(device->override, DRIVER_NAME) &&
		    strcmp(device->saved, DRIVER_NAME))
			complain("%s: it is not bound to " DRIVER_NAME ", but to %s: there is nothing to give back",
				 device->bdf, *device->driver ? device->driver : "no driver");
		else
			check_open(device);
		if (bind_is_saved(request, device))
			check_driverctl("this device is saved by driverctl");
	}
}
