/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PLAN_H
#define PLAN_H

#include <stdbool.h>

#include "attribute.h"
#include "tree.h"

#define PLAN_WORDS	4	/* of a command */

/* One thing that is done to the machine: a file is written, or a program run */
struct step {
	bool run;
	char path[TREE_PATH];		/* of the file or the program */
	char words[PLAN_WORDS][TREE_WORD];	/* the value, or the arguments */
	int nr_words;
};

struct step plan_write(const char *value, const char *path);
__sentinel
struct step plan_run(const char *path, ...);
int plan_do(const struct step *step);
void plan_words(const struct step *step, char *text, size_t size);
void plan_json(const struct step *step);

#endif /* PLAN_H */
