/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef COMMANDS_H
#define COMMANDS_H

#include <stdbool.h>

#include "machine.h"

/* What the arguments say */
struct request {
	const char *command;
	bool json;
	bool dry_run;
	bool persist;
	bool whole_group;
	bool force;
	bool govern_pf;
	const char *dump;
	struct machine machine;
	bool tree;			/* list is to draw a tree */
	const char *color;		/* the word of --color, or NULL */
	const char *paste_for;		/* the program of --for, or NULL */
	const char *class;		/* digits that a class begins with, or NULL */
	const char *id;			/* VENDOR:DEVICE, either of them may be "" */
	const char *driver;		/* "none" for functions without one */
	struct device **targets;	/* functions that were named or chosen, each once */
	int nr_targets;
	char **words;			/* for alias: add, remove or list, and IDs */
	int nr_words;
};

struct address *targets_parse(char **words, int count);
void targets_check_filters(const struct request *request);
void targets_find(struct request *request, const struct address *addresses, int count);
bool targets_has(const struct request *request, const struct device *device);
void targets_add(struct request *request, struct device *device);

int command_list(struct request *request);
int command_status(struct request *request);
int command_bind(struct request *request);
int command_unbind(struct request *request);
int command_alias(struct request *request);

#endif /* COMMANDS_H */
