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
	const char *dump;
	struct machine machine;
	const char *paste_for;		/* a program, or NULL */
	const char *class;		/* digits that a class begins with, or NULL */
	const char *id;			/* VENDOR:DEVICE, either of them maybe "" */
	const char *driver;		/* "none" for those without one */
	struct device **targets;	/* those named or chosen, each once */
	int nr_targets;
};

struct address *targets_parse(char **words, int count);
void targets_check_filters(const struct request *request);
void targets_find(struct request *request, const struct address *addresses, int count);

int command_list(struct request *request);
int command_status(struct request *request);
int command_bind(struct request *request);
int command_unbind(struct request *request);

#endif /* COMMANDS_H */
