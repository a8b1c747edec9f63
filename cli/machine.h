/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdbool.h>

#include "device.h"
#include "host.h"
#include "kernel.h"

/* All functions of a machine or a dump */
struct machine {
	const char *dump;		/* the file, or NULL for a machine */
	struct host host;		/* not known for a dump */
	struct parameters parameters;	/* for a dump, the defaults */
	struct device *devices;		/* sorted by address */
	int count;
};

void machine_load_dump(struct machine *machine);
void machine_judge(struct machine *machine);
void machine_load(struct machine *machine, const char *dump);
struct device *machine_find(const struct machine *machine,
			    const struct address *address);

#endif /* MACHINE_H */
