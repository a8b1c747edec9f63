/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The part of JSON that the version message needs.
 */
#ifndef MODEL_JSON_H
#define MODEL_JSON_H

#include "types.h"

/*
 * Is @text one JSON object, and is its member "capabilities", if it has one, an object?
 * Then *@found gets bit i if the capabilities have a member @names[i], and *@valid gets
 * bit i if the value of that is a whole number of at least 0.
 */
bool json_capabilities(const char *text, size_t length, const char * const *names,
		       u32 count, u32 *found, u32 *valid);

#endif
