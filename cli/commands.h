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
	struct device **targets;	/* those named, each once */
	int nr_targets;
};

int command_list(struct request *request);
int command_status(struct request *request);
int command_bind(struct request *request);
int command_unbind(struct request *request);

#endif /* COMMANDS_H */
