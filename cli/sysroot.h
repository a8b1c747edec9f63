/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SYSROOT_H
#define SYSROOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "attribute.h"

#define PATH_SIZE	1024	/* for the longest path that is looked at */
#define NAME_SIZE	64	/* for the longest name of a driver, an IOMMU or a process */

int sysroot_set(const char *root);
const char *sysroot_prefix(void);
bool sysroot_is_running(void);

__printf(2, 3)
void sysroot_path(char path[PATH_SIZE], const char *format, ...);
__printf(1, 2)
bool sysroot_has(const char *format, ...);
__printf(3, 4)
int sysroot_read(char *text, size_t size, const char *format, ...);
__printf(2, 3)
int sysroot_link(char name[NAME_SIZE], const char *format, ...);
__printf(2, 3)
int sysroot_real(char path[PATH_SIZE], const char *format, ...);
__printf(1, 2)
FILE *sysroot_open(const char *format, ...);
int sysroot_write(const char *path, const char *value);
int sysroot_replace(const char *path, const char *text);

#endif /* SYSROOT_H */
