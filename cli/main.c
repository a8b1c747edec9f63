// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio-nosnoop shows which PCI functions can bypass the CPU caches, and gives them to
 * the driver vfio-pci-nosnoop, which prevents that.
 */

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attribute.h"
#include "color.h"
#include "commands.h"
#include "message.h"
#include "paste.h"

static const char help[] =
"usage: vfio-nosnoop [OPTION]... list [ADDRESS]...\n"
"       vfio-nosnoop [OPTION]... status [ADDRESS]...\n"
"       vfio-nosnoop [OPTION]... bind ADDRESS...\n"
"       vfio-nosnoop [OPTION]... unbind ADDRESS...\n"
"       vfio-nosnoop [OPTION]... alias add|remove VENDOR:DEVICE...\n"
"       vfio-nosnoop [OPTION]... alias list\n"
"\n"
"Shows which PCI functions may send requests that bypass the CPU caches (No\n"
"Snoop), and binds them to vfio-pci-nosnoop, which prevents that in a virtual\n"
"machine. An ADDRESS is 0000:01:00.0, 01:00.0, libvirt's pci_0000_01_00_0 or, for\n"
"all functions of a slot, 01:00.\n"
"\n"
"  list      a line for each function\n"
"  status    all about a function, with a verdict and what to do next\n"
"  bind      give it to vfio-pci-nosnoop\n"
"  unbind    give it back to the driver that the kernel chooses\n"
"  alias     the IDs of functions that libvirt gives to vfio-pci-nosnoop by itself,\n"
"            for which DKMS builds it again\n"
"\n"
"  -n, --dry-run    bind, unbind, alias: check, and show what would be done\n"
"      --group      bind, unbind: all functions of the IOMMU group\n"
"      --persist    bind, unbind: at each boot, too, with driverctl\n"
"      --govern-pf  bind, unbind: for VFs, turn on or off that the driver clears their\n"
"                   PF's bit while one is open\n"
"      --force      bind: also what the host uses for itself\n"
"      --for PROGRAM  status: the lines to paste for libvirt, qemu, proxmox, nova or\n"
"                   kubevirt\n"
"  -F, --file FILE  list, status: look at what lspci -xxx printed, in FILE or -\n"
"      --iort FILE  list, status: with -F, the table IORT of that machine, if it is Arm's\n"
"      --class CLASS, -d, --id VENDOR:DEVICE, --driver NAME\n"
"                   list, status: only those functions; NAME may be none\n"
"  -S, --root DIR   look at DIR/sys, DIR/proc and so on\n"
"      --tree       list: draw buses, bridges, IOMMU groups and functions as a tree\n"
"      --color WHEN list: always, never or, which is the default, auto\n"
"      --json       print a JSON document\n"
"  -h, --help       show this\n"
"  -V, --version    show the version\n"
"\n"
"Exit status: 0, all is well; 1, something failed, or a device is not there; 2,\n"
"wrong arguments. With status: 3, a function can be non-coherent; 4, it is not known;\n"
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
	{ "alias", command_alias, false, false },
};

enum {
	OPTION_GROUP = 256,
	OPTION_CLASS,
	OPTION_DRIVER,
	OPTION_PERSIST,
	OPTION_FOR,
	OPTION_FORCE,
	OPTION_GOVERN_PF,
	OPTION_COLOR,
	OPTION_IORT,
	OPTION_JSON,
	OPTION_TREE,
};

static const struct option options[] = {
	{ "dry-run", no_argument, NULL, 'n' },
	{ "group", no_argument, NULL, OPTION_GROUP },
	{ "persist", no_argument, NULL, OPTION_PERSIST },
	{ "for", required_argument, NULL, OPTION_FOR },
	{ "govern-pf", no_argument, NULL, OPTION_GOVERN_PF },
	{ "force", no_argument, NULL, OPTION_FORCE },
	{ "file", required_argument, NULL, 'F' },
	{ "class", required_argument, NULL, OPTION_CLASS },
	{ "iort", required_argument, NULL, OPTION_IORT },
	{ "id", required_argument, NULL, 'd' },
	{ "driver", required_argument, NULL, OPTION_DRIVER },
	{ "root", required_argument, NULL, 'S' },
	{ "tree", no_argument, NULL, OPTION_TREE },
	{ "color", required_argument, NULL, OPTION_COLOR },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ }
};

static void set_root(const char *root)
{
	int error = sysroot_set(root);

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
	case OPTION_GOVERN_PF:
		request->govern_pf = true;
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
	case OPTION_COLOR:
		request->color = argument;
		break;
	case OPTION_TREE:
		request->tree = true;
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

/* The message names the word, or the one letter of it that is wrong. */
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
		usage_error("say what to do: list, status, bind, unbind or alias");
	for (i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	usage_error("there is no command %s: list, status, bind, unbind or alias", name);
}

/* An option that means nothing to a command is a mistake, and maybe a bad one. */
static void check_options(const struct request *request, const struct command *command)
{
	bool alias = command->run == command_alias;

	if (alias && (request->dump || request->class || request->id || request->driver ||
		      request->whole_group || request->persist || request->govern_pf ||
		      request->force))
		usage_error("alias has the options --dry-run, --root and --json only");
	if (command->binds && request->dump)
		usage_error("--file is for list and status: a dump cannot be bound");
	if (request->paste_for && (command->run != command_status || request->json))
		usage_error("--for is for status, and not for --json");
	if (request->paste_for && !paste_knows(request->paste_for))
		usage_error("--for %s: it is for libvirt, qemu, proxmox, nova or kubevirt",
			    request->paste_for);
	if ((request->tree || request->color) &&
	    (command->run != command_list || request->json))
		usage_error("--tree and --color are for list, and not for --json");
	if (!color_use(request->color ? request->color : "auto"))
		usage_error("--color %s: it is always, never or auto", request->color);
	if (iort_is_given() && !request->dump)
		usage_error("--iort is for a dump: it goes with --file");
	if (command->binds && (request->class || request->id || request->driver))
		usage_error("--class, --id and --driver are for list and status: name what is to be bound");
	if (command->binds || alias)
		return;
	if (request->dry_run || request->whole_group || request->persist || request->govern_pf)
		usage_error("--dry-run, --group, --persist and --govern-pf are for bind and unbind");
	if (request->force)
		usage_error("--force is for bind");
}

/* This has to be known before the first error, so that a wrong option is in a document, too. */
static bool wants_json(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--"); i++)
		if (!strcmp(argv[i], "--json"))
			return true;
	return false;
}

/* Returns the status if all output was written. */
static int end_with(int status)
{
	if (fflush(stdout) || ferror(stdout))
		die("the output could not be written: %s", strerror(errno));
	return status;
}

int main(int argc, char **argv)
{
	static struct request request;
	static struct address *addresses;
	const struct command *command;
	int count;

	if (wants_json(argc, argv))
		message_document(NULL);
	take_options(&request, argc, argv);
	command = find_command(argv[optind]);
	request.command = command->name;
	if (request.json)
		message_document(request.command);
	check_options(&request, command);

	count = argc - optind - 1;
	request.words = argv + optind + 1;
	request.nr_words = count;
	if (command->run == command_alias)
		return end_with(command_alias(&request));
	if (!count && (command->needs_target || request.paste_for))
		usage_error("%s needs the address of a device", command->name);
	addresses = targets_parse(argv + optind + 1, count);
	targets_check_filters(&request);
	machine_load(&request.machine, request.dump);
	targets_find(&request, addresses, count);
	return end_with(command->run(&request));
}
