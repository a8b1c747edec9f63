// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio-nosnoop alias: the list of vendor:device whose functions libvirt gives to the
 * driver by itself. The driver gets its aliases when DKMS builds it. So DKMS builds it
 * again for each kernel whose aliases differ from the list.
 */

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "ids.h"
#include "json.h"
#include "kernel.h"
#include "message.h"
#include "step.h"
#include "sysroot.h"

#define DKMS_TREE	"/var/lib/dkms/" DRIVER_NAME

static const char head[] =
"# Functions that libvirt gives to vfio-pci-nosnoop where its XML names no driver, as\n"
"# VENDOR:DEVICE. Made by vfio-nosnoop alias add, which has DKMS build the driver anew.\n";

/* A kernel for which DKMS has installed the driver */
struct build {
	char release[NAME_SIZE];
	char version[NAME_SIZE];	/* of the driver */
	bool begun;
};

static struct {
	char before[IDS_SIZE], text[IDS_SIZE];	/* the list */
	struct build *builds;
	int nr_builds;
	bool written;
} work;

/* LINK leads to VERSION/KERNEL/ARCHITECTURE, which may be gone if a build failed. */
static void add_build(const char *link)
{
	char path[PATH_SIZE], target[PATH_MAX];
	struct build build = { 0 };
	ssize_t length;

	sysroot_path(path, DKMS_TREE "/%s", link);
	length = readlink(path, target, sizeof(target) - 1);
	if (length < 0)
		return;
	target[length] = '\0';
	if (sscanf(target, "%63[^/]/%63[^/]/", build.version, build.release) != 2)
		return;
	work.builds = allocate(work.builds, work.nr_builds + 1, sizeof(build));
	work.builds[work.nr_builds++] = build;
}

static int is_link(const struct dirent *entry)
{
	return !strncmp(entry->d_name, "kernel-", strlen("kernel-"));
}

static void find_builds(void)
{
	struct dirent **entries;
	char path[PATH_SIZE];
	int count, i;

	sysroot_path(path, DKMS_TREE);
	count = scandir(path, &entries, is_link, versionsort);
	for (i = 0; i < count; i++) {
		add_build(entries[i]->d_name);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

static bool is_up_to_date(const struct build *build, const struct ids *ids)
{
	struct ids has = ids_of_kernel(build->release);
	bool same = ids_same(&has, ids);

	free(has.id);
	return same;
}

static bool write_list(const char *text)
{
	return *text ? step_file(IDS_FILE, text) : step_remove(IDS_FILE);
}

static bool build_again(const struct request *request, struct build *build,
			const struct ids *ids)
{
	build->begun = true;
	if (!step_dkms("build", build->version, build->release) ||
	    !step_dkms("install", build->version, build->release))
		return false;
	if (request->dry_run || is_up_to_date(build, ids))
		return true;
	complain("Linux %s: DKMS built the driver, and its aliases are not those in %s" IDS_FILE ": is its package older than this command?",
		 build->release, sysroot_prefix());
	return false;
}

static bool change(const struct request *request)
{
	struct ids ids;
	bool done = true;
	int i;

	if (strcmp(work.before, work.text)) {
		work.written = write_list(work.text);
		if (!work.written)
			return false;
	}
	ids = ids_of(work.text);
	for (i = 0; done && i < work.nr_builds; i++)
		if (!is_up_to_date(&work.builds[i], &ids))
			done = build_again(request, &work.builds[i], &ids);
	free(ids.id);
	return done;
}

/* Restores the list, and has the driver built for it again. */
static void undo(const struct request *request)
{
	struct ids ids;
	bool undone;
	int i;

	if (!work.written)
		return;
	ids = ids_of(work.before);
	undone = write_list(work.before);
	for (i = 0; undone && i < work.nr_builds; i++)
		if (work.builds[i].begun)
			undone = build_again(request, &work.builds[i], &ids);
	free(ids.id);
	if (undone)
		note("%s" IDS_FILE " and the driver's aliases are as they were", sysroot_prefix());
}

static void add(const char *id)
{
	struct ids ids = ids_of(work.text);

	if (!ids_has(&ids, id)) {
		if (!*work.text)
			memcpy(work.text, head, sizeof(head));
		ids_append(work.text, id);
	}
	free(ids.id);
}

static void drop(const char *id)
{
	struct ids ids = ids_of(work.text);

	if (!ids_has(&ids, id))
		complain("%s is not in %s" IDS_FILE ": 'vfio-nosnoop alias list' shows those there are",
			 id, sysroot_prefix());
	ids_drop(work.text, id);
	/* The last ID goes. A list of comments alone is of no use, so remove it. */
	if (ids.count == 1)
		*work.text = '\0';
	free(ids.id);
}

static void print_ids(const char *key, const struct ids *ids)
{
	int i;

	json_open(key, '[');
	for (i = 0; i < ids->count; i++)
		json_string(NULL, ids->id[i]);
	json_close(']');
}

static void print_document(const struct request *request, const struct ids *ids)
{
	struct ids has;
	int i;

	message_document_begin(request->command);
	json_tristate("ok", !complaints());
	json_tristate("dry_run", request->dry_run);
	print_ids("ids", ids);
	json_open("kernels", '[');
	for (i = 0; i < work.nr_builds; i++) {
		has = ids_of_kernel(work.builds[i].release);
		json_open(NULL, '{');
		json_string("release", work.builds[i].release);
		print_ids("ids", &has);
		json_close('}');
		free(has.id);
	}
	json_close(']');
	steps_json("steps");
	complaints_json("errors");
	json_close('}');
}

static void print_changes(const struct request *request, const struct ids *ids)
{
	const char *id;
	int i;

	for (i = 1; i < request->nr_words; i++) {
		id = request->words[i];
		printf("%s: is %sin the list\n", id, ids_has(ids, id) ? "" : "not ");
	}
	for (i = 0; i < work.nr_builds; i++)
		printf("Linux %s: the driver %s\n", work.builds[i].release,
		       work.builds[i].begun ? "was built again" : "has these aliases");
	if (!work.nr_builds)
		note("DKMS has the driver installed for no kernel: it makes the aliases when it builds it");
}

static int finish(const struct request *request)
{
	bool list = !strcmp(request->words[0], "list");
	struct ids ids;
	int i;

	ids_read(work.text);
	ids = ids_of(work.text);
	if (request->json)
		print_document(request, &ids);
	else if (list)
		for (i = 0; i < ids.count; i++)
			puts(ids.id[i]);
	else if (!complaints() && !request->dry_run)
		print_changes(request, &ids);
	free(ids.id);
	return complaints() ? EXIT_FAILED : 0;
}

/* Checks for each kernel that the driver's aliases are those in the list. */
static int list(const struct request *request)
{
	struct ids ids = ids_of(work.text);
	int i;

	for (i = 0; i < work.nr_builds; i++) {
		const struct build *build = &work.builds[i];

		if (!is_up_to_date(build, &ids))
			complain("Linux %s: the driver's aliases are not those in %s" IDS_FILE ", have it built again: dkms build --force vfio-pci-nosnoop/%s -k %s && dkms install --force vfio-pci-nosnoop/%s -k %s",
				 build->release, sysroot_prefix(), build->version,
				 build->release, build->version, build->release);
	}
	free(ids.id);
	return finish(request);
}

/* From here on all IDs are in lower case. */
static void check_words(const struct request *request)
{
	const char *verb = request->nr_words ? request->words[0] : "";
	bool lists = !strcmp(verb, "list");
	int i;

	if (strcmp(verb, "add") && strcmp(verb, "remove") && !lists)
		usage_error("say what alias is to do: add, remove or list");
	if (lists && (request->nr_words > 1 || request->dry_run))
		usage_error("alias list shows all, and changes nothing: leave the rest out");
	if (!lists && request->nr_words == 1)
		usage_error("alias %s needs VENDOR:DEVICE", verb);
	for (i = 1; i < request->nr_words; i++)
		if (!id_parse(request->words[i], request->words[i]))
			usage_error("'%s' is no ID: write VENDOR:DEVICE as 'lspci -nn' does, such as 10de:1eb8",
				    request->words[i]);
}

/**
 * command_alias() - Show or edit the list, and have the driver built for it
 * @request: what was asked
 *
 * Return: the exit status.
 */
int command_alias(struct request *request)
{
	bool adds;
	int i;

	check_words(request);
	steps_begin(request->dry_run, request->json);
	find_builds();
	ids_read(work.before);
	memcpy(work.text, work.before, sizeof(work.text));
	if (!strcmp(request->words[0], "list"))
		return list(request);

	if (sysroot_is_running() && geteuid() && !request->dry_run)
		die("only root may change the list: try sudo");
	if (!sysroot_has(DKMS_TREE))
		die("DKMS does not have the driver, and without DKMS the driver gets no aliases: install vfio-pci-nosnoop-dkms");
	adds = !strcmp(request->words[0], "add");
	for (i = 1; i < request->nr_words; i++)
		(adds ? add : drop)(request->words[i]);
	if (!complaints() && !change(request))
		undo(request);
	return finish(request);
}
