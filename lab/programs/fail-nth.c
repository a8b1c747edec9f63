// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: fail-nth BDF DRIVER
 *
 * Reads lines "OPERATION MINIMUM" and repeats each operation: first its first allocation
 * or copy from or to the user fails, then its second, and so on until the operation makes
 * no more. What can fail is set up in failslab, fail_page_alloc and fail_usercopy. After
 * each fault:
 *
 *   - the result is success, ENOMEM or EFAULT, for interrupts also ENOSPC;
 *   - the function is as it has to be, see check();
 *   - if the operation failed, it is repeated and succeeds;
 *
 * and then everything is undone. Answers with what went wrong, a line that says how many
 * faults there were and what each led to, and "ok" or "failed". Fewer faults than MINIMUM
 * are a failure. BDF is bound to no driver before and after.
 */
#include "vfio.h"

#include <dirent.h>
#include <stdarg.h>
#include <linux/iommufd.h>

#define CONFIG_SIZE	4096
#define MOST		2000	/* faults, so that it does not go on forever */

struct operation {
	const char *name;
	int (*begin)(void);
	int (*act)(void);
	int (*undo)(void);
	/* What it did before it failed stays done. */
	bool partial;
	/* One more errno it may end with */
	int also;
	/* If not 0: after so many faults, only every so many-th is tried. */
	unsigned int sparse;
};

static struct device device = DEVICE_CLOSED;
static const char *driver;
static int fail_nth, drivers_bind, drivers_unbind, iommufd = -1;
/* The driver's open succeeded. With a cdev that happens later than open(2). */
static bool is_open;
static int event;
static u16 devctl_before;
/* vfioN. N changes if an earlier device was not released. */
static char vfio_dev[NAME_MAX + 1];
static int failures;

__printf(1, 2) __noreturn
static void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	exit(2);
}

__printf(2, 3)
static void fail(unsigned int n, const char *format, ...)
{
	va_list args;

	printf("fault %u: ", n);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	failures++;
}

/*
 * These two system calls copy, too, so the kernel goes on counting in them. If one of them
 * gets the fault, that was left over, and the operation did not have it.
 */
static void arm(unsigned int n)
{
	char text[16];
	int length = sprintf(text, "%u", n);

	if (pwrite(fail_nth, text, length, 0) != length)
		die("fail-nth: %s", strerror(errno));
}

/* Returns whether there was a fault since arm(). */
static bool disarm(void)
{
	char text[16] = "1";
	ssize_t length = pread(fail_nth, text, sizeof(text) - 1, 0);

	while (pwrite(fail_nth, "0", 1, 0) != 1)
		if (errno != EFAULT)
			die("fail-nth: %s", strerror(errno));
	return length > 0 && atoi(text) == 0;
}

static u16 in_hardware(u32 offset)
{
	u16 value;
	int ret = hardware(&device, offset, &value);

	if (ret)
		die("config: %s", strerror(-ret));
	return value;
}

static int sysfs_open(const char *format, const char *name, int flags)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), format, name);
	fd = open(path, flags | O_CLOEXEC);
	if (fd < 0)
		die("%s: %s", path, strerror(errno));
	return fd;
}

/* Bind and unbind: one system call each */

static bool is_bound(void)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver", device.bdf);
	return !access(path, F_OK);
}

static int bind_function(void)
{
	return result_of(pwrite(drivers_bind, device.bdf, strlen(device.bdf), 0));
}

static int unbind_function(void)
{
	return result_of(pwrite(drivers_unbind, device.bdf, strlen(device.bdf), 0));
}

static void check_vfio_dev(void)
{
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/vfio-dev", device.bdf);
	dir = opendir(path);
	if (!dir)
		die("%s: %s", path, strerror(errno));
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.' || !strcmp(entry->d_name, vfio_dev))
			continue;
		if (vfio_dev[0])
			fail(0, "%s, not %s: a device was lost", entry->d_name, vfio_dev);
		strcpy(vfio_dev, entry->d_name);
	}
	closedir(dir);
}

/* Keeps the function in D0 while it is closed, so that DEVCTL stays as it is. */
static int bind_awake(void)
{
	int ret = bind_function();

	if (ret)
		return ret;
	check_vfio_dev();
	return file_write("/sys/bus/pci/devices/%s/power/control", device.bdf, "on");
}

/* Open and close */

static int open_in_group(void)
{
	device.fd = ioctl(device.group, VFIO_GROUP_GET_DEVICE_FD, device.bdf);
	is_open = device.fd >= 0;
	return result_of(device.fd);
}

static int open_cdev(void)
{
	char path[PATH_MAX];

	iommufd = open("/dev/iommu", O_RDWR | O_CLOEXEC);
	if (iommufd < 0)
		return -errno;
	snprintf(path, sizeof(path), "/dev/vfio/devices/%s", vfio_dev);
	device.fd = open(path, O_RDWR | O_CLOEXEC);
	return result_of(device.fd);
}

static int bind_iommufd(void)
{
	struct vfio_device_bind_iommufd bind = {
		.argsz = sizeof(bind),
		.iommufd = iommufd,
	};

	is_open = !ioctl(device.fd, VFIO_DEVICE_BIND_IOMMUFD, &bind);
	return is_open ? 0 : -errno;
}

static int attach_ioas(void)
{
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };
	struct vfio_device_attach_iommufd_pt attach = { .argsz = sizeof(attach) };

	if (ioctl(iommufd, IOMMU_IOAS_ALLOC, &alloc))
		return -errno;
	attach.pt_id = alloc.out_ioas_id;
	return result_of(ioctl(device.fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach));
}

static int close_fd(int *fd)
{
	int ret = *fd >= 0 ? result_of(close(*fd)) : 0;

	*fd = -1;
	return ret;
}

static int close_device(void)
{
	is_open = false;
	return close_fd(&device.fd);
}

static int close_all(void)
{
	return close_device() ?: close_fd(&device.group) ?: close_fd(&device.container) ?:
	       close_fd(&iommufd);
}

static int open_by_group(void)
{
	close_all();
	return group_open(&device) ?: open_in_group();
}

static int open_by_cdev(void)
{
	close_all();
	return open_cdev() ?: bind_iommufd() ?: attach_ioas();
}

/* While open */

static int master_on(void)
{
	return master_set(&device, true);
}

static int master_off(void)
{
	return master_set(&device, false);
}

/* A value with No Snoop, or one without on a driver that would let us set the bit */
static u16 wish(void)
{
	return strtoul(getenv("WISH") ?: "0x2810", NULL, 0);
}

/*
 * Writes Device Status as well, which goes to the core. Only the core's copy can be made to
 * fail. That is after the driver looked at the buffer, and when Device Control is written.
 */
static int write_devctl(void)
{
	return config_write(&device, DEVCTL, 4, wish());
}

static int flr(void)
{
	return config_write(&device, DEVCTL, 2, wish() | PCI_EXP_DEVCTL_BCR_FLR);
}

static int reset(void)
{
	return result_of(ioctl(device.fd, VFIO_DEVICE_RESET));
}

static int d3hot_and_back(void)
{
	return config_write(&device, PMCSR, 2, 3) ?: config_write(&device, PMCSR, 2, 0);
}

static u8 all_config[CONFIG_SIZE];

static int read_all_config(void)
{
	return config_read(&device, 0, CONFIG_SIZE, all_config);
}

/* All of config space as it is, but with mastering and No Snoop */
static int prepare_config(void)
{
	u16 devctl = wish();
	int ret;

	ret = master_off() ?: read_all_config();
	all_config[PCI_COMMAND] |= PCI_COMMAND_MASTER;
	memcpy(all_config + DEVCTL, &devctl, 2);
	return ret;
}

static int write_all_config(void)
{
	return result_of_all(pwrite(device.fd, all_config, CONFIG_SIZE, device.config),
			     CONFIG_SIZE);
}

static int set_vector(void)
{
	return irqs_set(&device, VFIO_PCI_MSIX_IRQ_INDEX,
			VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER, 1, event);
}

static int unset_vector(void)
{
	return irqs_set(&device, VFIO_PCI_MSIX_IRQ_INDEX,
			VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER, 0, -1);
}

/* With room for the capabilities that some regions have */
static int region_infos(void)
{
	union {
		struct vfio_region_info info;
		u8 room[4096];
	} region;
	int i;

	for (i = 0; i <= VFIO_PCI_CONFIG_REGION_INDEX; i++) {
		memset(&region, 0, sizeof(region));
		region.info.argsz = sizeof(region);
		region.info.index = i;
		if (ioctl(device.fd, VFIO_DEVICE_GET_REGION_INFO, &region.info))
			return -errno;
	}
	return 0;
}

/* If there is no memory for a page fault, the kernel lets the access fault again. */
static int map_bar(void)
{
	struct vfio_region_info info;
	int ret = region_get(&device, VFIO_PCI_BAR0_REGION_INDEX, &info);
	volatile u32 *bar;
	u32 id;

	if (ret)
		return ret;
	bar = mmap(NULL, info.size, PROT_READ, MAP_SHARED, device.fd, info.offset);
	if (bar == MAP_FAILED)
		return -errno;
	id = bar[MODEL_REG_ID / 4];
	if (munmap((void *)bar, info.size))
		return -errno;
	return id == MODEL_ID ? 0 : -EBADMSG;
}

/* What is done before and after */

static int nothing(void)
{
	return 0;
}

static int unbind_closed(void)
{
	return close_all() ?: unbind_function();
}

static int be_bound(void)
{
	return is_bound() ? 0 : bind_awake();
}

static int be_open(void)
{
	if (is_open)
		return master_on();
	return be_bound() ?: open_by_group() ?: master_on();
}

static int be_open_by_cdev(void)
{
	return be_bound() ?: open_by_cdev() ?: master_on();
}

static int begin_command(void)
{
	return be_open() ?: master_off();
}

static int begin_irqs_off(void)
{
	return be_open() ?: set_vector();
}

static int begin_config(void)
{
	return be_open() ?: prepare_config();
}

static const struct operation operations[] = {
	{ .name = "bind", .begin = nothing, .act = bind_function, .undo = unbind_function },
	{ .name = "unbind", .begin = bind_awake, .act = unbind_function, .undo = nothing },
	{ .name = "open-group", .begin = be_bound, .act = open_by_group, .undo = close_all },
	{ .name = "open-cdev", .begin = be_bound, .act = open_by_cdev, .undo = close_all },
	{ .name = "close-group", .begin = be_open, .act = close_device, .undo = close_all },
	{ .name = "close-cdev", .begin = be_open_by_cdev, .act = close_device, .undo = close_all },
	{ .name = "reset", .begin = be_open, .act = reset, .undo = nothing },
	{ .name = "flr", .begin = be_open, .act = flr, .undo = nothing },
	{ .name = "write-devctl", .begin = be_open, .act = write_devctl, .undo = nothing, .partial = true },
	{ .name = "write-command", .begin = begin_command, .act = master_on, .undo = nothing },
	{ .name = "write-config", .begin = begin_config, .act = write_all_config, .undo = nothing, .partial = true, .sparse = 64 },
	{ .name = "read-config", .begin = be_open, .act = read_all_config, .undo = nothing, .sparse = 64 },
	{ .name = "d3hot", .begin = be_open, .act = d3hot_and_back, .undo = nothing, .partial = true },
	{ .name = "irqs", .begin = be_open, .act = set_vector, .undo = unset_vector, .also = -ENOSPC },
	{ .name = "irqs-off", .begin = begin_irqs_off, .act = unset_vector, .undo = nothing },
	{ .name = "region-info", .begin = be_open, .act = region_infos, .undo = nothing },
	{ .name = "mmap", .begin = be_open, .act = map_bar, .undo = nothing },
};

static int module_references(void)
{
	char name[64], text[16] = "";
	unsigned int i;
	int fd;

	snprintf(name, sizeof(name), "%s", driver);
	for (i = 0; name[i]; i++)
		if (name[i] == '-')
			name[i] = '_';
	fd = sysfs_open("/sys/module/%s/refcnt", name, O_RDONLY);
	if (read(fd, text, sizeof(text) - 1) < 0)
		die("refcnt: %s", strerror(errno));
	close(fd);
	return atoi(text);
}

/*
 * While the function is open, the bit is clear. While it is not, mastering is off, DEVCTL is
 * as it was at the start, and the module has no users.
 */
static void check(unsigned int n, const char *when)
{
	u16 devctl = in_hardware(DEVCTL), command = in_hardware(PCI_COMMAND);

	if (is_open) {
		if (devctl & PCI_EXP_DEVCTL_NOSNOOP_EN)
			fail(n, "%s: DEVCTL is %04x while open", when, devctl);
		return;
	}
	if (command & PCI_COMMAND_MASTER)
		fail(n, "%s: COMMAND is %04x while not open", when, command);
	if (devctl != devctl_before)
		fail(n, "%s: DEVCTL is %04x, was %04x", when, devctl, devctl_before);
	if (device.fd < 0 && module_references())
		fail(n, "%s: the module has %d users", when, module_references());
}

/* Makes the n-th fault, if there are so many; returns whether there was one. */
static bool one_fault(const struct operation *op, unsigned int n, int *result)
{
	u16 devctl, command;
	bool faulted, was_open;
	int ret;

	ret = op->begin();
	if (ret)
		die("fault %u: before %s: %s", n, op->name, name_of(ret));
	devctl = in_hardware(DEVCTL);
	command = in_hardware(PCI_COMMAND);
	was_open = is_open;

	arm(n);
	ret = op->act();
	faulted = disarm();

	*result = ret;
	if (ret && (!faulted || (ret != -ENOMEM && ret != -EFAULT && ret != op->also)))
		fail(n, "%s", name_of(ret));
	check(n, "then");
	if (ret && !op->partial && is_open == was_open &&
	    (in_hardware(DEVCTL) != devctl || in_hardware(PCI_COMMAND) != command))
		fail(n, "it failed, but DEVCTL is %04x, was %04x, COMMAND %04x, was %04x",
		     in_hardware(DEVCTL), devctl, in_hardware(PCI_COMMAND), command);
	if (ret) {
		ret = op->act();
		if (ret)
			fail(n, "repeated: %s", name_of(ret));
		check(n, "repeated");
	}
	ret = op->undo();
	if (ret)
		die("fault %u: after %s: %s", n, op->name, name_of(ret));
	check(n, "undone");
	return faulted;
}

/* "1-3 ENOMEM, 4 ok" */
static void tell(const unsigned int *number, const int *result, unsigned int count)
{
	unsigned int i, first;

	for (i = 0; i < count; i++) {
		for (first = i; i + 1 < count && result[i + 1] == result[i]; i++)
			;
		printf("%s%u", first ? ", " : ": ", number[first]);
		if (i > first)
			printf("-%u", number[i]);
		printf(" %s", name_of(result[first]));
	}
	printf("\n");
}

static void all_faults(const struct operation *op, unsigned int minimum)
{
	static unsigned int number[MOST];
	static int result[MOST];
	unsigned int n = 1, count = 0;

	while (one_fault(op, n, result + count)) {
		number[count++] = n;
		if (count == MOST)
			die("more than %u faults", MOST);
		n += op->sparse && n >= op->sparse ? op->sparse : 1;
	}
	if (count < minimum)
		fail(n, "there is none, with at least %u expected", minimum);
	printf("%s: %u faults", op->name, count);
	tell(number, result, count);

	if (be_bound() || unbind_closed())
		die("after all: bind and unbind: %s", strerror(errno));
	check(n, "after all");
}

static const struct operation *operation_named(const char *name)
{
	unsigned int i;

	for (i = 0; i < sizeof(operations) / sizeof(*operations); i++)
		if (!strcmp(operations[i].name, name))
			return operations + i;
	die("no operation %s", name);
}

/* Does it once without faults, because some memory is only allocated the first time. */
static void warm_up(void)
{
	int ret;

	devctl_before = in_hardware(DEVCTL);
	ret = be_open();
	if (ret)
		die("without faults: open: %s", name_of(ret));
	ret = region_offset(&device, VFIO_PCI_CONFIG_REGION_INDEX, &device.config);
	if (ret)
		die("no config space: %s", strerror(-ret));
	ret = unbind_closed();
	if (ret)
		die("without faults: unbind: %s", name_of(ret));
	check(0, "without faults");
}

int main(int argc, char **argv)
{
	char line[64], name[64];
	unsigned int minimum;

	if (argc != 3) {
		fprintf(stderr, "usage: fail-nth BDF DRIVER\n");
		return 2;
	}
	device.bdf = argv[1];
	driver = argv[2];
	setvbuf(stdout, NULL, _IOLBF, 0);

	fail_nth = sysfs_open("/proc/%s/fail-nth", "self", O_RDWR);
	drivers_bind = sysfs_open("/sys/bus/pci/drivers/%s/bind", driver, O_WRONLY);
	drivers_unbind = sysfs_open("/sys/bus/pci/drivers/%s/unbind", driver, O_WRONLY);
	event = eventfd(0, EFD_CLOEXEC);
	/* No page faults of our own may come in between. */
	mlockall(MCL_CURRENT | MCL_FUTURE);

	while (fgets(line, sizeof(line), stdin)) {
		if (sscanf(line, "%63s %u", name, &minimum) != 2)
			die("not OPERATION MINIMUM: %s", line);
		failures = 0;
		warm_up();
		all_faults(operation_named(name), minimum);
		printf("%s\n", failures ? "failed" : "ok");
	}
	return 0;
}
