// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: vfio-steps BDF[,UUID] STEP...
 *
 * Opens the device as any VFIO user does, on the group interface, with UUID as
 * the VF token (a PF's user sets it, a VF's must know it), takes the steps in
 * turn and prints a line for each: what was read, "ok", or the errno's name.
 * The first line is that of the open; if it failed there are no more.
 *
 *   read REGION+OFFSET SIZE         a number of 1, 2 or 4 bytes, in hexadecimal
 *   write REGION+OFFSET SIZE VALUE
 *   region INDEX                    its size
 *   map REGION+OFFSET SIZE          whether so much of it can be mapped; the
 *                                   size in hexadecimal
 *   reset                           VFIO_DEVICE_RESET
 *   intx-mask                       have INTx signalled, then mask it
 *   run COMMAND                     by the shell; prints nothing of its own
 *
 * REGION is bar0 … bar5, config or vga. Exit status: 0, 1 if not opened, 2 if
 * the steps before the open failed or a step is none.
 */
#define _GNU_SOURCE
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/vfio.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

static int device;

static void fail(const char *step)
{
	fprintf(stderr, "vfio-steps: %s: %s\n", step, strerror(errno));
	exit(2);
}

static void result(int ret)
{
	printf("%s\n", ret < 0 ? strerrorname_np(errno) : "ok");
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

/* "BDF,UUID" becomes what VFIO_GROUP_GET_DEVICE_FD takes. */
static int open_device(char *arg)
{
	char *token = strchr(arg, ','), name[128];
	int container, group;

	if (token)
		*token++ = '\0';

	container = open("/dev/vfio/vfio", O_RDWR);
	if (container < 0)
		fail("/dev/vfio/vfio");
	group = open_group(arg);
	if (ioctl(group, VFIO_GROUP_SET_CONTAINER, &container))
		fail("VFIO_GROUP_SET_CONTAINER");
	if (ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		fail("VFIO_SET_IOMMU");

	snprintf(name, sizeof(name), token ? "%s vf_token=%s" : "%s", arg, token);
	return ioctl(group, VFIO_GROUP_GET_DEVICE_FD, name);
}

static int region_info(unsigned int index, struct vfio_region_info *info)
{
	memset(info, 0, sizeof(*info));
	info->argsz = sizeof(*info);
	info->index = index;
	return ioctl(device, VFIO_DEVICE_GET_REGION_INFO, info);
}

static unsigned int region_index(const char *name)
{
	if (!strncmp(name, "bar", 3))
		return VFIO_PCI_BAR0_REGION_INDEX + atoi(name + 3);
	if (!strncmp(name, "config", 6))
		return VFIO_PCI_CONFIG_REGION_INDEX;
	if (!strncmp(name, "vga", 3))
		return VFIO_PCI_VGA_REGION_INDEX;
	fprintf(stderr, "vfio-steps: no region %s\n", name);
	exit(2);
}

static void do_access(const char *where, const char *size, const char *value)
{
	const char *plus = strchr(where, '+');
	struct vfio_region_info info;
	unsigned int buffer = 0;
	ssize_t ret;
	off_t offset;
	size_t count = atoi(size);

	if (!plus || (count != 1 && count != 2 && count != 4)) {
		fprintf(stderr, "vfio-steps: no access %s %s\n", where, size);
		exit(2);
	}
	if (region_info(region_index(where), &info)) {
		result(-1);
		return;
	}

	offset = info.offset + strtoul(plus + 1, NULL, 16);
	if (value) {
		buffer = htole32(strtoul(value, NULL, 16));
		ret = pwrite(device, &buffer, count, offset);
	} else {
		ret = pread(device, &buffer, count, offset);
	}
	if (ret >= 0 && (size_t)ret != count)
		printf("short, %zd bytes\n", ret);
	else if (ret < 0 || value)
		result(ret);
	else
		printf("%0*x\n", (int)count * 2, le32toh(buffer));
}

static void do_region(const char *index)
{
	struct vfio_region_info info;

	if (region_info(atoi(index), &info))
		result(-1);
	else
		printf("%#llx\n", (unsigned long long)info.size);
}

static void do_map(const char *where, const char *size)
{
	const char *plus = strchr(where, '+');
	size_t length = strtoul(size, NULL, 16);
	struct vfio_region_info info;
	void *map;

	if (!plus || region_info(region_index(where), &info)) {
		result(-1);
		return;
	}

	map = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, device,
		   info.offset + strtoul(plus + 1, NULL, 16));
	result(map == MAP_FAILED ? -1 : 0);
	if (map != MAP_FAILED)
		munmap(map, length);
}

static void do_intx_mask(void)
{
	struct {
		struct vfio_irq_set set;
		int fd;
	} trigger = {
		.set.argsz = sizeof(trigger),
		.set.flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
		.set.index = VFIO_PCI_INTX_IRQ_INDEX,
		.set.count = 1,
		.fd = eventfd(0, EFD_CLOEXEC),
	};
	struct vfio_irq_set mask = {
		.argsz = sizeof(mask),
		.flags = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_MASK,
		.index = VFIO_PCI_INTX_IRQ_INDEX,
		.count = 1,
	};
	int ret;

	ret = ioctl(device, VFIO_DEVICE_SET_IRQS, &trigger);
	if (!ret)
		ret = ioctl(device, VFIO_DEVICE_SET_IRQS, &mask);
	result(ret);
}

static char *argument(char ***argv)
{
	if (!**argv) {
		fprintf(stderr, "vfio-steps: the last step is not whole\n");
		exit(2);
	}
	return *(*argv)++;
}

static void take_step(char ***argv)
{
	const char *step = argument(argv), *where, *size;

	if (!strcmp(step, "read")) {
		where = argument(argv);
		do_access(where, argument(argv), NULL);
	} else if (!strcmp(step, "write")) {
		where = argument(argv);
		size = argument(argv);
		do_access(where, size, argument(argv));
	} else if (!strcmp(step, "region")) {
		do_region(argument(argv));
	} else if (!strcmp(step, "map")) {
		where = argument(argv);
		do_map(where, argument(argv));
	} else if (!strcmp(step, "reset")) {
		result(ioctl(device, VFIO_DEVICE_RESET));
	} else if (!strcmp(step, "intx-mask")) {
		do_intx_mask();
	} else if (!strcmp(step, "run")) {
		fflush(stdout);
		if (system(argument(argv)) == -1)
			fail("system");
	} else {
		fprintf(stderr, "vfio-steps: no step %s\n", step);
		exit(2);
	}
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "usage: vfio-steps BDF[,UUID] STEP...\n");
		return 2;
	}

	device = open_device(argv[1]);
	printf("%s\n", device < 0 ? strerrorname_np(errno) : "open");
	if (device < 0)
		return 1;

	argv += 2;
	while (*argv)
		take_step(&argv);
	return 0;
}
