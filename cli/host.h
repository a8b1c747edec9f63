/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOST_H
#define HOST_H

#include "know.h"
#include "tree.h"

/* What the machine as a whole is, where that decides what an answer is worth */
struct host {
	enum know virtual;		/* it is a virtual machine itself */
	char hypervisor[TREE_WORD];	/* whose, or "" */
	char lockdown[TREE_WORD];	/* how the kernel is locked down, "" if it is not */
};

struct host host_look(void);

#endif /* HOST_H */
