/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DENIED_H
#define DENIED_H

#include <stdbool.h>

const char *denied_reason(unsigned int vendor, unsigned int device,
			  unsigned int class, bool root_bus);
bool denied_is_igd(unsigned int vendor, unsigned int class, bool root_bus);

#endif /* DENIED_H */
