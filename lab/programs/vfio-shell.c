// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: vfio-shell BDF [BDF]
 *
 * A VFIO user (group interface, type1v2) that does what it is told: one
 * command per line on standard input, one line of answer each. The functions
 * given must be in one IOMMU group; commands are for the first unless "use 1"
 * came before. An answer is "ok", a value, or the name of an errno.
 *
 *   open, close		all functions; memory is mapped at IOVA 1M
 *   use N			the function that commands are for
 *   read OFFSET WIDTH		config space, hexadecimal
 *   write OFFSET WIDTH VALUE
 *   master on|off		PCI_COMMAND: memory, and mastering
 *   dma			a job of 4 KiB that asks for No Snoop, compared
 *   id				BAR0's first register, by read(2)
 *   hidden-reset		through BAR0
 *   reset			VFIO_DEVICE_RESET
 *   hot-reset			VFIO_DEVICE_PCI_HOT_RESET with the group's proof
 *   low-power in|out		VFIO_DEVICE_FEATURE_LOW_POWER_*
 *   irq error|request		has that interrupt counted from now on
 *   irqs error|request		how often it came
 *   thread WHAT		starts one: command (write PCI_COMMAND with
 *				mastering), devctl (write it with No Snoop),
 *				command-devctl (both), power (D3hot and back),
 *				msix (a vector on and off),
 *				reset (VFIO_DEVICE_RESET), dma (jobs, one after
 *				the other); all as fast as they can
 *   stop			ends the threads: "stopped", and for each result of
 *				theirs "NAME TIMES"
 *   park			a thread writes PCI_COMMAND from a page that
 *				userfaultfd holds back; answers when it waits
 *   parked			"yes" or the result of that write
 *   unpark			fills the page; answers with the result
 *   cycle COUNT DRIVER	so many times: bind, open, master on, close, unbind
 *				(EILSEQ: DEVCTL is then not as it was before)
 *   quit
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/pci_regs.h>
#include <linux/userfaultfd.h>
#include <linux/vfio.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "../model/registers.h"
#include "../model/types.h"

#define BUFFER		0x100000UL	/* bytes */
#define IOVA		0x100000UL
#define JOB		4096
#define FUNCTIONS	2
#define THREADS		8
#define ERRNOS		256

enum { IRQ_ERROR, IRQ_REQUEST, IRQS };

struct function {
	const char *bdf;
	int fd;
	u64 config;	/* offsets in fd */
	u64 bar0;
	int irq[IRQS];
};

struct worker {
	pthread_t thread;
	int (*step)(unsigned long turn);
	struct function *function;
	unsigned long results[ERRNOS];
};

static struct function functions[FUNCTIONS];
static int function_count;
static int container = -1, group = -1;
static unsigned char *buffer;

/* The function that the commands, or the thread's steps, are for */
static __thread struct function *current = functions;
/* Part of the buffer for this thread's jobs */
static __thread unsigned int part;

static struct worker workers[THREADS];
static int worker_count;
static bool stopping;

static struct {
	pthread_t thread;
	int uffd;
	unsigned char *page;
	struct function *function;
	int result;		/* 1 while the write waits */
} park = { .uffd = -1, .result = 1 };

/* Everything below returns 0 or a negative errno. */

static int result_of(ssize_t ret)
{
	return ret < 0 ? -errno : 0;
}

static int config_read(u32 offset, u32 width, void *value)
{
	return result_of(pread(current->fd, value, width, current->config + offset));
}

static int config_write(u32 offset, u32 width, u32 value)
{
	return result_of(pwrite(current->fd, &value, width, current->config + offset));
}

static int bar0_read(u32 offset, u32 *value)
{
	return result_of(pread(current->fd, value, 4, current->bar0 + offset));
}

static int bar0_write(u32 offset, u32 value)
{
	return result_of(pwrite(current->fd, &value, 4, current->bar0 + offset));
}

static int master(bool on)
{
	return config_write(PCI_COMMAND, 2,
			    PCI_COMMAND_MEMORY | (on ? PCI_COMMAND_MASTER : 0));
}

/* EBADMSG: the data did not arrive; ENODATA: the device says it did nothing. */
static int dma(unsigned long turn)
{
	u32 at = part * 2 * JOB;
	const struct { u32 reg, value; } job[] = {
		{ MODEL_REG_SRC, IOVA + at }, { MODEL_REG_SRC + 4, 0 },
		{ MODEL_REG_DST, IOVA + at + JOB }, { MODEL_REG_DST + 4, 0 },
		{ MODEL_REG_LEN, JOB },
		{ MODEL_REG_CTRL, MODEL_CTRL_GO | MODEL_CTRL_ASK_NO_SNOOP },
	};
	u32 status = 0;
	unsigned int i;
	int ret;

	for (i = 0; i < JOB; i++)
		buffer[at + i] = turn * 5 + i * 7 + 1;
	memset(buffer + at + JOB, 0, JOB);
	for (i = 0; i < sizeof(job) / sizeof(*job); i++) {
		ret = bar0_write(job[i].reg, job[i].value);
		if (ret)
			return ret;
	}
	ret = bar0_read(MODEL_REG_STATUS, &status);
	if (ret)
		return ret;
	if (status != MODEL_STATUS_DONE)
		return -ENODATA;
	return memcmp(buffer + at, buffer + at + JOB, JOB) ? -EBADMSG : 0;
}

static int reset(unsigned long turn)
{
	(void)turn;
	return result_of(ioctl(current->fd, VFIO_DEVICE_RESET));
}

static int hot_reset(void)
{
	struct {
		struct vfio_pci_hot_reset header;
		__s32 fd;
	} reset = {
		.header = { .argsz = sizeof(reset), .count = 1 },
		.fd = group,
	};

	return result_of(ioctl(current->fd, VFIO_DEVICE_PCI_HOT_RESET, &reset));
}

static int low_power(bool in)
{
	struct vfio_device_feature feature = {
		.argsz = sizeof(feature),
		.flags = VFIO_DEVICE_FEATURE_SET |
			 (in ? VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY :
			       VFIO_DEVICE_FEATURE_LOW_POWER_EXIT),
	};

	return result_of(ioctl(current->fd, VFIO_DEVICE_FEATURE, &feature));
}

static unsigned long irq_count[FUNCTIONS][IRQS];

static int count_irq(int which)
{
	const u32 index[] = { VFIO_PCI_ERR_IRQ_INDEX, VFIO_PCI_REQ_IRQ_INDEX };
	struct {
		struct vfio_irq_set header;
		__s32 fd;
	} set = {
		.header = {
			.argsz = sizeof(set),
			.flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
			.index = index[which],
			.count = 1,
		},
		.fd = eventfd(0, EFD_NONBLOCK),
	};

	current->irq[which] = set.fd;
	irq_count[current - functions][which] = 0;
	return result_of(ioctl(current->fd, VFIO_DEVICE_SET_IRQS, &set));
}

static unsigned long irqs(int which)
{
	unsigned long *total = &irq_count[current - functions][which];
	eventfd_t more;

	if (current->irq[which] >= 0 && !eventfd_read(current->irq[which], &more))
		*total += more;
	return *total;
}

/* Open and close */

static int open_group(const char *bdf)
{
	char path[PATH_MAX], link[PATH_MAX] = "";

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group", bdf);
	if (readlink(path, link, sizeof(link) - 1) < 0)
		return -errno;
	snprintf(path, sizeof(path), "/dev/vfio/%s", strrchr(link, '/') + 1);
	group = open(path, O_RDWR | O_CLOEXEC);
	return result_of(group);
}

static int open_function(struct function *function)
{
	struct vfio_region_info info = { .argsz = sizeof(info) };
	int i;

	function->fd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, function->bdf);
	if (function->fd < 0)
		return -errno;
	for (i = 0; i < IRQS; i++)
		function->irq[i] = -1;
	info.index = VFIO_PCI_CONFIG_REGION_INDEX;
	if (ioctl(function->fd, VFIO_DEVICE_GET_REGION_INFO, &info))
		return -errno;
	function->config = info.offset;
	info.index = VFIO_PCI_BAR0_REGION_INDEX;
	info.argsz = sizeof(info);
	if (ioctl(function->fd, VFIO_DEVICE_GET_REGION_INFO, &info))
		return -errno;
	function->bar0 = info.offset;
	return 0;
}

static void close_all(void)
{
	int i, j;

	for (i = 0; i < function_count; i++) {
		for (j = 0; j < IRQS; j++)
			if (functions[i].irq[j] >= 0)
				close(functions[i].irq[j]);
		if (functions[i].fd >= 0)
			close(functions[i].fd);
		functions[i].fd = -1;
	}
	if (group >= 0)
		close(group);
	if (container >= 0)
		close(container);
	group = -1;
	container = -1;
}

static int open_all(void)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (unsigned long)buffer,
		.iova = IOVA,
		.size = BUFFER,
	};
	int ret, i;

	ret = open_group(functions[0].bdf);
	if (ret)
		return ret;
	container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	if (container < 0 || ioctl(group, VFIO_GROUP_SET_CONTAINER, &container) ||
	    ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) ||
	    ioctl(container, VFIO_IOMMU_MAP_DMA, &map))
		return -errno;
	for (i = 0; i < function_count; i++) {
		ret = open_function(functions + i);
		if (ret)
			return ret;
	}
	return 0;
}

/* Threads */

static int step_command(unsigned long turn)
{
	(void)turn;
	return master(true);
}

static int step_devctl(unsigned long turn)
{
	return config_write(MODEL_CAP_EXP + PCI_EXP_DEVCTL + turn % 2, 2 - turn % 2,
			    0x2810 >> turn % 2 * 8);
}

static int step_command_devctl(unsigned long turn)
{
	return turn % 2 ? step_command(turn) : step_devctl(turn / 2);
}

static int step_power(unsigned long turn)
{
	return config_write(MODEL_CAP_PM + PCI_PM_CTRL, 2, turn % 2 ? 0 : 3);
}

/* One MSI-X vector, on and off: the core has the device's registers to itself. */
static int step_msix(unsigned long turn)
{
	struct {
		struct vfio_irq_set header;
		__s32 fd;
	} set = {
		.header.argsz = sizeof(set),
		.header.index = VFIO_PCI_MSIX_IRQ_INDEX,
		.header.flags = VFIO_IRQ_SET_ACTION_TRIGGER,
		.fd = -1,
	};

	if (turn % 2) {
		set.header.flags |= VFIO_IRQ_SET_DATA_NONE;
	} else {
		set.header.flags |= VFIO_IRQ_SET_DATA_EVENTFD;
		set.header.count = 1;
	}
	return result_of(ioctl(current->fd, VFIO_DEVICE_SET_IRQS, &set));
}

static const struct {
	const char *name;
	int (*step)(unsigned long turn);
} steps[] = {
	{ "command", step_command },
	{ "devctl", step_devctl },
	{ "command-devctl", step_command_devctl },
	{ "power", step_power },
	{ "msix", step_msix },
	{ "reset", reset },
	{ "dma", dma },
};

static void *work(void *data)
{
	struct worker *worker = data;
	unsigned long turn;
	int ret;

	current = worker->function;
	part = worker - workers + 1;
	for (turn = 0; !__atomic_load_n(&stopping, __ATOMIC_RELAXED); turn++) {
		ret = worker->step(turn);
		worker->results[-ret < ERRNOS ? -ret : ERRNOS - 1]++;
	}
	return NULL;
}

static int start_thread(const char *name)
{
	struct worker *worker = workers + worker_count;
	unsigned int i;

	if (worker_count == THREADS)
		return -ENOSPC;
	for (i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		if (strcmp(name, steps[i].name))
			continue;
		memset(worker, 0, sizeof(*worker));
		worker->step = steps[i].step;
		worker->function = current;
		worker_count++;
		return -pthread_create(&worker->thread, NULL, work, worker);
	}
	return -EINVAL;
}

static const char *name_of(int error)
{
	return error ? strerrorname_np(-error) : "ok";
}

/* One line: the results of all threads together */
static void stop_threads(void)
{
	unsigned long results[ERRNOS] = { 0 };
	int i, error;

	__atomic_store_n(&stopping, true, __ATOMIC_RELAXED);
	for (i = 0; i < worker_count; i++) {
		pthread_join(workers[i].thread, NULL);
		for (error = 0; error < ERRNOS; error++)
			results[error] += workers[i].results[error];
	}
	worker_count = 0;
	stopping = false;
	printf("stopped");
	for (error = 0; error < ERRNOS; error++)
		if (results[error])
			printf(" %s %lu", name_of(-error), results[error]);
	printf("\n");
}

/* The parked write */

static void *parked_write(void *data)
{
	int ret;

	(void)data;
	current = park.function;
	ret = result_of(pwrite(current->fd, park.page, 2, current->config + PCI_COMMAND));
	__atomic_store_n(&park.result, ret, __ATOMIC_RELEASE);
	return NULL;
}

/* Answers when the kernel has asked for the page, so the write is inside. */
static int start_park(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct pollfd pollfd = { .events = POLLIN };
	struct uffd_msg message;
	int ret;

	park.uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	if (park.uffd < 0 || ioctl(park.uffd, UFFDIO_API, &api))
		return -errno;
	park.page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	range.range.start = (unsigned long)park.page;
	range.range.len = 4096;
	if (park.page == MAP_FAILED || ioctl(park.uffd, UFFDIO_REGISTER, &range))
		return -errno;
	park.function = current;
	park.result = 1;
	ret = -pthread_create(&park.thread, NULL, parked_write, NULL);
	if (ret)
		return ret;
	pollfd.fd = park.uffd;
	if (poll(&pollfd, 1, 10000) != 1)
		return -ETIMEDOUT;
	return result_of(read(park.uffd, &message, sizeof(message)));
}

static int end_park(void)
{
	unsigned char data[4096] = { PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER };
	struct uffdio_copy copy = {
		.dst = (unsigned long)park.page,
		.src = (unsigned long)data,
		.len = sizeof(data),
	};

	if (ioctl(park.uffd, UFFDIO_COPY, &copy))
		return -errno;
	pthread_join(park.thread, NULL);
	munmap(park.page, 4096);
	close(park.uffd);
	return park.result;
}

/* Bind to unbind */

static int sysfs_write(const char *format, const char *name, const char *text)
{
	char path[PATH_MAX];
	int fd, ret;

	snprintf(path, sizeof(path), format, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = result_of(write(fd, text, strlen(text)));
	close(fd);
	return ret;
}

/* As it is in hardware, for all that vfio knows */
static int sysfs_devctl(u16 *devctl)
{
	char path[PATH_MAX];
	int fd, ret;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/config", current->bdf);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = result_of(pread(fd, devctl, 2, MODEL_CAP_EXP + PCI_EXP_DEVCTL));
	close(fd);
	return ret;
}

/* In D0 all along, for DEVCTL to stay and for the loop not to wait */
static int one_cycle(const char *driver)
{
	u16 before, after = 0;
	int ret;

	ret = sysfs_devctl(&before) ?:
	      sysfs_write("/sys/bus/pci/drivers/%s/bind", driver, current->bdf) ?:
	      sysfs_write("/sys/bus/pci/devices/%s/power/control", current->bdf, "on") ?:
	      open_all() ?:
	      master(true);
	close_all();
	return ret ?:
	       sysfs_write("/sys/bus/pci/drivers/%s/unbind", driver, current->bdf) ?:
	       sysfs_devctl(&after) ?:
	       after == before ? 0 : -EILSEQ;
}

static int cycle(u32 count, const char *driver)
{
	int ret = 0;

	while (count-- && !ret)
		ret = one_cycle(driver);
	return ret;
}

/* Commands */

static void answer(int error)
{
	printf("%s\n", name_of(error));
}

static int irq_named(const char *name)
{
	return strcmp(name, "error") ? IRQ_REQUEST : IRQ_ERROR;
}

static void use(unsigned int number)
{
	if (number < (unsigned int)function_count)
		current = functions + number;
	answer(number < (unsigned int)function_count ? 0 : -EINVAL);
}

static void show_config(u32 offset, u32 width)
{
	u32 value = 0;
	int ret = config_read(offset, width < 4 ? width : 4, &value);

	if (ret)
		answer(ret);
	else
		printf("%0*x\n", width * 2, value);
}

static void show_id(void)
{
	u32 id = 0;
	int ret = bar0_read(MODEL_REG_ID, &id);

	if (ret)
		answer(ret);
	else
		printf("%08x\n", id);
}

static void command(const char *verb, char *word[])
{
	bool first = !strcmp(word[0], "on") || !strcmp(word[0], "in");
	u32 number[3];
	int i;

	for (i = 0; i < 3; i++)
		number[i] = strtoul(word[i], NULL, 0);

	if (!strcmp(verb, "open"))
		answer(open_all());
	else if (!strcmp(verb, "close"))
		close_all(), answer(0);
	else if (!strcmp(verb, "use"))
		use(number[0]);
	else if (!strcmp(verb, "read"))
		show_config(number[0], number[1]);
	else if (!strcmp(verb, "write"))
		answer(config_write(number[0], number[1], number[2]));
	else if (!strcmp(verb, "master"))
		answer(master(first));
	else if (!strcmp(verb, "dma"))
		answer(dma(0));
	else if (!strcmp(verb, "id"))
		show_id();
	else if (!strcmp(verb, "hidden-reset"))
		answer(bar0_write(MODEL_REG_RESET, MODEL_RESET_MAGIC));
	else if (!strcmp(verb, "reset"))
		answer(reset(0));
	else if (!strcmp(verb, "hot-reset"))
		answer(hot_reset());
	else if (!strcmp(verb, "low-power"))
		answer(low_power(first));
	else if (!strcmp(verb, "irq"))
		answer(count_irq(irq_named(word[0])));
	else if (!strcmp(verb, "irqs"))
		printf("%lu\n", irqs(irq_named(word[0])));
	else if (!strcmp(verb, "thread"))
		answer(start_thread(word[0]));
	else if (!strcmp(verb, "cycle"))
		answer(cycle(number[0], word[1]));
	else if (!strcmp(verb, "stop"))
		stop_threads();
	else if (!strcmp(verb, "park"))
		answer(start_park());
	else if (!strcmp(verb, "parked"))
		printf("%s\n", __atomic_load_n(&park.result, __ATOMIC_ACQUIRE) > 0 ?
		       "yes" : name_of(park.result));
	else if (!strcmp(verb, "unpark"))
		answer(end_park());
	else
		answer(-EINVAL);
}

int main(int argc, char **argv)
{
	char line[256], *verb, *word[3];
	int i;

	if (argc < 2 || argc > FUNCTIONS + 1) {
		fprintf(stderr, "usage: vfio-shell BDF [BDF]\n");
		return 2;
	}
	function_count = argc - 1;
	for (i = 0; i < function_count; i++) {
		functions[i].bdf = argv[i + 1];
		functions[i].fd = -1;
	}
	buffer = mmap(NULL, BUFFER, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (buffer == MAP_FAILED)
		return 2;

	setvbuf(stdout, NULL, _IOLBF, 0);
	while (fgets(line, sizeof(line), stdin)) {
		verb = strtok(line, "\n ");
		for (i = 0; i < 3; i++) {
			word[i] = strtok(NULL, "\n ");
			if (!word[i])
				word[i] = "";
		}
		if (!verb)
			continue;
		if (!strcmp(verb, "quit"))
			break;
		command(verb, word);
	}
	return 0;
}
