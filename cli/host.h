/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOST_H
#define HOST_H

#include "tristate.h"
#include "sysroot.h"

/* What is said about the machine as a whole, because answers depend on it */
struct host {
	enum tristate virtual;		/* it is a virtual machine itself */
	char hypervisor[NAME_SIZE];	/* whose virtual machine it is, or "" */
	char lockdown[NAME_SIZE];	/* how the kernel is locked down, "" if it is not */
};

struct host host_look(void);

#endif /* HOST_H */
