/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef IORT_H
#define IORT_H

#include <stdbool.h>

#include "address.h"

/* What ACPI's table IORT says about CANWBS for a function */
enum canwbs {
	CANWBS_NOT_READ,	/* only root can read the table */
	CANWBS_DEVICE_TREE,	/* the machine has a device tree instead of ACPI's tables */
	CANWBS_NO_TABLE,
	CANWBS_BROKEN,		/* the table is not complete */
	CANWBS_NO_NODE,		/* no root complex of the function's segment */
	CANWBS_TOO_OLD,		/* clear, but the table is older than the flag */
	CANWBS_CLEAR,
	CANWBS_SET,
};

void iort_use(const char *path);
bool iort_is_given(void);
enum canwbs iort_canwbs(const struct address *address);
bool iort_has_smmu3(const struct address *address);
const char *iort_words(enum canwbs canwbs);

#endif /* IORT_H */
