// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: aer-inject BDF fatal|nonfatal|correctable [SECONDS]
 *
 * Makes the kernel believe that the function reported such an error. The kernel's own
 * module aer_inject makes up the status registers of the function and its root port, and
 * the interrupt. What the kernel then does to the hardware is real. With SECONDS it waits
 * for so long, at most, until the kernel's log says that a recovery has succeeded.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
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

static long long milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* recovered: whether the log @kmsg says so within @seconds. Each read gives one line. */
static bool recovered(int kmsg, int seconds)
{
	struct pollfd log = { .fd = kmsg, .events = POLLIN };
	long long end = milliseconds() + seconds * 1000LL, left;
	char line[8192];
	ssize_t n;

	while ((left = end - milliseconds()) > 0 && poll(&log, 1, left) >= 0) {
		n = read(kmsg, line, sizeof(line) - 1);
		/* EPIPE: lines were overwritten that nobody has read. */
		if (n < 0 && errno != EAGAIN && errno != EPIPE)
			return false;
		if (n <= 0)
			continue;
		line[n] = '\0';
		if (strstr(line, "device recovery successful"))
			return true;
	}
	return false;
}

int main(int argc, char **argv)
{
	struct aer_error_inj error = { 0 };
	unsigned int domain, bus, dev, fn;
	int fd, kmsg, seconds = 0;

	if (argc < 3 || argc > 4 || sscanf(argv[1], "%x:%x:%x.%x", &domain, &bus, &dev, &fn) != 4)
		goto usage;
	if (argc == 4 && (sscanf(argv[3], "%d", &seconds) != 1 || seconds < 1))
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

	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	if (kmsg < 0 || lseek(kmsg, 0, SEEK_END) < 0) {
		fprintf(stderr, "aer-inject: /dev/kmsg: %s\n", strerror(errno));
		return 1;
	}
	fd = open("/dev/aer_inject", O_WRONLY);
	if (fd < 0 || write(fd, &error, sizeof(error)) != sizeof(error)) {
		fprintf(stderr, "aer-inject: %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	if (seconds && !recovered(kmsg, seconds)) {
		fprintf(stderr, "aer-inject: %s: no recovery in %d s\n", argv[1], seconds);
		return 1;
	}
	return 0;

usage:
	fprintf(stderr, "usage: aer-inject BDF fatal|nonfatal|correctable [SECONDS]\n");
	return 2;
}
