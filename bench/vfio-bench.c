// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: vfio-bench [-o REGEX] [-t] DRIVER BDF [OTHER...]
 *
 * Measures what operations on the function BDF cost with DRIVER, in instructions. Runs in
 * the lab's machine that counts them (lab/vm --icount), where the processor's time stamp is
 * the number of instructions executed so far. Binds the function, opens it as any VFIO user
 * does (group interface), does each operation many times, and unbinds it. Meanwhile the
 * functions OTHER are bound to DRIVER, too. The caller has set the driver_override of all.
 *
 * Prints a line of JSON for each operation: what 9 in 10 of its runs took at least, the
 * least and the median. Runs take more than the least because of timer interrupts, and of
 * memory caches that had to be filled first.
 *
 * An operation that may sleep is measured by the time that the scheduler charged to this
 * thread. That has the same unit and does not count the idle processor. It does not count
 * either what the kernel's own threads do for the operation.
 *
 *   -o REGEX	measure only the operations whose names match
 *   -t		do each once, with tracing turned on meanwhile, as it was set up in
 *		tracefs
 */
#include "../lab/programs/vfio.h"

#include <regex.h>
#include <stdint.h>
#include <x86intrin.h>

#define MAX_RUNS	200
/* Fewer for operations that sleep, because these take longer */
#define SLEEPING_RUNS	100
/* Runs before the first that counts */
#define WARM_UP		2

struct op {
	const char *name;
	/* run is measured; before and after are not. */
	void (*run)(const struct op *op);
	void (*before)(const struct op *op);
	void (*after)(const struct op *op);
	/* The access: its place in the region, and its size in bytes */
	unsigned int region, offset, width;
	/* The ID of the capability from which offset counts, or 0. find_cap() adds its place. */
	unsigned int cap;
	/* The operation may sleep. */
	bool sleeps;
};

static const char *bdf, *driver;
static regex_t wanted;
static struct device device = DEVICE_CLOSED;
static u64 regions[VFIO_PCI_NUM_REGIONS];
static unsigned char buffer[4096];
static volatile uint32_t *page;

static void die(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int must(int ret, const char *what)
{
	if (ret < 0)
		die(what);
	return ret;
}

/* A file that is not there need not be written. */
static void put(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 && errno == ENOENT)
		return;
	must(fd, path);
	must(write(fd, value, strlen(value)), path);
	close(fd);
}

/* bind or unbind in sysfs, open so that what is measured is one write() */
static int driver_file;

static void open_driver_file(const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/bus/pci/drivers/%s/%s", driver, name);
	driver_file = must(open(path, O_WRONLY), path);
}

static void close_driver_file(const struct op *op)
{
	(void)op;
	close(driver_file);
}

static void write_driver_file(const struct op *op)
{
	(void)op;
	must(write(driver_file, bdf, strlen(bdf)), "bind or unbind");
}

static void open_bind(const struct op *op)
{
	(void)op;
	open_driver_file("bind");
}

static void open_unbind(void)
{
	open_driver_file("unbind");
}

static void unbind_again(const struct op *op)
{
	close_driver_file(op);
	open_unbind();
	write_driver_file(op);
	close_driver_file(op);
}

/* Leaves it ready to be unbound */
static void bind_again(const struct op *op)
{
	open_bind(op);
	write_driver_file(op);
	close_driver_file(op);
	open_unbind();
}

static void open_device(const struct op *op)
{
	(void)op;
	device.fd = must(ioctl(device.group, VFIO_GROUP_GET_DEVICE_FD, bdf), "VFIO_GROUP_GET_DEVICE_FD");
}

static void close_device(const struct op *op)
{
	(void)op;
	close(device.fd);
}

static void read_region(const struct op *op)
{
	if (pread(device.fd, buffer, op->width, regions[op->region] + op->offset) !=
	    (ssize_t)op->width)
		die(op->name);
}

static void write_region(const struct op *op)
{
	if (pwrite(device.fd, buffer, op->width, regions[op->region] + op->offset) !=
	    (ssize_t)op->width)
		die(op->name);
}

static void zero(const struct op *op)
{
	memset(buffer, 0, op->width);
}

static void ask_for_flr(const struct op *op)
{
	read_region(op);
	buffer[1] |= PCI_EXP_DEVCTL_BCR_FLR >> 8;
}

static void reset(const struct op *op)
{
	must(ioctl(device.fd, VFIO_DEVICE_RESET), op->name);
}

static void write_word(unsigned int at, uint16_t value)
{
	if (config_write(&device, at, sizeof(value), value))
		die("config space");
}

/* Also after each reset, because the BARs answer only then. */
static void enable(const struct op *op)
{
	(void)op;
	write_word(PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

static void master_off(const struct op *op)
{
	(void)op;
	write_word(PCI_COMMAND, PCI_COMMAND_MEMORY);
}

/* Of PMCSR, only the power state can be written. */
static void to_d0(const struct op *op)
{
	write_word(op->offset, 0);
}

static void to_d3hot(const struct op *op)
{
	write_word(op->offset, 3);
}

static void map(const struct op *op)
{
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, device.fd,
		    regions[op->region]);
	if (page == MAP_FAILED)
		die("mmap of a BAR");
}

static void unmap(const struct op *op)
{
	(void)op;
	munmap((void *)page, 4096);
}

static void touch(const struct op *op)
{
	(void)op;
	(void)page[0];
}

static void map_and_touch(const struct op *op)
{
	map(op);
	touch(op);
}

static void touch_to_write(const struct op *op)
{
	(void)op;
	page[3] = 0;
}

static int event = -1;

static void set_msix(bool on, unsigned int count)
{
	must(irqs_set(&device, VFIO_PCI_MSIX_IRQ_INDEX, VFIO_IRQ_SET_ACTION_TRIGGER |
		      (on ? VFIO_IRQ_SET_DATA_EVENTFD : VFIO_IRQ_SET_DATA_NONE), count, event),
	     "VFIO_DEVICE_SET_IRQS");
}

static void msix_on(const struct op *op)
{
	(void)op;
	set_msix(true, 1);
}

static void msix_off(const struct op *op)
{
	(void)op;
	set_msix(false, 0);
}

static void region_info(const struct op *op)
{
	struct vfio_region_info info = { .argsz = sizeof(info), .index = op->region };

	must(ioctl(device.fd, VFIO_DEVICE_GET_REGION_INFO, &info), op->name);
}

static void nothing(const struct op *op)
{
	(void)op;
}

/* WHERE is a place in config space, or counts from the capability CAPABILITY. */
#define CONFIG_READ(text, capability, where, bytes) {			\
	.name = "config read " text, .run = read_region,			\
	.region = VFIO_PCI_CONFIG_REGION_INDEX,				\
	.cap = capability, .offset = where, .width = bytes }
#define CONFIG_WRITE(text, capability, where, bytes) {			\
	.name = "config write " text, .before = read_region, .run = write_region, \
	.region = VFIO_PCI_CONFIG_REGION_INDEX,				\
	.cap = capability, .offset = where, .width = bytes }
#define BAR(what, bytes) {							\
	.name = "BAR " #what " " #bytes, .run = what##_region,			\
	.before = zero, .region = VFIO_PCI_BAR2_REGION_INDEX,		\
	.offset = 0x400, .width = bytes }

/* On the open function, with memory space and mastering on */
static struct op device_ops[] = {
	BAR(read, 1),
	BAR(read, 4),
	BAR(read, 8),
	BAR(write, 1),
	BAR(write, 4),
	BAR(write, 8),
	{ .name = "BAR mmap, first touch", .before = map, .run = touch, .after = unmap },
	{ .name = "BAR mmap, read", .before = map_and_touch, .run = touch, .after = unmap },
	{ .name = "BAR mmap, write", .before = map_and_touch, .run = touch_to_write, .after = unmap },

	CONFIG_READ("Vendor ID, 1", 0, PCI_VENDOR_ID, 1),
	CONFIG_READ("Vendor ID, 2", 0, PCI_VENDOR_ID, 2),
	CONFIG_READ("Vendor ID, 4", 0, PCI_VENDOR_ID, 4),
	CONFIG_READ("BAR0, 4", 0, PCI_BASE_ADDRESS_0, 4),
	CONFIG_READ("MSI-X control, 2", PCI_CAP_ID_MSIX, PCI_MSIX_FLAGS, 2),
	CONFIG_READ("Link Status, 2", PCI_CAP_ID_EXP, PCI_EXP_LNKSTA, 2),
	CONFIG_READ("AER status, 4", 0, PCI_CFG_SPACE_SIZE + PCI_ERR_UNCOR_STATUS, 4),
	CONFIG_WRITE("Interrupt Line, 1", 0, PCI_INTERRUPT_LINE, 1),
	CONFIG_WRITE("BAR0, 4", 0, PCI_BASE_ADDRESS_0, 4),
	CONFIG_WRITE("MSI-X control, 2", PCI_CAP_ID_MSIX, PCI_MSIX_FLAGS, 2),
	CONFIG_WRITE("Link Control, 2", PCI_CAP_ID_EXP, PCI_EXP_LNKCTL, 2),
	CONFIG_WRITE("DEVCTL, lower byte", PCI_CAP_ID_EXP, PCI_EXP_DEVCTL, 1),
	CONFIG_WRITE("AER mask, 4", 0, PCI_CFG_SPACE_SIZE + PCI_ERR_UNCOR_MASK, 4),

	CONFIG_READ("DEVCTL, 1", PCI_CAP_ID_EXP, PCI_EXP_DEVCTL + 1, 1),
	CONFIG_READ("DEVCTL, 2", PCI_CAP_ID_EXP, PCI_EXP_DEVCTL, 2),
	CONFIG_READ("DEVCTL, 4", PCI_CAP_ID_EXP, PCI_EXP_DEVCTL, 4),
	CONFIG_WRITE("DEVCTL, 1", PCI_CAP_ID_EXP, PCI_EXP_DEVCTL + 1, 1),
	CONFIG_WRITE("DEVCTL, 2", PCI_CAP_ID_EXP, PCI_EXP_DEVCTL, 2),
	CONFIG_WRITE("DEVCTL, 4", PCI_CAP_ID_EXP, PCI_EXP_DEVCTL, 4),
	CONFIG_READ("COMMAND, 1", 0, PCI_COMMAND, 1),
	CONFIG_READ("COMMAND, 2", 0, PCI_COMMAND, 2),
	CONFIG_READ("COMMAND, 4", 0, PCI_COMMAND, 4),
	CONFIG_WRITE("COMMAND, 1", 0, PCI_COMMAND, 1),
	CONFIG_WRITE("COMMAND, 2", 0, PCI_COMMAND, 2),
	CONFIG_WRITE("COMMAND, 4", 0, PCI_COMMAND, 4),
	{ .name = "config write COMMAND, mastering on", .before = master_off, .run = enable },
	CONFIG_WRITE("PMCSR, 2", PCI_CAP_ID_PM, PCI_PM_CTRL, 2),
	{ .name = "config write PMCSR, to D3hot", .run = to_d3hot, .after = to_d0,
	  .cap = PCI_CAP_ID_PM, .offset = PCI_PM_CTRL, .sleeps = true },
	{ .name = "config write PMCSR, to D0", .before = to_d3hot, .run = to_d0,
	  .cap = PCI_CAP_ID_PM, .offset = PCI_PM_CTRL, .sleeps = true },
	CONFIG_READ("all, 4096", 0, 0, 4096),

	{ .name = "GET_REGION_INFO, BAR", .run = region_info, .region = VFIO_PCI_BAR0_REGION_INDEX },
	{ .name = "GET_REGION_INFO, ROM", .run = region_info, .region = VFIO_PCI_ROM_REGION_INDEX },
	{ .name = "SET_IRQS, MSI-X on", .run = msix_on, .after = msix_off, .sleeps = true },
	{ .name = "SET_IRQS, MSI-X off", .before = msix_on, .run = msix_off, .sleeps = true },
	{ .name = "VFIO_DEVICE_RESET", .run = reset, .after = enable, .sleeps = true },
	{ .name = "FLR by DEVCTL", .before = ask_for_flr, .run = write_region, .after = enable,
	  .region = VFIO_PCI_CONFIG_REGION_INDEX, .cap = PCI_CAP_ID_EXP,
	  .offset = PCI_EXP_DEVCTL, .width = 2, .sleeps = true },
};

static struct op nothing_ops[] = {
	{ .name = "nothing", .run = nothing },
	{ .name = "nothing, by the thread's time", .run = nothing, .sleeps = true },
};

/* With its group open */
static struct op group_ops[] = {
	{ .name = "open", .run = open_device, .after = close_device, .sleeps = true },
	{ .name = "close", .before = open_device, .run = close_device, .sleeps = true },
};

static struct op bind_ops[] = {
	{ .name = "bind", .before = open_bind, .run = write_driver_file,
	  .after = unbind_again, .sleeps = true },
	{ .name = "unbind", .before = bind_again, .run = write_driver_file,
	  .after = close_driver_file, .sleeps = true },
};

static uint64_t instructions(bool sleeps)
{
	struct timespec ts;

	if (!sleeps)
		return __rdtsc();
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Opened before it is needed, so that little else is in the trace */
static int tracing_on = -1;

static void trace(const char *on)
{
	must(write(tracing_on, on, 1), "tracing_on");
}

static uint64_t measure_once(const struct op *op)
{
	uint64_t start, end;

	if (op->before)
		op->before(op);
	start = instructions(op->sleeps);
	op->run(op);
	end = instructions(op->sleeps);
	if (op->after)
		op->after(op);
	return end - start;
}

static void trace_once(const struct op *op)
{
	if (op->before)
		op->before(op);
	trace("1");
	op->run(op);
	trace("0");
	if (op->after)
		op->after(op);
}

/* What measuring itself costs, without and with sleep */
static uint64_t overhead[2];

static void measure(const struct op *op)
{
	int runs = op->sleeps ? SLEEPING_RUNS : MAX_RUNS;
	uint64_t counts[MAX_RUNS], over = overhead[op->sleeps];

	if (op->run != nothing && regexec(&wanted, op->name, 0, NULL, 0))
		return;
	for (int i = 0; i < WARM_UP; i++)
		measure_once(op);
	if (tracing_on >= 0) {
		if (op->run != nothing)
			trace_once(op);
		return;
	}
	for (int i = 0; i < runs; i++)
		counts[i] = measure_once(op);
	qsort(counts, runs, sizeof(*counts), compare);
	if (op->run == nothing) {
		overhead[op->sleeps] = counts[0];
		return;
	}
	printf("{\"driver\":\"%s\",\"op\":\"%s\",\"instructions\":%lu,\"least\":%lu,\"median\":%lu,\"runs\":%d}\n",
	       driver, op->name, counts[runs / 10] - over, counts[0] - over,
	       counts[runs / 2] - over, runs);
}

static uint8_t config_byte(unsigned int offset)
{
	uint8_t byte;

	if (config_read(&device, offset, 1, &byte))
		die("config space");
	return byte;
}

static void find_cap(struct op *op)
{
	uint8_t at = config_byte(PCI_CAPABILITY_LIST);

	if (!op->cap)
		return;
	while (at && config_byte(at) != op->cap)
		at = config_byte(at + PCI_CAP_LIST_NEXT);
	if (!at) {
		fprintf(stderr, "bench: no capability %u for '%s'\n", op->cap, op->name);
		exit(1);
	}
	op->offset += at;
}

#define FOR_EACH(op, table) \
	for (struct op *op = table; op < table + sizeof(table) / sizeof(*table); op++)

static void usage(void)
{
	fputs("usage: vfio-bench [-o REGEX] [-t] DRIVER BDF [OTHER...]\n", stderr);
	exit(2);
}

static void measure_all(void)
{
	FOR_EACH(op, nothing_ops)
		measure(op);
	FOR_EACH(op, bind_ops)
		measure(op);
	open_bind(NULL);
	write_driver_file(NULL);
	close_driver_file(NULL);

	device.bdf = bdf;
	if (group_open(&device))
		die(group_step);
	FOR_EACH(op, group_ops)
		measure(op);
	open_device(NULL);
	for (unsigned int i = 0; i < VFIO_PCI_NUM_REGIONS; i++)
		region_offset(&device, i, regions + i);
	device.config = regions[VFIO_PCI_CONFIG_REGION_INDEX];
	enable(NULL);
	FOR_EACH(op, device_ops) {
		find_cap(op);
		measure(op);
	}
	device_close(&device);

	open_unbind();
	write_driver_file(NULL);
	close_driver_file(NULL);
}

/* Binds or unbinds the others, before and after all operations. */
static void write_each(const char *file, char **bdfs)
{
	const char *measured = bdf;

	open_driver_file(file);
	for (; *bdfs; bdfs++) {
		bdf = *bdfs;
		write_driver_file(NULL);
	}
	close_driver_file(NULL);
	bdf = measured;
}

int main(int argc, char **argv)
{
	/*
	 * This thread must not share the processor. The scheduler then does little, and
	 * always the same. It must not reserve a share for others either.
	 */
	const struct sched_param param = { .sched_priority = 50 };
	static const char * const servers[] = {
		"/sys/kernel/debug/sched/fair_server/cpu0/runtime",
		"/sys/kernel/debug/sched/ext_server/cpu0/runtime",
	};
	const char *regex = "";
	int option;

	while ((option = getopt(argc, argv, "o:t")) > 0) {
		if (option == 'o')
			regex = optarg;
		else if (option == 't')
			tracing_on = must(open("/sys/kernel/tracing/tracing_on", O_WRONLY),
					  "tracing_on");
		else
			usage();
	}
	if (argc - optind < 2 || regcomp(&wanted, regex, REG_EXTENDED | REG_NOSUB))
		usage();
	driver = argv[optind];
	bdf = argv[optind + 1];
	event = must(eventfd(0, 0), "eventfd");
	for (size_t i = 0; i < sizeof(servers) / sizeof(*servers); i++)
		put(servers[i], "0");
	must(mlockall(MCL_CURRENT | MCL_FUTURE), "mlockall");
	must(sched_setscheduler(0, SCHED_FIFO, &param), "sched_setscheduler");

	write_each("bind", argv + optind + 2);
	measure_all();
	write_each("unbind", argv + optind + 2);
	return 0;
}
