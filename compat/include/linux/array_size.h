/* SPDX-License-Identifier: GPL-2.0-only */
/* For kernels before this was a header of its own; searched after the kernel's */
#ifndef COMPAT_LINUX_ARRAY_SIZE_H
#define COMPAT_LINUX_ARRAY_SIZE_H

#include <linux/kernel.h>

#endif /* COMPAT_LINUX_ARRAY_SIZE_H */
