/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KERNEL_H
#define KERNEL_H

#include <stdbool.h>
#include <stddef.h>

#include "know.h"

#define DRIVER_NAME	"vfio-pci-nosnoop"

bool kernel_has_driver(void);
enum know kernel_has_module(char *release, size_t size);
bool kernel_parameter(const char *name);
enum know kernel_tells_kvm(void);
bool kernel_find_program(const char *name, char *path, size_t size);

void kernel_log_begin(void);
bool kernel_log_said(const char *bdf, char *text, size_t size);

#endif /* KERNEL_H */
