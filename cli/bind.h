/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BIND_H
#define BIND_H

#include "commands.h"

enum result {
	RESULT_UNTOUCHED,
	RESULT_NOTHING_TO_DO,
	RESULT_DONE,
	RESULT_UNDONE,
	RESULT_STUCK,		/* neither done nor undone */
};

/* A function and how it was before */
struct job {
	struct device *device;
	struct device before;
	enum result result;
};

void bind_check_root(const struct request *request);
void bind_check(const struct request *request);
void unbind_check(const struct request *request);
bool bind_is_needed(const struct request *request, const struct device *device);
bool bind_is_saved(const struct request *request, const struct device *device);
void job_undo(struct job *job);

#endif /* BIND_H */
