// SPDX-License-Identifier: GPL-2.0-only
/* Undoing what bind or unbind did to a function before something failed */

#include <string.h>

#include "bind.h"
#include "message.h"
#include "step.h"

static bool is_bound(const struct device *device, const char *driver)
{
	return !strcmp(device->driver, driver);
}

/* Restores driver_override and the driver, unless they are as they were. */
static bool undo_driver(struct job *job)
{
	const struct device *before = &job->before;
	const char *bdf = before->bdf;

	device_refresh(job->device);
	if (strcmp(job->device->override, before->override) &&
	    !step_override(bdf, before->override))
		return false;
	if (is_bound(job->device, before->driver))
		return true;
	if (*job->device->driver && !step_unbind(bdf, job->device->driver))
		return false;
	return !*before->driver || step_bind(bdf, before->driver);
}

/* Restores what driverctl keeps for the next boot. */
static bool undo_saved(struct job *job)
{
	const struct device *before = &job->before;

	device_refresh(job->device);
	if (!strcmp(job->device->saved, before->saved))
		return true;
	return *before->saved ?
	       step_driverctl(before->bdf, "set-override", before->saved) :
	       step_driverctl(before->bdf, "unset-override", NULL);
}

static bool is_as_before(const struct job *job)
{
	return is_bound(job->device, job->before.driver) &&
	       !strcmp(job->device->override, job->before.override) &&
	       !strcmp(job->device->saved, job->before.saved);
}

/**
 * job_undo() - Give a function back to the driver that it had before
 * @job: the function, and how it was; gets the result
 */
void job_undo(struct job *job)
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
