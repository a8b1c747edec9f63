// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: vfio-steps BDF[,UUID] STEP...
 *
 * Opens the device as any VFIO user does, by the group interface, with UUID as the VF token
 * (a PF's user sets it, a VF's user must know it). Then takes the steps in turn and prints
 * a line for each: what was read, "ok", or the name of the errno. The first line is for the
 * open. If that failed, there are no more.
 *
 *   read REGION+OFFSET SIZE         a number of 1, 2 or 4 bytes, in hexadecimal
 *   write REGION+OFFSET SIZE VALUE
 *   region INDEX                    its size
 *   map REGION+OFFSET SIZE          whether so much of it can be mapped; SIZE is
 *                                   hexadecimal
 *   reset                           VFIO_DEVICE_RESET
 *   ioctl NUMBER                    the ioctl with that number, counted from VFIO_BASE
 *   feature NUMBER                  gets it, with VFIO_DEVICE_FEATURE
 *   poke REGION+OFFSET SIZE VALUE   maps it, aligned for huge pages, and writes 4 bytes
 *                                   at 88 and 888 of each 4 KiB; the answer is how many
 *                                   page faults that took, in decimal
 *   intx-mask                       sets INTx up, then masks it
 *   irq INDEX                       counts the first vector of that interrupt
 *   irqs                            how often it came; waits up to a second for it
 *   run COMMAND                     in the shell; prints no line of its own
 *
 * REGION is bar0 … bar5, rom, config or vga. Exit status: 0; 1 if the device was not opened;
 * 2 if the steps before the open failed, or if a STEP is wrong. After 60 s SIGALRM ends it.
 */
#include "vfio.h"

#include <endian.h>
#include <err.h>
#include <poll.h>
#include <stdint.h>
#include <sys/resource.h>

#define PAGE		4096UL
#define HUGE		(2UL << 20)

static struct device device;
static int irq_event = -1;

/* Turns "BDF,UUID" into the name that VFIO_GROUP_GET_DEVICE_FD takes. */
static int open_device(char *arg)
{
	char *token = strchr(arg, ','), name[128];

	if (token)
		*token++ = '\0';
	device.bdf = arg;
	if (group_open(&device))
		err(2, "%s", group_step);
	snprintf(name, sizeof(name), token ? "%s vf_token=%s" : "%s", arg, token);
	device.fd = ioctl(device.group, VFIO_GROUP_GET_DEVICE_FD, name);
	return result_of(device.fd);
}

static unsigned int region_index(const char *name)
{
	if (!strncmp(name, "bar", 3))
		return VFIO_PCI_BAR0_REGION_INDEX + atoi(name + 3);
	if (!strncmp(name, "rom", 3))
		return VFIO_PCI_ROM_REGION_INDEX;
	if (!strncmp(name, "config", 6))
		return VFIO_PCI_CONFIG_REGION_INDEX;
	if (!strncmp(name, "vga", 3))
		return VFIO_PCI_VGA_REGION_INDEX;
	errx(2, "no region %s", name);
}

/* Finds the place of REGION+OFFSET in the device's file. */
static int find(const char *where, u64 *offset)
{
	const char *plus = strchr(where, '+');
	int ret;

	if (!plus)
		errx(2, "no access %s", where);
	ret = region_offset(&device, region_index(where), offset);
	if (!ret)
		*offset += strtoul(plus + 1, NULL, 16);
	return ret;
}

static void do_access(const char *where, const char *size, const char *value)
{
	unsigned int buffer = 0;
	ssize_t ret;
	u64 offset;
	size_t count = atoi(size);

	if (count != 1 && count != 2 && count != 4)
		errx(2, "no access %s %s", where, size);
	ret = find(where, &offset);
	if (ret) {
		answer(ret);
		return;
	}

	if (value) {
		buffer = htole32(strtoul(value, NULL, 16));
		ret = pwrite(device.fd, &buffer, count, offset);
	} else {
		ret = pread(device.fd, &buffer, count, offset);
	}
	if (ret >= 0 && (size_t)ret != count)
		printf("short, %zd bytes\n", ret);
	else if (ret < 0 || value)
		answer(result_of(ret));
	else
		printf("%0*x\n", (int)count * 2, le32toh(buffer));
}

static void do_region(const char *index)
{
	struct vfio_region_info info;
	int ret = region_get(&device, atoi(index), &info);

	if (ret)
		answer(ret);
	else
		printf("%#llx\n", (unsigned long long)info.size);
}

static void do_map(const char *where, const char *size)
{
	size_t length = strtoul(size, NULL, 16);
	u64 offset;
	void *map;
	int ret = find(where, &offset);

	if (ret) {
		answer(ret);
		return;
	}

	map = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, device.fd, offset);
	answer(map == MAP_FAILED ? -errno : 0);
	if (map != MAP_FAILED)
		munmap(map, length);
}

static long faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt + usage.ru_majflt;
}

/* For huge pages, the address in memory and the one in the BAR must be equal modulo 2 MiB. */
static void do_poke(const char *where, const char *size, const char *text)
{
	const char *plus = strchr(where, '+');
	size_t length = strtoul(size, NULL, 16), at, start;
	u32 value = htole32(strtoul(text, NULL, 16));
	u8 *room, *map;
	u64 offset;
	long before;
	int ret = find(where, &offset);

	if (ret) {
		answer(ret);
		return;
	}
	start = strtoul(plus + 1, NULL, 16);
	room = mmap(NULL, length + 2 * HUGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (room == MAP_FAILED)
		err(2, "mmap");
	map = room + HUGE - (uintptr_t)room % HUGE + start % HUGE;
	map = mmap(map, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, device.fd, offset);
	if (map == MAP_FAILED) {
		answer(-errno);
		munmap(room, length + 2 * HUGE);
		return;
	}
	before = faults();
	for (at = 0x88; at < length; at += PAGE / 2)
		*(volatile u32 *)(map + at) = value;
	printf("%ld\n", faults() - before);
	munmap(room, length + 2 * HUGE);
}

static void do_irq(const char *index)
{
	irq_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	answer(irqs_set(&device, atoi(index),
			VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER, 1, irq_event));
}

static void do_irqs(void)
{
	struct pollfd pollfd = { .fd = irq_event, .events = POLLIN };
	eventfd_t count = 0;

	if (poll(&pollfd, 1, 1000) == 1)
		eventfd_read(irq_event, &count);
	printf("%llu\n", (unsigned long long)count);
}

static void do_intx_mask(void)
{
	const u32 intx = VFIO_PCI_INTX_IRQ_INDEX;

	answer(irqs_set(&device, intx, VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
			1, eventfd(0, EFD_CLOEXEC)) ?:
	       irqs_set(&device, intx, VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_MASK, 1, -1));
}

/* The argument is large enough for any ioctl. */
static void do_ioctl(const char *number)
{
	u32 argument[64] = { sizeof(argument) };

	answer(result_of(ioctl(device.fd, _IO(VFIO_TYPE, VFIO_BASE + atoi(number)), argument)));
}

static void do_feature(const char *number)
{
	u32 argument[64] = { sizeof(argument), VFIO_DEVICE_FEATURE_GET | atoi(number) };

	answer(result_of(ioctl(device.fd, VFIO_DEVICE_FEATURE, argument)));
}

static char *argument(char ***argv)
{
	if (!**argv)
		errx(2, "the last step is not whole");
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
	} else if (!strcmp(step, "poke")) {
		where = argument(argv);
		size = argument(argv);
		do_poke(where, size, argument(argv));
	} else if (!strcmp(step, "irq")) {
		do_irq(argument(argv));
	} else if (!strcmp(step, "irqs")) {
		do_irqs();
	} else if (!strcmp(step, "reset")) {
		answer(result_of(ioctl(device.fd, VFIO_DEVICE_RESET)));
	} else if (!strcmp(step, "ioctl")) {
		do_ioctl(argument(argv));
	} else if (!strcmp(step, "feature")) {
		do_feature(argument(argv));
	} else if (!strcmp(step, "intx-mask")) {
		do_intx_mask();
	} else if (!strcmp(step, "run")) {
		fflush(stdout);
		if (system(argument(argv)) == -1)
			err(2, "system");
	} else {
		errx(2, "no step %s", step);
	}
}

int main(int argc, char **argv)
{
	int ret;

	if (argc < 2) {
		fprintf(stderr, "usage: vfio-steps BDF[,UUID] STEP...\n");
		return 2;
	}

	alarm(60);
	ret = open_device(argv[1]);
	printf("%s\n", ret ? name_of(ret) : "open");
	if (ret)
		return 1;

	argv += 2;
	while (*argv)
		take_step(&argv);
	return 0;
}
