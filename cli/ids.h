/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef IDS_H
#define IDS_H

#include <stdbool.h>

#define IDS_FILE	"/etc/vfio-pci-nosnoop/ids"
#define IDS_SIZE	4096	/* more than the longest file that is read */
#define ID_SIZE		sizeof("10de:1eb8")

/* A set of IDs, each of them once and in lower case */
struct ids {
	char (*id)[ID_SIZE];
	int count;
};

bool id_parse(char id[ID_SIZE], const char *word);
bool ids_has(const struct ids *ids, const char *id);
void ids_add(struct ids *ids, const char *id);
bool ids_same(const struct ids *a, const struct ids *b);

void ids_read(char text[IDS_SIZE]);
struct ids ids_of(const char *text);
void ids_append(char text[IDS_SIZE], const char *id);
void ids_drop(char text[IDS_SIZE], const char *id);
struct ids ids_of_kernel(const char *release);

#endif /* IDS_H */
