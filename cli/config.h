/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CONFIG_H
#define CONFIG_H

#include <stdbool.h>

#include "know.h"

#define CONFIG_HEADER	64	/* of config space, all that others than root see */
#define CONFIG_CAPS	256	/* where capabilities are */
#define CONFIG_SIZE	4096

/* A function's config space, as far as it could be read */
struct config {
	unsigned char bytes[CONFIG_SIZE];
	unsigned int known;	/* how many from the first on; the others are 0 */
};

/* What config space says of a function by itself */
struct config_facts {
	bool answers;		/* not all ones */
	bool bridge;		/* by its header, as VFIO judges it */
	bool vf;		/* it has no identity of its own, as only VFs have none */
	bool caps;		/* there is a list of capabilities */
	bool limited;		/* what was read ends before the list does */
	bool rciep;		/* in the root complex */
	enum know pcie;		/* a PCI Express capability is in the list */
	unsigned int hidden;	/* where bytes look like one outside of it, or 0 */
	enum know bit;		/* Enable No Snoop of its own */
	enum know master;
};

/* The VFs that a PF's capability tells of */
struct config_vfs {
	unsigned int number;
	unsigned int offset;
	unsigned int stride;
	unsigned int id;	/* their device ID */
};

unsigned int config_word(const struct config *config, unsigned int at);
struct config_facts config_decode(const struct config *config);
struct config_vfs config_find_vfs(const struct config *config);

#endif /* CONFIG_H */
