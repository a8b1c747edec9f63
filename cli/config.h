/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CONFIG_H
#define CONFIG_H

#include <stdbool.h>

#include "tristate.h"

#define CONFIG_HEADER	64	/* bytes of config space; only root sees more */
#define CONFIG_CAPS	256	/* here capabilities end, and the extended ones begin */
#define CONFIG_SIZE	4096

/* The part of a function's config space that could be read */
struct config {
	unsigned char bytes[CONFIG_SIZE];
	unsigned int known;	/* this many bytes from the start; the others are 0 */
};

/* What config space says about a function by itself */
struct config_facts {
	bool answers;		/* not all ones */
	bool bridge;		/* its header says so, by which VFIO judges, too */
	bool vf;		/* it shows no IDs of its own, as only VFs do */
	bool caps;		/* there is a list of capabilities */
	bool limited;		/* what was read ends before the list does */
	bool rciep;		/* it is integrated in the root complex */
	enum tristate pcie;		/* a PCI Express capability is in the list */
	unsigned int hidden;	/* where bytes outside of the list look like one, or 0 */
	enum tristate bit;		/* its own Enable No Snoop */
	enum tristate master;
	unsigned int secondary;	/* the first bus behind a bridge, or 0 */
	unsigned int subordinate;	/* the last bus behind it */
};

/* The VFs that are described in a PF's capability */
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
