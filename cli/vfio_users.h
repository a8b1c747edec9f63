/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VFIO_USERS_H
#define VFIO_USERS_H

#include "tristate.h"
#include "sysroot.h"

struct user {
	int pid;
	char name[NAME_SIZE];
};

/* What a process has open */
enum holds {
	HOLDS_NOTHING,
	HOLDS_GROUP,	/* the function's group, and maybe the function */
	HOLDS_DEVICE,
};

enum holds vfio_user_of(const char *bdf, int group, struct user *user);
enum tristate vfio_users_open(const char *bdf, int group);

#endif /* VFIO_USERS_H */
