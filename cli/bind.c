// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio-nosnoop bind and unbind. All functions are checked before the first is
 * touched. If one fails, what was done before is undone. Only the kernel and
 * driverctl remember anything afterwards.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bind.h"
#include "device_json.h"
#include "govern.h"
#include "json.h"
#include "kernel.h"
#include "message.h"
#include "step.h"

static const char * const result_words[] = {
	[RESULT_UNTOUCHED] = "untouched",
	[RESULT_NOTHING_TO_DO] = "nothing to do",
	[RESULT_DONE] = "done",
	[RESULT_UNDONE] = "undone",
	[RESULT_STUCK] = "stuck",
};

static struct {
	const struct request *request;
	struct job *jobs;
	int nr_jobs;
} work;

/**
 * bind_is_needed() - Whether a function still has to be bound or saved
 * @request: what was asked
 * @device: the function
 *
 * Return: false if it is bound already and, with --persist, saved already.
 */
bool bind_is_needed(const struct request *request, const struct device *device)
{
	return !device_is_ours(device) ||
	       (request->persist && strcmp(device->saved, DRIVER_NAME));
}

static bool bind_job(struct job *job)
{
	const struct device *before = &job->before;
	const char *bdf = before->bdf;
	bool persist = work.request->persist && strcmp(before->saved, DRIVER_NAME);

	if (!bind_is_needed(work.request, before)) {
		job->result = RESULT_NOTHING_TO_DO;
		return true;
	}
	kernel_log_begin();
	job->result = RESULT_STUCK;
	if (persist) {
		if (!step_driverctl(bdf, "set-override", DRIVER_NAME))
			return false;
	} else if (!step_override(bdf, DRIVER_NAME) ||
		   (*before->driver && !step_unbind(bdf, before->driver))) {
		return false;
	}
	if (!step_bind(bdf, DRIVER_NAME))
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

/**
 * bind_is_saved() - Whether driverctl has to forget a function's driver
 * @request: what was asked
 * @device: the function
 *
 * Return: true if it saved our driver or, with --persist, any driver.
 */
bool bind_is_saved(const struct request *request, const struct device *device)
{
	return *device->saved && (request->persist || !strcmp(device->saved, DRIVER_NAME));
}

/* Lets the kernel choose the function's driver. */
static bool unbind_job(struct job *job)
{
	const struct device *before = &job->before;
	const char *bdf = before->bdf;

	kernel_log_begin();
	job->result = RESULT_STUCK;
	if (bind_is_saved(work.request, before)) {
		if (!step_driverctl(bdf, "unset-override", NULL))
			return false;
	} else if (!step_override(bdf, "") ||
		   (device_is_ours(before) && !step_unbind(bdf, DRIVER_NAME))) {
		return false;
	}
	if (!step_probe(bdf))
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
			job_undo(&work.jobs[i]);
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

/* All or nothing: if a job fails, --govern-pf is undone, too. */
static bool govern_and(bool (*one)(struct job *job), bool on)
{
	if (govern(work.request, on) && do_all(one))
		return true;
	govern_undo();
	return false;
}

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
	json_tristate("ok", ok);
	json_tristate("dry_run", request->dry_run);
	json_tristate("govern_pf", kernel_parameters().govern_pf);
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
	steps_json("steps");
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
	if (ok)
		govern_tell(request);
	return ok ? 0 : EXIT_FAILED;
}

/* The PF's bit governs its VFs, and has to be clear when they are opened. */
static void tell_of_pfs(void)
{
	struct parameters parameters = kernel_parameters();
	const char *lockdown = work.request->machine.host.lockdown;
	int i;

	if (work.request->govern_pf || parameters.govern_pf == KNOWN_YES)
		return;
	for (i = 0; i < work.nr_jobs; i++) {
		const struct device *pf = work.jobs[i].device->pf_device;
		const char *bdf = work.jobs[i].device->bdf;

		if (!pf || pf->seen.bit != KNOWN_YES)
			continue;
		if (!parameters.lacks_govern_pf)
			note("%s: opening it will be refused until Enable No Snoop of its PF is cleared: vfio-nosnoop bind --govern-pf %s",
			     bdf, bdf);
		else if (*lockdown)
			note("%s: opening it will be refused until Enable No Snoop of its PF is cleared, and setpci cannot do that, because the kernel is locked down (%s)",
			     bdf, lockdown);
		else
			note("%s: opening it will be refused until Enable No Snoop of its PF is cleared: setpci -s %s CAP_EXP+8.w=0:800",
			     bdf, pf->bdf);
	}
}

/* Where the IOMMU enforces snooping, a back door is of no use to a guest. */
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

/*
 * Processors have functions without Enable No Snoop in the groups of their ports. Our
 * driver would refuse such a function, and without a driver it is in nobody's way.
 */
static bool is_in_the_way(const struct device *device)
{
	return *device->driver || device->seen.pcie != KNOWN_NO;
}

/* Adds all endpoints of the targets' groups. For unbind, only those bound to our driver. */
static void add_groups(struct request *request, bool ours)
{
	int i, j, named = request->nr_targets;

	for (i = 0; i < named; i++)
		for (j = 0; j < request->machine.count; j++) {
			struct device *other = &request->machine.devices[j];

			if (device_same_group(other, request->targets[i]) &&
			    !other->seen.bridge &&
			    (ours ? device_is_ours(other) : is_in_the_way(other)))
				targets_add(request, other);
		}
}

static void make_jobs(const struct request *request)
{
	int i;

	steps_begin(request->dry_run, request->json);
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
	bind_check_root(request);
	govern_check(request);
	if (request->whole_group)
		add_groups(request, false);
	make_jobs(request);
	bind_check(request);
	if (!complaints() && (kernel_has_driver() || step_modprobe()) &&
	    govern_and(bind_job, true)) {
		tell_of_pfs();
		tell_of_back_doors();
	}
	return finish(request);
}

/**
 * command_unbind() - Give functions back to the drivers that the kernel chooses
 * @request: what was asked
 *
 * Return: the exit status.
 */
int command_unbind(struct request *request)
{
	bind_check_root(request);
	govern_check(request);
	if (request->whole_group)
		add_groups(request, true);
	make_jobs(request);
	unbind_check(request);
	if (!complaints())
		govern_and(unbind_job, false);
	return finish(request);
}
