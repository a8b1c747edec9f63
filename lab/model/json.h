/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The little of JSON that the version message needs.
 */
#ifndef MODEL_JSON_H
#define MODEL_JSON_H

#include "types.h"

/*
 * Is @text one JSON object whose member "capabilities", if there is one, is an
 * object? Then *@found gets bit i if that has a member @names[i], and *@valid
 * bit i if its value is a whole number of at least 0.
 */
bool json_capabilities(const char *text, size_t length, const char * const *names,
		       u32 count, u32 *found, u32 *valid);

#endif
