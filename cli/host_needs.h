/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HOST_NEEDS_H
#define HOST_NEEDS_H

#include <stddef.h>

const char *host_needs(const char *bdf, char *what, size_t size);

#endif /* HOST_NEEDS_H */
