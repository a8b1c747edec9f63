// SPDX-License-Identifier: GPL-2.0-only
/*
 * --govern-pf of bind and unbind. With its parameter govern_pf the driver clears Enable
 * No Snoop in the PF of a VF that is opened. The parameter is changed now and, with
 * --persist, for each time that the module is loaded.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "govern.h"
#include "kernel.h"
#include "message.h"
#include "step.h"

#define PARAMETER	"govern_pf"
#define OPTION_FILE	"/etc/modprobe.d/vfio-pci-nosnoop-govern-pf.conf"

static const char option_text[] =
"# vfio-nosnoop bind --govern-pf --persist has made this file. To remove it: vfio-nosnoop unbind --govern-pf --persist\n"
"options vfio-pci-nosnoop govern_pf=1\n";

static struct {
	bool on;
	bool parameter;			/* the parameter was changed */
	bool file;			/* the file was changed */
} done;

/* KNOWN_YES if the file is as --persist makes it, KNOWN_NO if there is none */
static enum tristate has_file(void)
{
	char text[sizeof(option_text) + 1];
	int error = sysroot_read(text, sizeof(text), OPTION_FILE);

	if (error)
		return error == -ENOENT ? KNOWN_NO : NOT_KNOWN;
	return strlen(text) == sizeof(option_text) - 2 &&
	       !strncmp(text, option_text, strlen(text)) ? KNOWN_YES : NOT_KNOWN;
}

static bool check_parameter(void)
{
	if (!kernel_parameters().lacks_govern_pf)
		return true;
	complain("the driver that is loaded has no parameter " PARAMETER ": install a newer one, and load that");
	return false;
}

static void check_file(void)
{
	if (has_file() == NOT_KNOWN)
		complain("%s" OPTION_FILE " is not as --persist makes it: look at it, and remove it yourself",
			 sysroot_prefix());
	if (kernel_parameter(PARAMETER) != NOT_KNOWN &&
	    !sysroot_has("/sys/module/vfio_pci_nosnoop/initstate"))
		complain("the driver is a part of this kernel, for which --persist cannot keep govern_pf: put vfio_pci_nosnoop.govern_pf=1 on the kernel's command line, and leave --persist out");
}

/**
 * govern_check() - Check that --govern-pf can be done, and complain of what is in the way
 * @request: what was asked, with the functions that were named
 */
void govern_check(const struct request *request)
{
	int i;

	if (!request->govern_pf)
		return;
	for (i = 0; i < request->nr_targets; i++)
		if (!request->targets[i]->vf || !*request->targets[i]->pf)
			complain("%s: --govern-pf is for VFs, and this has no PF",
				 request->targets[i]->bdf);
	check_parameter();
	if (request->persist)
		check_file();
}

/**
 * govern() - Turn the parameter on or off, if the user said --govern-pf
 * @request: what was asked
 * @on: true to turn it on
 *
 * Return: false after a complaint if something failed.
 */
bool govern(const struct request *request, bool on)
{
	enum tristate was = kernel_parameter(PARAMETER);

	if (!request->govern_pf)
		return true;
	done.on = on;
	if (!check_parameter())
		return false;
	/* The driver may not be loaded on a dry run of bind; a real run would have loaded it. */
	if (was != (on ? KNOWN_YES : KNOWN_NO) && (on || was != NOT_KNOWN)) {
		if (!step_parameter(PARAMETER, on))
			return false;
		done.parameter = true;
	}
	if (!request->persist || has_file() == (on ? KNOWN_YES : KNOWN_NO))
		return true;
	done.file = on ? step_file(OPTION_FILE, option_text) : step_remove(OPTION_FILE);
	return done.file;
}

/**
 * govern_undo() - Put back what govern() changed
 */
void govern_undo(void)
{
	bool undone = true;

	if (done.file)
		undone = done.on ? step_remove(OPTION_FILE) :
				   step_file(OPTION_FILE, option_text);
	if (done.parameter)
		undone = step_parameter(PARAMETER, !done.on) && undone;
	if ((done.file || done.parameter) && undone)
		note(PARAMETER " is as it was");
}

/* govern_pf is one parameter for all VFs. */
static void tell_of_others(const struct request *request)
{
	int i, others = 0;

	for (i = 0; i < request->machine.count; i++) {
		const struct device *device = &request->machine.devices[i];

		if (device->vf && device_is_ours(device) && !targets_has(request, device))
			others++;
	}
	if (others)
		note(PARAMETER " is off for %d other VF%s, too: opening %s is refused while the bit of the PF is set",
		     others, others == 1 ? "" : "s", others == 1 ? "it" : "one of them");
}

/**
 * govern_tell() - Tell what was done
 * @request: what was asked
 */
void govern_tell(const struct request *request)
{
	if (!request->govern_pf)
		return;
	if (!request->json && !request->dry_run)
		printf(PARAMETER " %s %s%s\n", done.parameter ? "was turned" : "is",
		       done.on ? "on" : "off",
		       done.on && has_file() == KNOWN_YES ? ", also after the next boot" : "");
	if (done.on)
		return;
	tell_of_others(request);
	if (!request->persist && has_file() == KNOWN_YES)
		note("%s" OPTION_FILE " turns it on again when the module is loaded: with --persist that is removed",
		     sysroot_prefix());
}
