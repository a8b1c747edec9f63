/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef OUTLOOK_H
#define OUTLOOK_H

#include "commands.h"
#include "tree.h"

/* What status has to say of one function beside its own facts */
struct outlook {
	const struct device *device;
	enum know module;		/* installed */
	char release[TREE_WORD];
	enum know kvm;			/* a driver can vouch for its device */
	int hosts;			/* others in the group, with a host driver */
	int strangers;			/* with another of VFIO's drivers */
	char next[TREE_PATH];		/* the command to run, "" for none */
};

void outlook_explain(const struct request *request, const struct outlook *outlook);

#endif /* OUTLOOK_H */
