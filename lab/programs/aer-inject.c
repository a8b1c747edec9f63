// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: aer-inject BDF fatal|nonfatal|correctable
 *
 * Makes the kernel believe that the function reported such an error. The kernel's own
 * module aer_inject makes up the status registers of the function and its root port, and
 * the interrupt. What the kernel then does to the hardware is real.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../model/types.h"

/* As in drivers/pci/pcie/aer_inject.c, which has no header. */
struct aer_error_inj {
	u8 bus;
	u8 dev;
	u8 fn;
	u32 uncor_status;
	u32 cor_status;
	u32 header_log[4];
	u32 domain;
};

int main(int argc, char **argv)
{
	struct aer_error_inj error = { 0 };
	unsigned int domain, bus, dev, fn;
	int fd;

	if (argc != 3 || sscanf(argv[1], "%x:%x:%x.%x", &domain, &bus, &dev, &fn) != 4)
		goto usage;
	error.domain = domain;
	error.bus = bus;
	error.dev = dev;
	error.fn = fn;
	/* These errors have the wanted severity by default. */
	if (!strcmp(argv[2], "fatal"))
		error.uncor_status = PCI_ERR_UNC_MALF_TLP;
	else if (!strcmp(argv[2], "nonfatal"))
		error.uncor_status = PCI_ERR_UNC_COMP_ABORT;
	else if (!strcmp(argv[2], "correctable"))
		error.cor_status = PCI_ERR_COR_RCVR;
	else
		goto usage;

	fd = open("/dev/aer_inject", O_WRONLY);
	if (fd < 0 || write(fd, &error, sizeof(error)) != sizeof(error)) {
		fprintf(stderr, "aer-inject: %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	return 0;

usage:
	fprintf(stderr, "usage: aer-inject BDF fatal|nonfatal|correctable\n");
	return 2;
}
