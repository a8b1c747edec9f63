// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: vfio-shell BDF [BDF]
 *
 * A VFIO user (group interface, type1v2) that takes one command per line on standard input
 * and answers each with one line: "ok", a value, or the name of an errno. The functions
 * must be in one IOMMU group. Commands are for the first one, until "use 1".
 *
 *   open, close		all functions; memory is mapped at IOVA 1M
 *   use N			the function that commands are for
 *   read OFFSET WIDTH		config space, hexadecimal
 *   write OFFSET WIDTH VALUE
 *   master on|off		PCI_COMMAND: memory space on, and mastering
 *   dma			a job of 4 KiB that asks for No Snoop; compares the data
 *   id				BAR0's first register, by read(2)
 *   hidden-reset		through BAR0
 *   reset			VFIO_DEVICE_RESET
 *   hot-reset			VFIO_DEVICE_PCI_HOT_RESET with the group's proof
 *   low-power in|out		VFIO_DEVICE_FEATURE_LOW_POWER_*
 *   irq error|request		counts that interrupt from now on
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
 *				(EILSEQ if DEVCTL then is not as it was before)
 *   quit
 */
#include "commands.h"

#define BUFFER		0x100000UL	/* bytes */
#define IOVA		0x100000UL
#define JOB		4096
#define FUNCTIONS	2
#define THREADS		8
#define ERRNOS		256

enum { IRQ_ERROR, IRQ_REQUEST, IRQS };

struct worker {
	pthread_t thread;
	int (*step)(unsigned long turn);
	struct device *device;
	unsigned long results[ERRNOS];
};

/* The first function has the group and the container. */
static struct device functions[FUNCTIONS] = { DEVICE_CLOSED, DEVICE_CLOSED };
static int function_count;
static unsigned char *buffer;

/* The function that the commands, or the thread's steps, are for */
static __thread struct device *current = functions;
/* Part of the buffer for this thread's jobs */
static __thread unsigned int part;

static struct worker workers[THREADS];
static int worker_count;
static bool stopping;

static struct {
	pthread_t thread;
	struct held held;
	struct device *device;
	int result;		/* 1 while the write waits */
} park = { .held.uffd = -1, .result = 1 };

/* Everything below returns 0 or a negative errno. */

static int bar0_read(u32 offset, u32 *value)
{
	return result_of(pread(current->fd, value, 4, current->bar0_offset + offset));
}

static int bar0_write(u32 offset, u32 value)
{
	return result_of(pwrite(current->fd, &value, 4, current->bar0_offset + offset));
}

/* EBADMSG: the data did not arrive. ENODATA: the device says that it did nothing. */
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
		.fd = functions->group,
	};

	return result_of(ioctl(current->fd, VFIO_DEVICE_PCI_HOT_RESET, &reset));
}

static int low_power(bool in)
{
	return feature_set(current, in ? VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY :
					 VFIO_DEVICE_FEATURE_LOW_POWER_EXIT);
}

static struct interrupt {
	int fd;
	unsigned long count;
} interrupts[FUNCTIONS][IRQS] = { { { .fd = -1 }, { .fd = -1 } }, { { .fd = -1 }, { .fd = -1 } } };

static struct interrupt *interrupt(int which)
{
	return &interrupts[current - functions][which];
}

static int count_irq(int which)
{
	const u32 index[] = { VFIO_PCI_ERR_IRQ_INDEX, VFIO_PCI_REQ_IRQ_INDEX };

	*interrupt(which) = (struct interrupt){ .fd = eventfd(0, EFD_NONBLOCK) };
	return irqs_set(current, index[which],
			VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER, 1,
			interrupt(which)->fd);
}

static unsigned long irqs(int which)
{
	eventfd_t more;

	if (interrupt(which)->fd >= 0 && !eventfd_read(interrupt(which)->fd, &more))
		interrupt(which)->count += more;
	return interrupt(which)->count;
}

/* Open and close */

static void close_all(void)
{
	int i, j;

	for (i = 0; i < function_count; i++) {
		for (j = 0; j < IRQS; j++) {
			if (interrupts[i][j].fd >= 0)
				close(interrupts[i][j].fd);
			interrupts[i][j].fd = -1;
		}
		if (functions[i].fd >= 0)
			close(functions[i].fd);
		functions[i].fd = -1;
	}
	device_close(functions);
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

	ret = group_open(functions) ?:
	      result_of(ioctl(functions->container, VFIO_IOMMU_MAP_DMA, &map));
	for (i = 0; i < function_count && !ret; i++) {
		functions[i].group = functions->group;
		ret = function_open(functions + i);
	}
	return ret;
}

/* Threads */

static int step_command(unsigned long turn)
{
	(void)turn;
	return master_set(current, true);
}

static int step_devctl(unsigned long turn)
{
	return config_write(current, DEVCTL + turn % 2, 2 - turn % 2,
			    0x2810 >> turn % 2 * 8);
}

static int step_command_devctl(unsigned long turn)
{
	return turn % 2 ? step_command(turn) : step_devctl(turn / 2);
}

static int step_power(unsigned long turn)
{
	return config_write(current, PMCSR, 2, turn % 2 ? 0 : 3);
}

/* One MSI-X vector, on and off. The core writes the registers for that itself. */
static int step_msix(unsigned long turn)
{
	const u32 flags = VFIO_IRQ_SET_ACTION_TRIGGER |
			  (turn % 2 ? VFIO_IRQ_SET_DATA_NONE : VFIO_IRQ_SET_DATA_EVENTFD);

	return irqs_set(current, VFIO_PCI_MSIX_IRQ_INDEX, flags, turn % 2 ? 0 : 1, -1);
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

	current = worker->device;
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
		worker->device = current;
		worker_count++;
		return -pthread_create(&worker->thread, NULL, work, worker);
	}
	return -EINVAL;
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
	ret = result_of(pwrite(park.device->fd, park.held.pages + PAGE, 2,
			       park.device->config + PCI_COMMAND));
	__atomic_store_n(&park.result, ret, __ATOMIC_RELEASE);
	return NULL;
}

/* Returns when the kernel has asked for the page, so that the write is under way. */
static int start_park(void)
{
	int ret;

	ret = hold_page_back(&park.held);
	if (ret)
		return ret;
	park.device = current;
	park.result = 1;
	ret = -pthread_create(&park.thread, NULL, parked_write, NULL);
	return ret ?: wait_for_kernel(&park.held, 10000);
}

static int end_park(void)
{
	const u8 command[2] = { PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER };
	int ret = fill_page(&park.held, command, sizeof(command));

	if (ret)
		return ret;
	pthread_join(park.thread, NULL);
	release_page(&park.held);
	return park.result;
}

/* Bind to unbind */

/* The function stays in D0, so that DEVCTL stays as it is and the loop need not wait. */
static int one_cycle(const char *driver)
{
	u16 before, after = 0;
	int ret;

	ret = hardware(current, DEVCTL, &before) ?:
	      file_write("/sys/bus/pci/drivers/%s/bind", driver, current->bdf) ?:
	      file_write("/sys/bus/pci/devices/%s/power/control", current->bdf, "on") ?:
	      open_all() ?:
	      master_set(current, true);
	close_all();
	return ret ?:
	       file_write("/sys/bus/pci/drivers/%s/unbind", driver, current->bdf) ?:
	       hardware(current, DEVCTL, &after) ?:
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
	int ret = config_read(current, offset, width < 4 ? width : 4, &value);

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
		answer(config_write(current, number[0], number[1], number[2]));
	else if (!strcmp(verb, "master"))
		answer(master_set(current, first));
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
	else if (!strcmp(verb, "quit"))
		exit(0);
	else
		answer(-EINVAL);
}

int main(int argc, char **argv)
{
	int i;

	if (argc < 2 || argc > FUNCTIONS + 1) {
		fprintf(stderr, "usage: vfio-shell BDF [BDF]\n");
		return 2;
	}
	function_count = argc - 1;
	for (i = 0; i < function_count; i++)
		functions[i].bdf = argv[i + 1];
	buffer = mmap(NULL, BUFFER, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (buffer == MAP_FAILED)
		return 2;

	take_commands(command);
	return 0;
}
