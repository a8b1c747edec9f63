// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: vfio-open BDF [COMMAND...]
 *
 * Opens the device as any VFIO user does, by the group interface, and prints "open" or the
 * name of the errno of the last step. With COMMAND, runs it while the device is open. Exit
 * status: 0; 1 if the device was not opened; 2 if the steps before that failed; or that of
 * COMMAND.
 */
#include "vfio.h"

#include <err.h>
#include <sys/wait.h>

int main(int argc, char **argv)
{
	struct device device;
	int status;

	if (argc < 2) {
		fprintf(stderr, "usage: vfio-open BDF [COMMAND...]\n");
		return 2;
	}

	device.bdf = argv[1];
	if (group_open(&device))
		err(2, "%s", group_step);
	device.fd = ioctl(device.group, VFIO_GROUP_GET_DEVICE_FD, argv[1]);
	printf("%s\n", device.fd < 0 ? strerrorname_np(errno) : "open");
	fflush(stdout);
	if (device.fd < 0)
		return 1;
	if (argc == 2)
		return 0;

	if (!fork()) {
		execvp(argv[2], argv + 2);
		perror(argv[2]);
		_exit(127);
	}
	wait(&status);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
