/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef USERS_H
#define USERS_H

#include <stddef.h>

#include "know.h"
#include "tree.h"

struct user {
	int pid;
	char name[TREE_WORD];
};

/* What a process has open of a function */
enum holds {
	HOLDS_NOTHING,
	HOLDS_GROUP,	/* and maybe the function */
	HOLDS_DEVICE,
};

enum holds users_of(const char *bdf, int group, struct user *user);
enum know users_open(const char *bdf, int group);
const char *users_need(const char *bdf, char *what, size_t size);

#endif /* USERS_H */
