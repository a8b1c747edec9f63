// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: vfio-open BDF [COMMAND...]
 *
 * Opens the device as any VFIO user does, on the group interface, and prints
 * "open" or the name of the errno that the last step gave. With COMMAND, runs
 * it while the device is open. Exit status: 0, 1 if not opened, 2 if the steps
 * before failed, or COMMAND's.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/vfio.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

static void fail(const char *step)
{
	fprintf(stderr, "vfio-open: %s: %s\n", step, strerror(errno));
	exit(2);
}

static int open_group(const char *bdf)
{
	char path[PATH_MAX], link[PATH_MAX];
	ssize_t length;
	int group;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group", bdf);
	length = readlink(path, link, sizeof(link) - 1);
	if (length < 0)
		fail(path);
	link[length] = '\0';

	snprintf(path, sizeof(path), "/dev/vfio/%s", strrchr(link, '/') + 1);
	group = open(path, O_RDWR);
	if (group < 0)
		fail(path);
	return group;
}

int main(int argc, char **argv)
{
	int container, group, device, status;

	if (argc < 2) {
		fprintf(stderr, "usage: vfio-open BDF [COMMAND...]\n");
		return 2;
	}

	container = open("/dev/vfio/vfio", O_RDWR);
	if (container < 0)
		fail("/dev/vfio/vfio");
	group = open_group(argv[1]);
	if (ioctl(group, VFIO_GROUP_SET_CONTAINER, &container))
		fail("VFIO_GROUP_SET_CONTAINER");
	if (ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		fail("VFIO_SET_IOMMU");

	device = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, argv[1]);
	printf("%s\n", device < 0 ? strerrorname_np(errno) : "open");
	fflush(stdout);
	if (device < 0)
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
