/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KERNEL_H
#define KERNEL_H

#include <stdbool.h>
#include <stddef.h>

#include "sysroot.h"
#include "tristate.h"

#define DRIVER_NAME	"vfio-pci-nosnoop"

/* The driver's parameters, or their defaults if it is not loaded */
struct parameters {
	bool disable_denylist;
	bool strict;
	enum tristate govern_pf;	/* not known if no driver with this parameter is loaded */
	bool lacks_govern_pf;		/* a driver is loaded that is older than the parameter */
};

bool kernel_has_driver(void);
enum tristate kernel_has_module(char *release, size_t size);
enum tristate kernel_parameter(const char *name);
struct parameters kernel_parameters(void);
enum tristate kernel_tells_kvm(void);
bool kernel_kvm_asks(char arch[NAME_SIZE]);
bool kernel_find_program(const char *name, char *path, size_t size);

void kernel_log_begin(void);
bool kernel_log_said(const char *bdf, char *text, size_t size);

#endif /* KERNEL_H */
