/* SPDX-License-Identifier: GPL-2.0-only */
/* Kernels that have this header find their own first. Older ones find this. */
#ifndef COMPAT_LINUX_ARRAY_SIZE_H
#define COMPAT_LINUX_ARRAY_SIZE_H

#include <linux/kernel.h>

#endif /* COMPAT_LINUX_ARRAY_SIZE_H */
