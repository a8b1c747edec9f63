// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio-nosnoop bind and unbind. All functions are checked before the first is
 * touched; if one fails, what was done before is undone. Nothing is remembered
 * but what the kernel and driverctl remember.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "device_json.h"
#include "json.h"
#include "kernel.h"
#include "message.h"
#include "plan.h"
#include "users.h"

#define DEVICE	"/sys/bus/pci/devices/%s"
#define DRIVER	"/sys/bus/pci/drivers/%s"

enum result {
	RESULT_UNTOUCHED,
	RESULT_NOTHING_TO_DO,
	RESULT_DONE,
	RESULT_UNDONE,
	RESULT_STUCK,		/* neither done nor undone */
};

static const char * const result_words[] = {
	[RESULT_UNTOUCHED] = "untouched",
	[RESULT_NOTHING_TO_DO] = "nothing to do",
	[RESULT_DONE] = "done",
	[RESULT_UNDONE] = "undone",
	[RESULT_STUCK] = "stuck",
};

/* A function and how it was before */
struct job {
	struct device *device;
	struct device before;
	enum result result;
};

static struct {
	const struct request *request;
	char driverctl[TREE_PATH];	/* "" if it is not installed */
	char modprobe[TREE_PATH];
	struct job *jobs;
	int nr_jobs;
	struct step *steps;		/* done, or to be done */
	int nr_steps;
} work;

/* Steps */

static void tell_step(const struct step *step)
{
	char text[2 * TREE_PATH];

	work.steps = allocate(work.steps, work.nr_steps + 1, sizeof(*step));
	work.steps[work.nr_steps++] = *step;
	if (work.request->json)
		return;
	plan_words(step, text, sizeof(text));
	if (work.request->dry_run)
		printf("%s\n", text);
}

static const char *error_words(int error)
{
	static char text[128];

	snprintf(text, sizeof(text), "%s (%s)", strerrorname_np(error), strerror(error));
	return text;
}

/* Whether it went well; if not, that is told. On a dry run all does. */
static bool take_step(const struct step *step, const char *bdf)
{
	char text[2 * TREE_PATH], said[512] = "";
	int error;

	tell_step(step);
	if (work.request->dry_run)
		return true;
	error = plan_do(step);
	if (!error)
		return true;

	plan_words(step, text, sizeof(text));
	if (bdf)
		kernel_log_said(bdf, said, sizeof(said));
	if (error > 0)
		complain("%s%sfailed: %s", bdf ? bdf : "", bdf ? ": " : "", text);
	else
		complain("%s%s%s: %s%s%s", bdf ? bdf : "", bdf ? ": " : "",
			 error_words(-error), text,
			 *said ? "; the driver says: " : "", said);
	return false;
}

static bool write_override(const char *bdf, const char *value)
{
	char path[TREE_PATH];
	struct step step;

	tree_path(path, DEVICE "/driver_override", bdf);
	step = plan_write(value, path);
	return take_step(&step, bdf);
}

static bool write_unbind(const char *bdf, const char *driver)
{
	char path[TREE_PATH];
	struct step step;

	tree_path(path, DRIVER "/unbind", driver);
	step = plan_write(bdf, path);
	return take_step(&step, bdf);
}

/* Not drivers_probe, which has no errors to tell */
static bool write_bind(const char *bdf, const char *driver)
{
	char path[TREE_PATH];
	struct step step;

	tree_path(path, DRIVER "/bind", driver);
	step = plan_write(bdf, path);
	return take_step(&step, bdf);
}

static bool write_probe(const char *bdf)
{
	char path[TREE_PATH];
	struct step step;

	tree_path(path, "/sys/bus/pci/drivers_probe");
	step = plan_write(bdf, path);
	return take_step(&step, bdf);
}

/* It unbinds, writes driver_override and saves it. To bind is ours, for its errno. */
static bool run_driverctl(const char *bdf, const char *verb, const char *driver)
{
	const struct step step = plan_run(work.driverctl, "--noprobe", verb, bdf,
					  driver, NULL);

	return take_step(&step, bdf);
}

/* Checks. Each says what to do; all are made, for all to be told at once. */

static void check_root(const struct request *request)
{
	if (tree_is_ours() && geteuid() && !request->dry_run)
		die("only root may %s: try sudo", request->command);
}

/* VFIO has its user close a function before it lets go of it, and waits. */
static void check_open(const struct device *device)
{
	struct user user;

	switch (users_of(device->bdf, device->group, &user)) {
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
	char what[TREE_PATH + 64];

	if (request->force || !*device->driver || device->vfio ||
	    !users_need(device->bdf, what, sizeof(what)))
		return;
	complain("%s: the host uses it for %s: give that up first, or use --force",
		 device->bdf, what);
}

static bool is_target(const struct request *request, const struct device *device)
{
	int i;

	for (i = 0; i < request->nr_targets; i++)
		if (request->targets[i] == device)
			return true;
	return false;
}

static void check_group(const struct request *request, const struct device *device)
{
	char names[TREE_PATH] = "";
	int i, length = 0, hosts = 0;

	if (device->group < 0)
		return;
	for (i = 0; i < request->machine.count; i++) {
		const struct device *other = &request->machine.devices[i];

		if (other->group != device->group || !device_is_hosts(other) ||
		    is_target(request, other))
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

/* Each with what leads out of it */
static void check_denied(const struct request *request, const struct device *device)
{
	const char *words = device_denial_words(device->denial), *bdf = device->bdf;
	enum denial denial = device->denial;

	if (denial == DENIED_IGD)
		complain("%s: the driver refuses it: %s: use vfio-pci", bdf, words);
	if (denial == DENIED_ERRATA)
		complain("%s: the driver refuses it: %s: for trusted users, load it with disable_denylist=1",
			 bdf, words);
	/* It is looked at when a function is bound. One that is bound stays so. */
	if (denial == DENIED_STRICT && (!device_is_ours(device) || request->persist))
		complain("%s: the driver refuses it: %s: %s", bdf, words,
			 device->knows.back_door);
}

/* What the driver would refuse, or VFIO */
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
	char release[TREE_WORD];

	if (kernel_has_driver())
		return;
	if (!kernel_find_program("modprobe", work.modprobe, sizeof(work.modprobe)))
		complain("the driver is not loaded, and there is no modprobe");
	else if (kernel_has_module(release, sizeof(release)) == KNOWN_NO)
		complain("the module " DRIVER_NAME " is not installed for Linux %s: install it first",
			 release);
}

static void need_driverctl(const char *who)
{
	if (!*work.driverctl &&
	    !kernel_find_program("driverctl", work.driverctl, sizeof(work.driverctl))) {
		*work.driverctl = '\0';
		complain("%s, which is not installed: on Debian, apt install driverctl", who);
	}
}

/* Binding */

static bool is_bound(const struct device *device, const char *driver)
{
	return !strcmp(device->driver, driver);
}

/* driver_override as it was; a job of which nothing is left to undo is undone */
static bool undo_driver(struct job *job)
{
	const struct device *before = &job->before;
	const char *bdf = before->bdf;

	device_refresh(job->device);
	if (strcmp(job->device->override, before->override) &&
	    !write_override(bdf, before->override))
		return false;
	if (is_bound(job->device, before->driver))
		return true;
	if (*job->device->driver && !write_unbind(bdf, job->device->driver))
		return false;
	return !*before->driver || write_bind(bdf, before->driver);
}

/* What driverctl keeps for the next boot */
static bool undo_saved(struct job *job)
{
	const struct device *before = &job->before;

	device_refresh(job->device);
	if (!strcmp(job->device->saved, before->saved))
		return true;
	return *before->saved ?
	       run_driverctl(before->bdf, "set-override", before->saved) :
	       run_driverctl(before->bdf, "unset-override", NULL);
}

static bool is_as_before(const struct job *job)
{
	return is_bound(job->device, job->before.driver) &&
	       !strcmp(job->device->override, job->before.override) &&
	       !strcmp(job->device->saved, job->before.saved);
}

static void undo(struct job *job)
{
	const char *driver = *job->before.driver ? job->before.driver : "no driver";
	bool done;

	device_refresh(job->device);
	if (is_as_before(job)) {
		job->result = RESULT_UNDONE;
		return;
	}
	done = undo_saved(job);
	done = undo_driver(job) && done;
	device_refresh(job->device);
	if (done && is_as_before(job)) {
		job->result = RESULT_UNDONE;
		note("%s: given back to %s", job->before.bdf, driver);
		return;
	}
	job->result = RESULT_STUCK;
	complain("%s: it was bound to %s and could not be given back; it is bound to %s now",
		 job->before.bdf, driver,
		 *job->device->driver ? job->device->driver : "no driver");
}

static bool load_driver(void)
{
	const struct step step = plan_run(work.modprobe, DRIVER_NAME, NULL);

	return kernel_has_driver() || take_step(&step, NULL);
}

static bool bind_job(struct job *job)
{
	const struct device *before = &job->before;
	const char *bdf = before->bdf;
	bool persist = work.request->persist && strcmp(before->saved, DRIVER_NAME);

	if (device_is_ours(before) && !persist) {
		job->result = RESULT_NOTHING_TO_DO;
		return true;
	}
	kernel_log_begin();
	job->result = RESULT_STUCK;
	if (persist) {
		if (!run_driverctl(bdf, "set-override", DRIVER_NAME))
			return false;
	} else if (!write_override(bdf, DRIVER_NAME) ||
		   (*before->driver && !write_unbind(bdf, before->driver))) {
		return false;
	}
	if (!write_bind(bdf, DRIVER_NAME))
		return false;

	if (!work.request->dry_run) {
		device_refresh(job->device);
		if (!device_is_ours(job->device)) {
			complain("%s: it was not bound to " DRIVER_NAME ", but to %s", bdf,
				 *job->device->driver ? job->device->driver : "no driver");
			return false;
		}
	}
	job->result = RESULT_DONE;
	return true;
}

/* By driverctl, for the driver or to be forgotten in any case */
static bool is_saved(const struct device *device)
{
	return *device->saved && (work.request->persist ||
				  !strcmp(device->saved, DRIVER_NAME));
}

/* To whom the kernel gives it */
static bool unbind_job(struct job *job)
{
	const struct device *before = &job->before;
	const char *bdf = before->bdf;

	kernel_log_begin();
	job->result = RESULT_STUCK;
	if (is_saved(before)) {
		if (!run_driverctl(bdf, "unset-override", NULL))
			return false;
	} else if (!write_override(bdf, "") ||
		   (device_is_ours(before) && !write_unbind(bdf, DRIVER_NAME))) {
		return false;
	}
	if (!write_probe(bdf))
		return false;

	if (!work.request->dry_run) {
		device_refresh(job->device);
		if (device_is_ours(job->device)) {
			complain("%s: the kernel gave it to " DRIVER_NAME " again: is its ID in new_id or the parameter ids?",
				 bdf);
			return false;
		}
	}
	job->result = RESULT_DONE;
	return true;
}

static void undo_all(int from)
{
	int i;

	for (i = from; i >= 0; i--)
		if (work.jobs[i].result == RESULT_DONE ||
		    work.jobs[i].result == RESULT_STUCK)
			undo(&work.jobs[i]);
}

static bool do_all(bool (*one)(struct job *job))
{
	int i;

	for (i = 0; i < work.nr_jobs; i++) {
		if (one(&work.jobs[i]))
			continue;
		undo_all(i);
		return false;
	}
	return true;
}

/* What was done */

static void print_results(const struct request *request)
{
	int i;

	for (i = 0; i < work.nr_jobs; i++) {
		const struct job *job = &work.jobs[i];
		const char *from = *job->before.driver ? job->before.driver : "no driver";
		const char *to = *job->device->driver ? job->device->driver : "no driver";

		if (job->result == RESULT_NOTHING_TO_DO)
			printf("%s%s: is bound to %s\n", request->dry_run ? "# " : "",
			       job->before.bdf, to);
		else if (job->result == RESULT_DONE && !request->dry_run)
			printf("%s: was bound to %s, is bound to %s%s\n", job->before.bdf, from, to,
			       *job->device->saved ? ", also after the next boot" : "");
	}
}

static void print_document(const struct request *request, bool ok)
{
	int i;

	message_document_begin(request->command);
	json_know("ok", ok ? KNOWN_YES : KNOWN_NO);
	json_know("dry_run", request->dry_run ? KNOWN_YES : KNOWN_NO);
	json_open("devices", '[');
	for (i = 0; i < work.nr_jobs; i++) {
		const struct job *job = &work.jobs[i];

		json_open(NULL, '{');
		json_string("address", job->before.bdf);
		json_string("driver_before", *job->before.driver ? job->before.driver : NULL);
		json_string("driver", *job->device->driver ? job->device->driver : NULL);
		json_string("persistent_driver", *job->device->saved ? job->device->saved : NULL);
		json_string("back_door", job->device->knows.back_door);
		json_string("result", result_words[job->result]);
		json_close('}');
	}
	json_close(']');
	json_open("steps", '[');
	for (i = 0; i < work.nr_steps; i++)
		plan_json(&work.steps[i]);
	json_close(']');
	complaints_json("errors");
	json_close('}');
}

static int finish(const struct request *request)
{
	bool ok = !complaints();

	if (request->json)
		print_document(request, ok);
	else if (ok)
		print_results(request);
	return ok ? 0 : EXIT_FAILED;
}

/* Which governs them, and has to be clear when they are opened */
static void tell_of_pfs(void)
{
	int i;

	for (i = 0; i < work.nr_jobs; i++) {
		const struct device *pf = work.jobs[i].device->pf_device;

		if (!pf || pf->seen.bit != KNOWN_YES)
			continue;
		if (*work.request->machine.host.lockdown)
			note("%s: opening it will be refused until Enable No Snoop of its PF is cleared, and setpci cannot do that, for the kernel is locked down (%s)",
			     work.jobs[i].device->bdf, work.request->machine.host.lockdown);
		else
			note("%s: opening it will be refused until Enable No Snoop of its PF is cleared: setpci -s %s CAP_EXP+8.w=0:800",
			     work.jobs[i].device->bdf, pf->bdf);
	}
}

/* Unless their IOMMU enforces snooping, whatever a guest does */
static void tell_of_back_doors(void)
{
	const struct device *device;
	int i;

	for (i = 0; i < work.nr_jobs; i++) {
		device = work.jobs[i].device;
		if (device->knows.back_door && device->iommu.enforces != KNOWN_YES)
			note("%s: a guest can get around " DRIVER_NAME ": %s", device->bdf,
			     device->knows.back_door);
	}
}

static void add_target(struct request *request, struct device *device)
{
	if (is_target(request, device))
		return;
	request->targets = allocate(request->targets, request->nr_targets + 1,
				    sizeof(*request->targets));
	request->targets[request->nr_targets++] = device;
}

/*
 * Without a driver and without the bit it is in nobody's way, and the driver would
 * refuse it: processors have such functions in the groups of their ports.
 */
static bool is_in_the_way(const struct device *device)
{
	return *device->driver || device->seen.pcie != KNOWN_NO;
}

/* All endpoints of the targets' groups; for unbind those that are ours */
static void add_groups(struct request *request, bool ours)
{
	int i, j, named = request->nr_targets;

	for (i = 0; i < named; i++)
		for (j = 0; j < request->machine.count; j++) {
			struct device *other = &request->machine.devices[j];

			if (device_same_group(other, request->targets[i]) &&
			    !other->seen.bridge &&
			    (ours ? device_is_ours(other) : is_in_the_way(other)))
				add_target(request, other);
		}
}

static void make_jobs(const struct request *request)
{
	int i;

	work.request = request;
	work.nr_jobs = request->nr_targets;
	work.jobs = allocate(NULL, work.nr_jobs, sizeof(*work.jobs));
	for (i = 0; i < work.nr_jobs; i++) {
		work.jobs[i].device = request->targets[i];
		work.jobs[i].before = *request->targets[i];
		work.jobs[i].result = RESULT_UNTOUCHED;
	}
}

/**
 * command_bind() - Bind functions to the driver
 * @request: what was asked
 *
 * Return: the exit status.
 */
int command_bind(struct request *request)
{
	int i;

	check_root(request);
	if (request->whole_group)
		add_groups(request, false);
	make_jobs(request);
	check_module();
	if (request->persist)
		need_driverctl("--persist needs driverctl");
	for (i = 0; i < request->nr_targets; i++) {
		const struct device *device = request->targets[i];

		check_refused(request, device);
		check_group(request, device);
		if (device_is_ours(device) && !request->persist)
			continue;
		check_open(device);
		check_needed(request, device);
	}
	if (!complaints() && load_driver() && do_all(bind_job)) {
		tell_of_pfs();
		tell_of_back_doors();
	}
	return finish(request);
}

/**
 * command_unbind() - Give functions back to whom the kernel chooses
 * @request: what was asked
 *
 * Return: the exit status.
 */
int command_unbind(struct request *request)
{
	int i;

	check_root(request);
	if (request->whole_group)
		add_groups(request, true);
	make_jobs(request);
	for (i = 0; i < request->nr_targets; i++) {
		const struct device *device = request->targets[i];

		if (!device_is_ours(device) && strcmp(device->override, DRIVER_NAME) &&
		    strcmp(device->saved, DRIVER_NAME))
			complain("%s: it is not bound to " DRIVER_NAME ", but to %s: there is nothing to give back",
				 device->bdf, *device->driver ? device->driver : "no driver");
		else
			check_open(device);
		if (is_saved(device))
			need_driverctl("this device is saved by driverctl");
	}
	if (!complaints())
		do_all(unbind_job);
	return finish(request);
}
