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

static const char help[] =
"usage: vfio-nosnoop [OPTION]... list [ADDRESS]...\n"
"       vfio-nosnoop [OPTION]... status ADDRESS...\n"
"       vfio-nosnoop [OPTION]... bind ADDRESS...\n"
"       vfio-nosnoop [OPTION]... unbind ADDRESS...\n"
"\n"
"Tells which PCI functions may send requests that bypass the CPU caches (No\n"
"Snoop), and binds them to vfio-pci-nosnoop, which holds that off in a virtual\n"
"machine. An ADDRESS is 0000:01:00.0 or 01:00.0.\n"
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
"  -F, --file FILE  list, status: look at what lspci -xxx printed, in FILE or -\n"
"  -S, --root DIR   look at DIR/sys, DIR/proc and so on\n"
"      --json       print a JSON document\n"
"  -h, --help       show this\n"
"  -V, --version    show the version\n"
"\n"
"Exit status: 0, all is well; 1, something failed; 2, wrong arguments. Of status:\n"
"3, a function can be non-coherent; 4, it is not known; 5, a guest can get around\n"
"the driver.\n";

static const struct command {
	const char *name;
	int (*run)(struct request *request);
	bool binds;
	bool needs_target;
} commands[] = {
	{ "list", command_list, false, false },
	{ "status", command_status, false, true },
	{ "bind", command_bind, true, true },
	{ "unbind", command_unbind, true, true },
};

enum { OPTION_GROUP = 256, OPTION_PERSIST, OPTION_FORCE, OPTION_JSON };

static const struct option options[] = {
	{ "dry-run", no_argument, NULL, 'n' },
	{ "group", no_argument, NULL, OPTION_GROUP },
	{ "persist", no_argument, NULL, OPTION_PERSIST },
	{ "force", no_argument, NULL, OPTION_FORCE },
	{ "file", required_argument, NULL, 'F' },
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
	case OPTION_FORCE:
		request->force = true;
		break;
	case 'F':
		request->dump = argument;
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
	while ((option = getopt_long(argc, argv, ":nF:S:hV", options, NULL)) >= 0) {
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
	if (command->binds)
		return;
	if (request->dry_run || request->whole_group || request->persist)
		usage_error("--dry-run, --group and --persist are for bind and unbind");
	if (request->force)
		usage_error("--force is for bind");
}

/* As they are named, but each once */
static void find_targets(struct request *request, struct address *addresses, int count)
{
	char bdf[ADDRESS_SIZE];
	struct device *device;
	int i, j;

	request->targets = allocate(NULL, count ? count : request->machine.count,
				    sizeof(*request->targets));
	for (i = 0; i < count; i++) {
		address_format(&addresses[i], bdf);
		device = machine_find(&request->machine, &addresses[i]);
		if (!device)
			die("there is no device %s%s%s: 'vfio-nosnoop list' shows those there are",
			    bdf, request->dump ? " in " : "",
			    request->dump ? request->machine.dump : "");
		for (j = 0; j < request->nr_targets; j++)
			if (request->targets[j] == device)
				break;
		if (j == request->nr_targets)
			request->targets[request->nr_targets++] = device;
	}
	if (!count)
		for (i = 0; i < request->machine.count; i++)
			request->targets[request->nr_targets++] = &request->machine.devices[i];
}

int main(int argc, char **argv)
{
	static struct request request;
	static struct address *addresses;
	const struct command *command;
	const char *wrong;
	int count, status, i;

	take_options(&request, argc, argv);
	command = find_command(argv[optind]);
	request.command = command->name;
	check_options(&request, command);

	count = argc - optind - 1;
	if (!count && command->needs_target)
		usage_error("%s needs the address of a device", command->name);
	addresses = allocate(NULL, count, sizeof(*addresses));
	for (i = 0; i < count; i++) {
		wrong = address_parse(argv[optind + 1 + i], &addresses[i]);
		if (wrong)
			usage_error("'%s' %s", argv[optind + 1 + i], wrong);
	}

	machine_load(&request.machine, request.dump);
	find_targets(&request, addresses, count);
	status = command->run(&request);

	if (fflush(stdout) || ferror(stdout))
		die("the output could not be written: %s", strerror(errno));
	return status;
}
