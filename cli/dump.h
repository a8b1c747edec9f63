/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DUMP_H
#define DUMP_H

#include <stdbool.h>

#include "address.h"
#include "config.h"

#define DUMP_NAME	192

/* What the text of lspci -v says, which is all there is without hex */
struct dump_text {
	char name[DUMP_NAME];
	bool has_ids;		/* the next three numbers are in the text, as with -nn */
	unsigned int class;
	unsigned int vendor;
	unsigned int device;
	bool details;		/* there is more than the first line */
	bool gone;		/* lspci could not read the function */
	bool bridge;
	unsigned int secondary;	/* the first bus behind a bridge, or 0 */
	unsigned int subordinate;
	bool rciep;
	struct config_vfs vfs;
	bool no_caps;
	bool contradicts;	/* it has both values of the bit */
	enum tristate pcie;
	enum tristate bit;
	enum tristate master;
};

/* A function of a dump */
struct dumped {
	struct address address;
	unsigned long line;		/* where it begins */
	unsigned long gap;		/* the line where hex is missing, or 0 */
	struct dump_text text;
	struct config config;
};

struct dump {
	const char *name;		/* for people */
	unsigned long lines;
	struct dumped *functions;	/* sorted by address, each once */
	int count;
};

void dump_read(struct dump *dump, const char *path);
bool dump_is_hex(const char *line);
bool dump_text_begin(struct dump_text *text, const char *line);
void dump_text_line(struct dump_text *text, const char *line);

#endif /* DUMP_H */
