/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GOVERN_H
#define GOVERN_H

#include "commands.h"

void govern_check(const struct request *request);
bool govern(const struct request *request, bool on);
void govern_undo(void);
void govern_tell(const struct request *request);

#endif /* GOVERN_H */
