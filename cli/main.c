// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio-nosnoop: which PCI functions can bypass the CPU caches, and giving them
 * to the driver vfio-pci-nosnoop, which keeps them from it
 */

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attribute.h"
#include "commands.h"
#include "message.h"
#include "paste.h"

static const char help[] =
"usage: vfio-nosnoop [OPTION]... list [ADDRESS]...\n"
"       vfio-nosnoop [OPTION]... status [ADDRESS]...\n"
"       vfio-nosnoop [OPTION]... bind ADDRESS...\n"
"       vfio-nosnoop [OPTION]... unbind ADDRESS...\n"
"\n"
"Tells which PCI functions may send requests that bypass the CPU caches (No\n"
"Snoop), and binds them to vfio-pci-nosnoop, which holds that off in a virtual\n"
"machine. An ADDRESS is 0000:01:00.0, 01:00.0, libvirt's pci_0000_01_00_0 or, for\n"
"all functions of a slot, 01:00.\n"
"\n"
"  list      a line for each function\n"
"  status    all about a function, with a verdict and what to do next\n"
"  bind      give it to vfio-pci-nosnoop\n"
"  unbind    give it back to the driver that the kernel chooses\n"
"\n"
"  -n, --dry-run    bind, unbind: check, and show what would be written\n"
"      --group      bind, unbind: all functions of the IOMMU group\n"
"      --persist    bind, unbind: over boots, too, with driverctl\n"
"      --force      bind: also what the host uses for itself\n"
"      --for PROGRAM  status: the lines to paste for libvirt, qemu, proxmox, nova or\n"
"                   kubevirt\n"
"  -F, --file FILE  list, status: look at what lspci -xxx printed, in FILE or -\n"
"      --iort FILE  list, status: with -F, the table IORT of that machine, of Arm's\n"
"      --class CLASS, -d, --id VENDOR:DEVICE, --driver NAME\n"
"                   list, status: those only; NAME may be none\n"
"  -S, --root DIR   look at DIR/sys, DIR/proc and so on\n"
"      --json       print a JSON document\n"
"  -h, --help       show this\n"
"  -V, --version    show the version\n"
"\n"
"Exit status: 0, all is well; 1, something failed, or a device is not there; 2,\n"
"wrong arguments. Of status: 3, a function can be non-coherent; 4, it is not known;\n"
"5, a guest can get around the driver.\n";

static const struct command {
	const char *name;
	int (*run)(struct request *request);
	bool binds;
	bool needs_target;
} commands[] = {
	{ "list", command_list, false, false },
	{ "status", command_status, false, false },
	{ "bind", command_bind, true, true },
	{ "unbind", command_unbind, true, true },
};

enum {
	OPTION_GROUP = 256,
	OPTION_CLASS,
	OPTION_DRIVER,
	OPTION_PERSIST,
	OPTION_FOR,
	OPTION_FORCE,
	OPTION_IORT,
	OPTION_JSON,
};

static const struct option options[] = {
	{ "dry-run", no_argument, NULL, 'n' },
	{ "group", no_argument, NULL, OPTION_GROUP },
	{ "persist", no_argument, NULL, OPTION_PERSIST },
	{ "for", required_argument, NULL, OPTION_FOR },
	{ "force", no_argument, NULL, OPTION_FORCE },
	{ "file", required_argument, NULL, 'F' },
	{ "class", required_argument, NULL, OPTION_CLASS },
	{ "iort", required_argument, NULL, OPTION_IORT },
	{ "id", required_argument, NULL, 'd' },
	{ "driver", required_argument, NULL, OPTION_DRIVER },
	{ "root", required_argument, NULL, 'S' },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ }
};

static void set_root(const char *root)
{
	int error = tree_set(root);

	if (error)
		die("--root %s: %s", root, strerror(-error));
}

static void take_option(struct request *request, int option, const char *argument)
{
	switch (option) {
	case 'n':
		request->dry_run = true;
		break;
	case OPTION_GROUP:
		request->whole_group = true;
		break;
	case OPTION_PERSIST:
		request->persist = true;
		break;
	case OPTION_FOR:
		request->paste_for = argument;
		break;
	case OPTION_FORCE:
		request->force = true;
		break;
	case 'F':
		request->dump = argument;
		break;
	case OPTION_CLASS:
		request->class = argument;
		break;
	case OPTION_IORT:
		iort_use(argument);
		break;
	case 'd':
		request->id = argument;
		break;
	case OPTION_DRIVER:
		request->driver = argument;
		break;
	case 'S':
		set_root(argument);
		break;
	case OPTION_JSON:
		request->json = true;
		break;
	case 'h':
		fputs(help, stdout);
		exit(0);
	case 'V':
		puts("vfio-nosnoop " VERSION);
		exit(0);
	default:
		break;
	}
}

/* The word, or the letter in it */
__noreturn
static void wrong_option(bool no_value, const char *word)
{
	char letter[] = { '-', optopt, '\0' };

	if (strncmp(word, "--", 2))
		word = letter;
	if (no_value)
		usage_error("%s needs a value", word);
	usage_error("there is no option %s", word);
}

static void take_options(struct request *request, int argc, char **argv)
{
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":nF:d:S:hV", options, NULL)) >= 0) {
		if (option == '?' || option == ':')
			wrong_option(option == ':', argv[optind - 1]);
		take_option(request, option, optarg);
	}
}

static const struct command *find_command(const char *name)
{
	unsigned int i;

	if (!name)
		usage_error("say what to do: list, status, bind or unbind");
	for (i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	usage_error("there is no command %s: list, status, bind or unbind", name);
}

/* Options that mean nothing to a command are a mistake, and maybe a bad one. */
static void check_options(const struct request *request, const struct command *command)
{
	if (command->binds && request->dump)
		usage_error("--file is for list and status: a dump cannot be bound");
	if (request->paste_for && (command->run != command_status || request->json))
		usage_error("--for is for status, and not for --json");
	if (request->paste_for && !paste_knows(request->paste_for))
		usage_error("--for %s: it is for libvirt, qemu, proxmox, nova or kubevirt",
			    request->paste_for);
	if (iort_is_given() && !request->dump)
		usage_error("--iort is for a dump: it goes with --file");
	if (command->binds && (request->class || request->id || request->driver))
		usage_error("--class, --id and --driver are for list and status: name what is to be bound");
	if (command->binds)
		return;
	if (request->dry_run || request->whole_group || request->persist)
		usage_error("--dry-run, --group and --persist are for bind and unbind");
	if (request->force)
		usage_error("--force is for bind");
}

/* Before any error, of options too, for that to be in a document */
static bool wants_json(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--"); i++)
		if (!strcmp(argv[i], "--json"))
			return true;
	return false;
}

int main(int argc, char **argv)
{
	static struct request request;
	static struct address *addresses;
	const struct command *command;
	int count, status;

	if (wants_json(argc, argv))
		message_document(NULL);
	take_options(&request, argc, argv);
	command = find_command(argv[optind]);
	request.command = command->name;
	if (request.json)
		message_document(request.command);
	check_options(&request, command);

	count = argc - optind - 1;
	if (!count && (command->needs_target || request.paste_for))
		usage_error("%s needs the address of a device", command->name);
	addresses = targets_parse(argv + optind + 1, count);
	targets_check_filters(&request);
	machine_load(&request.machine, request.dump);
	targets_find(&request, addresses, count);
	status = command->run(&request);

	if (fflush(stdout) || ferror(stdout))
		die("the output could not be written: %s", strerror(errno));
	return status;
}
