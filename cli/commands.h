/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef COMMANDS_H
#define COMMANDS_H

#include <stdbool.h>

#include "device.h"

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

/* What list and status both print as JSON */
void print_device_json(const struct request *request, const struct device *device);
void print_document_head(const struct request *request);

#endif /* COMMANDS_H */
