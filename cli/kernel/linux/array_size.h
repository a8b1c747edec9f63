/* SPDX-License-Identifier: GPL-2.0-only */
/* For the driver's denylist.c, see pci.h */
#define ARRAY_SIZE(array)	(sizeof(array) / sizeof(*(array)))
