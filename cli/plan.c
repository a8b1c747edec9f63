// SPDX-License-Identifier: GPL-2.0-only
/* The single steps of binding: told, or done and told */

#include <errno.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "json.h"
#include "plan.h"

/**
 * plan_write() - Write to a file of the kernel's
 * @value: what to write, "" for an empty line
 * @path: from tree_path()
 *
 * Return: the step.
 */
struct step plan_write(const char *value, const char *path)
{
	struct step step = { .nr_words = 1 };

	snprintf(step.path, sizeof(step.path), "%s", path);
	snprintf(step.words[0], TREE_WORD, "%s", value);
	return step;
}

/**
 * plan_run() - Run a program
 * @path: from kernel_find_program(); its arguments follow, and NULL
 *
 * Return: the step.
 */
struct step plan_run(const char *path, ...)
{
	struct step step = { .run = true };
	const char *word;
	va_list ap;

	snprintf(step.path, sizeof(step.path), "%s", path);
	va_start(ap, path);
	while (step.nr_words < PLAN_WORDS && (word = va_arg(ap, const char *)))
		snprintf(step.words[step.nr_words++], TREE_WORD, "%s", word);
	va_end(ap);
	return step;
}

/* Its output goes to standard error, for ours may be a document. */
static int run(const struct step *step)
{
	char *arguments[PLAN_WORDS + 2] = { (char *)step->path };
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

/**
 * plan_do() - Do a step
 * @step: the step
 *
 * Return: 0, a negative errno, or 1 if a program ran and failed, which says why itself.
 */
int plan_do(const struct step *step)
{
	return step->run ? run(step) : tree_write(step->path, step->words[0]);
}

/**
 * plan_words() - A step as one would type it
 * @step: the step
 * @text: where it goes
 * @size: of @text
 */
void plan_words(const struct step *step, char *text, size_t size)
{
	const char *name = strrchr(step->path, '/');
	int length, i;

	if (!step->run) {
		snprintf(text, size, "echo%s%s > %s", *step->words[0] ? " " : "",
			 step->words[0], step->path);
		return;
	}
	length = snprintf(text, size, "%s", name ? name + 1 : step->path);
	for (i = 0; i < step->nr_words && length < (int)size; i++)
		length += snprintf(text + length, size - length, " %s", step->words[i]);
}

/**
 * plan_json() - A step as an object
 * @step: the step
 */
void plan_json(const struct step *step)
{
	int i;

	json_open(NULL, '{');
	if (step->run) {
		json_open("run", '[');
		json_string(NULL, step->path);
		for (i = 0; i < step->nr_words; i++)
			json_string(NULL, step->words[i]);
		json_close(']');
	} else {
		json_string("write", step->words[0]);
		json_string("to", step->path);
	}
	json_close('}');
}
