/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TREE_H
#define TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "attribute.h"

#define TREE_PATH	1024	/* longest path that is looked at */
#define TREE_WORD	64	/* longest name of a driver, an IOMMU, a process */

int tree_set(const char *root);
const char *tree_root(void);
bool tree_is_ours(void);

__printf(2, 3)
void tree_path(char path[TREE_PATH], const char *format, ...);
__printf(1, 2)
bool tree_has(const char *format, ...);
__printf(3, 4)
int tree_read(char *text, size_t size, const char *format, ...);
__printf(2, 3)
int tree_link(char name[TREE_WORD], const char *format, ...);
__printf(2, 3)
int tree_real(char path[TREE_PATH], const char *format, ...);
__printf(1, 2)
FILE *tree_open(const char *format, ...);
int tree_write(const char *path, const char *value);

#endif /* TREE_H */
