/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef COLOR_H
#define COLOR_H

#include <stdbool.h>

#include "verdict.h"

bool color_use(const char *when);
const char *color_of(enum verdict verdict);
const char *color_end(void);

#endif /* COLOR_H */
