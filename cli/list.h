/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LIST_H
#define LIST_H

#include "commands.h"

const char *list_bit(const struct device *device);
void list_tree(const struct request *request);

#endif /* LIST_H */
