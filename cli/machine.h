/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdbool.h>

#include "device.h"
#include "host.h"

/* All functions: those of a machine, or of a dump */
struct machine {
	const char *dump;		/* the file, or NULL for a machine */
	struct host host;		/* of a dump it is not known */
	bool disable_denylist;		/* the driver's parameters; of a dump their */
	bool strict;			/* defaults */
	struct device *devices;		/* sorted by address */
	int count;
};

void machine_load_dump(struct machine *machine);
void machine_judge(struct machine *machine);
void machine_load(struct machine *machine, const char *dump);
struct device *machine_find(const struct machine *machine,
			    const struct address *address);

#endif /* MACHINE_H */
