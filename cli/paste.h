/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PASTE_H
#define PASTE_H

#include "commands.h"

bool paste_knows(const char *what);
void paste_print(const struct request *request, const struct device *device);

#endif /* PASTE_H */
