// SPDX-License-Identifier: GPL-2.0-only
/*
 * The single steps of binding. Each writes a file or runs a program. Steps are done and
 * remembered. On a dry run they are shown as one would type them instead.
 */

#include <errno.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attribute.h"
#include "json.h"
#include "kernel.h"
#include "message.h"
#include "step.h"
#include "sysroot.h"

#define STEP_WORDS	5	/* of a command */

enum kind {
	STEP_WRITE,		/* write a value to a file of the kernel */
	STEP_RUN,		/* run a program */
	STEP_FILE,		/* make a file with a text */
	STEP_REMOVE,		/* remove a file */
};

struct step {
	enum kind kind;
	char path[PATH_SIZE];		/* of the file or the program */
	char words[STEP_WORDS][NAME_SIZE];	/* the value, or the arguments */
	int nr_words;
	const char *text;		/* of the file; the caller keeps it until the end */
};

static struct step *steps;		/* done, or to be done */
static int nr_steps;
static bool dry_run, silent;

/**
 * steps_begin() - Choose how steps are taken from now on
 * @only_tell: it is a dry run: show the steps, and do nothing
 * @in_document: do not show them line by line, because steps_json() will
 */
void steps_begin(bool only_tell, bool in_document)
{
	dry_run = only_tell;
	silent = in_document;
}

/* The program's output goes to standard error, because ours may be a document. */
static int run(const struct step *step)
{
	char *arguments[STEP_WORDS + 2] = { (char *)step->path };
	char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	char *environment[2] = { path };
	posix_spawn_file_actions_t actions;
	int status, error, i;
	pid_t pid;

	for (i = 0; i < step->nr_words; i++)
		arguments[i + 1] = (char *)step->words[i];

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, 2, 1);
	error = posix_spawn(&pid, step->path, &actions, NULL, arguments, environment);
	posix_spawn_file_actions_destroy(&actions);
	if (error)
		return -error;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return status ? 1 : 0;
}

static void describe_run(const struct step *step, char *text, size_t size)
{
	const char *name = strrchr(step->path, '/');
	int length, i;

	length = snprintf(text, size, "%s", name ? name + 1 : step->path);
	for (i = 0; i < step->nr_words && length < (int)size; i++)
		length += snprintf(text + length, size - length, " %s", step->words[i]);
}

static void describe_file(const struct step *step, char *text, size_t size)
{
	int length = snprintf(text, size, "printf '%%s\\n' '");
	const char *at;

	for (at = step->text; *at && length < (int)size; at++) {
		const char *form = "%c";

		/* A quotation mark needs the quotes to be closed and opened again. */
		if (*at == '\'')
			form = "'\\''";
		else if (*at == '\n')
			form = at[1] ? "' '" : "'";
		length += snprintf(text + length, size - length, form, *at);
	}
	if (length < (int)size)
		snprintf(text + length, size - length, " > %s", step->path);
}

/* Describes a step as one would type it. */
static void describe(const struct step *step, char *text, size_t size)
{
	switch (step->kind) {
	case STEP_WRITE:
		snprintf(text, size, "echo%s%s > %s", *step->words[0] ? " " : "",
			 step->words[0], step->path);
		break;
	case STEP_RUN:
		describe_run(step, text, size);
		break;
	case STEP_FILE:
		describe_file(step, text, size);
		break;
	case STEP_REMOVE:
		snprintf(text, size, "rm %s", step->path);
		break;
	}
}

/* Returns 0, a negative errno, or more than 0 if a program failed. */
static int do_it(const struct step *step)
{
	switch (step->kind) {
	case STEP_WRITE:
		return sysroot_write(step->path, step->words[0]);
	case STEP_RUN:
		return run(step);
	case STEP_FILE:
		return sysroot_replace(step->path, step->text);
	case STEP_REMOVE:
		return unlink(step->path) ? -errno : 0;
	}
	return -EINVAL;
}

static const char *error_words(int error)
{
	static char text[128];

	snprintf(text, sizeof(text), "%s (%s)", strerrorname_np(error), strerror(error));
	return text;
}

/* Returns false after a complaint if the step failed; a dry run cannot. BDF may be NULL. */
static bool take(const struct step *step, const char *bdf)
{
	char text[8 * PATH_SIZE], said[512] = "";
	int error;

	steps = allocate(steps, nr_steps + 1, sizeof(*step));
	steps[nr_steps++] = *step;
	describe(step, text, sizeof(text));
	if (dry_run) {
		if (!silent)
			printf("%s\n", text);
		return true;
	}
	error = do_it(step);
	if (!error)
		return true;

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

static bool take_write(struct step *step, const char *value, const char *bdf)
{
	step->nr_words = 1;
	snprintf(step->words[0], NAME_SIZE, "%s", value);
	return take(step, bdf);
}

/* The list of arguments ends with NULL. */
__sentinel
static bool take_run(const char *program, const char *bdf, ...)
{
	struct step step = { .kind = STEP_RUN };
	const char *word;
	va_list ap;

	kernel_find_program(program, step.path, sizeof(step.path));
	va_start(ap, bdf);
	while (step.nr_words < STEP_WORDS && (word = va_arg(ap, const char *)))
		snprintf(step.words[step.nr_words++], NAME_SIZE, "%s", word);
	va_end(ap);
	return take(&step, bdf);
}

/**
 * step_override() - Set a function's driver_override
 * @bdf: the function's address
 * @value: the driver, or "" for none
 *
 * Return: false after a complaint if that failed, as all the following do.
 */
bool step_override(const char *bdf, const char *value)
{
	struct step step = { 0 };

	sysroot_path(step.path, "/sys/bus/pci/devices/%s/driver_override", bdf);
	return take_write(&step, value, bdf);
}

/**
 * step_unbind() - Take a function from its driver
 * @bdf: the function's address
 * @driver: the driver
 *
 * Return: false if that failed.
 */
bool step_unbind(const char *bdf, const char *driver)
{
	struct step step = { 0 };

	sysroot_path(step.path, "/sys/bus/pci/drivers/%s/unbind", driver);
	return take_write(&step, bdf, bdf);
}

/**
 * step_bind() - Give a function to a driver; drivers_probe would not report errors
 * @bdf: the function's address
 * @driver: the driver
 *
 * Return: false if that failed.
 */
bool step_bind(const char *bdf, const char *driver)
{
	struct step step = { 0 };

	sysroot_path(step.path, "/sys/bus/pci/drivers/%s/bind", driver);
	return take_write(&step, bdf, bdf);
}

/**
 * step_probe() - Have the kernel choose a driver
 * @bdf: the function's address
 *
 * Return: false if that failed.
 */
bool step_probe(const char *bdf)
{
	struct step step = { 0 };

	sysroot_path(step.path, "/sys/bus/pci/drivers_probe");
	return take_write(&step, bdf, bdf);
}

/**
 * step_driverctl() - Have driverctl save a driver, or forget it
 * @bdf: the function's address
 * @verb: driverctl's command
 * @driver: the driver, or NULL
 *
 * driverctl also unbinds the function, and writes driver_override. Binding is left to
 * step_bind(), which reports errors.
 *
 * Return: false if that failed.
 */
bool step_driverctl(const char *bdf, const char *verb, const char *driver)
{
	return take_run("driverctl", bdf, "--noprobe", verb, bdf, driver, NULL);
}

/**
 * step_modprobe() - Load the driver
 *
 * Return: false if that failed.
 */
bool step_modprobe(void)
{
	return take_run("modprobe", NULL, DRIVER_NAME, NULL);
}

/**
 * step_dkms() - Have DKMS build or install the driver, even if it has done so before
 * @verb: build or install
 * @version: the driver's
 * @release: the kernel's
 *
 * Return: false if that failed.
 */
bool step_dkms(const char *verb, const char *version, const char *release)
{
	char module[NAME_SIZE];

	snprintf(module, sizeof(module), DRIVER_NAME "/%.40s", version);
	return take_run("dkms", NULL, verb, "--force", module, "-k", release, NULL);
}

/**
 * step_parameter() - Turn a parameter of the driver on or off
 * @name: its name
 * @on: true to turn it on
 *
 * Return: false if that failed.
 */
bool step_parameter(const char *name, bool on)
{
	struct step step = { 0 };

	sysroot_path(step.path, "/sys/module/vfio_pci_nosnoop/parameters/%s", name);
	return take_write(&step, on ? "Y" : "N", NULL);
}

/**
 * step_file() - Make a file, whole or not at all
 * @path: its path
 * @text: all of it; the caller keeps it until the end
 *
 * Return: false if that failed.
 */
bool step_file(const char *path, const char *text)
{
	struct step step = { .kind = STEP_FILE, .text = text };

	sysroot_path(step.path, "%s", path);
	return take(&step, NULL);
}

/**
 * step_remove() - Remove a file
 * @path: its path
 *
 * Return: false if that failed.
 */
bool step_remove(const char *path)
{
	struct step step = { .kind = STEP_REMOVE };

	sysroot_path(step.path, "%s", path);
	return take(&step, NULL);
}

static void step_json(const struct step *step)
{
	int word;

	switch (step->kind) {
	case STEP_WRITE:
		json_string("write", step->words[0]);
		json_string("to", step->path);
		break;
	case STEP_RUN:
		json_open("run", '[');
		json_string(NULL, step->path);
		for (word = 0; word < step->nr_words; word++)
			json_string(NULL, step->words[word]);
		json_close(']');
		break;
	case STEP_FILE:
		json_string("write", step->text);
		json_string("to", step->path);
		break;
	case STEP_REMOVE:
		json_string("remove", step->path);
		break;
	}
}

/**
 * steps_json() - Write all steps so far as a list
 * @key: its name
 */
void steps_json(const char *key)
{
	int i;

	json_open(key, '[');
	for (i = 0; i < nr_steps; i++) {
		json_open(NULL, '{');
		step_json(&steps[i]);
		json_close('}');
	}
	json_close(']');
}
