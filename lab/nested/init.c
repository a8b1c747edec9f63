// SPDX-License-Identifier: GPL-2.0-only
/*
 * The whole nested guest: an init that plays a device driver that wants No Snoop. It tries
 * to set Enable No Snoop in every width, turns bus mastering on and has the device copy
 * pages with No Snoop, first as it finds the device, then after an FLR, then after a reset
 * that nobody is told of. At the end it prints on the console, as JSON, what it read and
 * how many bytes of the copies were wrong.
 *
 * On the kernel's command line, device=ID names another device than the model, and
 * mirror=OFFSET has it also try a mirror of config space in BAR0, or in BAR N with bar=N.
 * With config=1 the device does not have the model's registers, and only config space is
 * tried. With linger=N it sleeps N seconds after the first copies. All are hexadecimal.
 */
#include <errno.h>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/pci_regs.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>

#include "registers.h"

#define PAGE		4096
#define EQUAL_WRITES	10	/* make QEMU's quirk for mirrors set up an ioeventfd */
#define JOBS		32	/* copies of one page each, in each round */
#define LINE_WAIT_MS	30000	/* for lab/nested/run to look at the device */

static int config;
static volatile uint32_t *bar;
static volatile uint8_t *mirror;
static uint8_t *src, *dst;
static unsigned int devctl_pos;

static void finish(void)
{
	sync();
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

static void fail(const char *what)
{
	printf("guest: {\"error\":\"%s: %s\"}\n", what, strerror(errno));
	finish();
}

static uint32_t config_read(unsigned int pos, unsigned int width)
{
	uint32_t value = 0;

	if (pread(config, &value, width, pos) != (ssize_t)width)
		fail("config read");
	return value;
}

static void config_write(unsigned int pos, unsigned int width, uint32_t value)
{
	if (pwrite(config, &value, width, pos) != (ssize_t)width)
		fail("config write");
}

static bool reads_enabled(void)
{
	return config_read(devctl_pos, 2) & PCI_EXP_DEVCTL_NOSNOOP_EN;
}

/* The address of a locked page in guest physical memory */
static uint64_t physical(const void *page)
{
	int fd = open("/proc/self/pagemap", O_RDONLY);
	uint64_t entry;

	if (fd < 0 || pread(fd, &entry, sizeof(entry),
			    (uintptr_t)page / PAGE * sizeof(entry)) != sizeof(entry))
		fail("pagemap");
	close(fd);
	return (entry & ((1ULL << 55) - 1)) * PAGE;
}

/* A number from the kernel's command line, which the kernel puts into our environment */
static unsigned long number(const char *name, unsigned long without)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 16) : without;
}

/* Maps the page of a BAR that has @offset in it */
static volatile uint8_t *map_bar(const char *device, unsigned int number,
				 unsigned long offset)
{
	char path[512];
	uint8_t *page;
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource%u", device,
		 number);
	fd = open(path, O_RDWR | O_SYNC);
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		    offset / PAGE * PAGE);
	if (fd < 0 || page == MAP_FAILED)
		fail(path);
	return page + offset % PAGE;
}

/* The position of the PCI Express capability */
static unsigned int find_cap_exp(void)
{
	unsigned int pos = config_read(PCI_CAPABILITY_LIST, 1), ttl = 48;

	while (pos && ttl--) {
		if (config_read(pos, 1) == PCI_CAP_ID_EXP)
			return pos;
		pos = config_read(pos + 1, 1);
	}
	errno = ENXIO;
	fail("PCI Express capability");
	return 0;
}

static void find_device(void)
{
	unsigned long wanted = number("device", MODEL_DEVICE_ID);
	unsigned long offset = number("mirror", 0);
	char path[512], id[32] = "";
	struct dirent *entry;
	DIR *dir = opendir("/sys/bus/pci/devices");
	FILE *file;

	if (!dir)
		fail("/sys/bus/pci/devices");
	while ((entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/device",
			 entry->d_name);
		file = fopen(path, "r");
		if (!file)
			continue;
		if (!fgets(id, sizeof(id), file))
			id[0] = '\0';
		fclose(file);
		if (strtoul(id, NULL, 16) == wanted)
			break;
	}
	if (!entry) {
		errno = ENODEV;
		fail("the model");
	}

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/config",
		 entry->d_name);
	config = open(path, O_RDWR);
	if (config < 0)
		fail(path);
	config_write(PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	devctl_pos = find_cap_exp() + PCI_EXP_DEVCTL;
	if (number("config", 0)) {
		closedir(dir);
		return;
	}

	bar = (volatile uint32_t *)map_bar(entry->d_name, 0, 0);
	if (bar[MODEL_REG_ID / 4] != MODEL_ID) {
		errno = EIO;
		fail("BAR0");
	}
	if (offset)
		mirror = map_bar(entry->d_name, number("bar", 0), offset);
	closedir(dir);
}

/* Writes the bit as 1 in each width; returns how often it then reads as set */
static unsigned int try_to_enable(void)
{
	uint32_t devctl = config_read(devctl_pos, 2) | PCI_EXP_DEVCTL_NOSNOOP_EN;
	unsigned int set = 0;

	config_write(devctl_pos + 1, 1, devctl >> 8);
	set += reads_enabled();
	config_write(devctl_pos, 2, devctl);
	set += reads_enabled();
	config_write(devctl_pos, 4, devctl);
	set += reads_enabled();
	return set;
}

/* Has the device copy one page; returns how many bytes are wrong then */
static unsigned int copy_page(unsigned int job)
{
	uint64_t from = physical(src), to = physical(dst);
	unsigned int i, wrong = 0;

	for (i = 0; i < PAGE; i++)
		src[i] = (i + job * 7 + 1) & 0xff;
	memset(dst, 0, PAGE);

	bar[MODEL_REG_SRC / 4] = from;
	bar[MODEL_REG_SRC / 4 + 1] = from >> 32;
	bar[MODEL_REG_DST / 4] = to;
	bar[MODEL_REG_DST / 4 + 1] = to >> 32;
	bar[MODEL_REG_LEN / 4] = PAGE;
	bar[MODEL_REG_CTRL / 4] = MODEL_CTRL_GO | MODEL_CTRL_ASK_NO_SNOOP;
	if (bar[MODEL_REG_STATUS / 4] != MODEL_STATUS_DONE) {
		errno = EIO;
		fail("DMA");
	}

	for (i = 0; i < PAGE; i++)
		wrong += dst[i] != src[i];
	return wrong;
}

/*
 * Writes the bit as 1 by the mirror. After ten equal writes QEMU sets up an ioeventfd, with
 * which the host writes the value without asking QEMU; so this writes more often than that.
 */
static unsigned int try_mirror(void)
{
	volatile uint16_t *devctl = (volatile uint16_t *)(mirror + devctl_pos);
	uint16_t value = config_read(devctl_pos, 2) | PCI_EXP_DEVCTL_NOSNOOP_EN;
	unsigned int set = 0, i;

	for (i = 0; i < 2 * EQUAL_WRITES; i++) {
		*devctl = value;
		set += !!(*devctl & PCI_EXP_DEVCTL_NOSNOOP_EN);
	}
	return set;
}

/* Clears the bit by config space, then tries the mirror: one more line of the report */
static void round_of_mirror(void)
{
	unsigned int set, job, wrong = 0;

	config_write(devctl_pos, 2, config_read(devctl_pos, 2) &
				    ~PCI_EXP_DEVCTL_NOSNOOP_EN);
	*(volatile uint16_t *)(mirror + PCI_COMMAND) =
		PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	/* If the mirror has no effect, as it should, there must be copies to check all the same. */
	config_write(PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	set = try_mirror();
	for (job = 0; job < JOBS; job++)
		wrong += copy_page(job);
	printf("\"mirror\":{\"vendor\":%u,\"set_by_writes\":%u,\"copied\":%u,\"corrupted\":%u},",
	       *(volatile uint16_t *)mirror, set, JOBS * PAGE, wrong);
}

/* Turns mastering on, makes all tries, then the copies: one line of the report */
static void round_of(const char *name, const char *comma)
{
	unsigned int before, set, job, wrong = 0;

	config_write(PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	before = reads_enabled();
	set = try_to_enable();
	for (job = 0; job < JOBS; job++)
		wrong += copy_page(job);
	printf("\"%s\":{\"no_snoop\":%u,\"set_by_writes\":%u,\"copied\":%u,\"corrupted\":%u}%s",
	       name, before, set, JOBS * PAGE, wrong, comma);
}

/* Turns mastering on, and makes all tries: the whole report */
static void report_config(void)
{
	unsigned int before = reads_enabled(), set;

	config_write(PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	set = try_to_enable();
	printf("guest: {\"config\":{\"no_snoop\":%u,\"set_by_writes\":%u,\"masters\":%u}}\n",
	       before, set, !!(config_read(PCI_COMMAND, 2) & PCI_COMMAND_MASTER));
}

/* lab/nested/run looks at the device first, and then sends a line. */
static void wait_and_finish(void)
{
	struct pollfd input = { .fd = 0, .events = POLLIN };

	poll(&input, 1, LINE_WAIT_MS);
	finish();
}

int main(void)
{

	setvbuf(stdout, NULL, _IOLBF, 1024);
	printf("init: begins\n");
	mkdir("/sys", 0755);
	if (mount("sysfs", "/sys", "sysfs", 0, NULL))
		fail("/sys");
	mkdir("/proc", 0755);
	if (mount("proc", "/proc", "proc", 0, NULL))
		fail("/proc");

	find_device();
	if (number("config", 0)) {
		report_config();
		wait_and_finish();
	}
	src = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (src == MAP_FAILED || mlock(src, 2 * PAGE))
		fail("memory");
	dst = src + PAGE;

	printf("guest: {");
	if (mirror)
		round_of_mirror();
	round_of("start", ",");
	sleep(number("linger", 0));

	config_write(devctl_pos, 2, config_read(devctl_pos, 2) |
				    PCI_EXP_DEVCTL_BCR_FLR);
	usleep(100000);
	round_of("after_flr", ",");

	bar[MODEL_REG_RESET / 4] = MODEL_RESET_MAGIC;
	usleep(100000);
	round_of("after_hidden_reset", "}\n");
	wait_and_finish();
}
