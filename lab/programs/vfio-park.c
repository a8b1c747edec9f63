// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: vfio-park BDF
 *
 * A VFIO user that keeps the kernel waiting in the middle of a call, because the data that
 * the call reads is on a page that userfaultfd holds back. Takes one command per line on
 * standard input, and answers each with one line: "ok", a value, or the name of an errno.
 *
 *   open, close
 *   write OFFSET WIDTH VALUE	config space
 *   master on|off		PCI_COMMAND: memory space on, and mastering
 *   hidden-reset		by the mapped BAR0
 *   park CALL [DELAY]		a thread makes the call; answers when it waits.
 *				With DELAY there is a hidden reset by the mapped BAR0
 *				so many microseconds later, or earlier if negative
 *   parked			"yes", or the result of the call if it is over
 *   unpark			fills the page; answers with the result
 *   calls			the names of all calls
 */
#include "commands.h"

#define DATA_MAX	64
#define WAITING		1	/* as the result of a call */
#define HEAD_START_US	1000	/* for both threads to be ready */
#define NO_RESET	LONG_MIN

static struct device device = DEVICE_CLOSED;
static int event = -1;		/* for interrupts and wake-ups */

/* The argument of a call. The first @there bytes are there, the rest is held back. */
struct argument {
	u8 data[DATA_MAX];
	u32 size;
	u32 there;
};

static int set_irqs(void *data, u32 size)
{
	(void)size;
	return result_of(ioctl(device.fd, VFIO_DEVICE_SET_IRQS, data));
}

static int region_info(void *data, u32 size)
{
	(void)size;
	return result_of(ioctl(device.fd, VFIO_DEVICE_GET_REGION_INFO, data));
}

static int feature(void *data, u32 size)
{
	(void)size;
	return result_of(ioctl(device.fd, VFIO_DEVICE_FEATURE, data));
}

static int write_command(void *data, u32 size)
{
	return result_of(pwrite(device.fd, data, size, device.config + PCI_COMMAND));
}

static int write_pm(void *data, u32 size)
{
	return result_of(pwrite(device.fd, data, size, device.config + PMCSR));
}

static int write_devctl(void *data, u32 size)
{
	return result_of(pwrite(device.fd, data, size, device.config + DEVCTL));
}

static void irqs_argument(struct argument *argument)
{
	struct vfio_irq_set set = {
		.argsz = sizeof(set) + sizeof(event),
		.flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
		.index = VFIO_PCI_MSIX_IRQ_INDEX,
		.count = 1,
	};

	memcpy(argument->data, &set, sizeof(set));
	memcpy(argument->data + sizeof(set), &event, sizeof(event));
	argument->size = sizeof(set) + sizeof(event);
}

static void rom_argument(struct argument *argument)
{
	struct vfio_region_info info = {
		.argsz = sizeof(info),
		.index = VFIO_PCI_ROM_REGION_INDEX,
	};

	memcpy(argument->data, &info, sizeof(info));
	argument->size = sizeof(info);
}

static void feature_argument(struct argument *argument)
{
	struct vfio_device_low_power_entry_with_wakeup wakeup = { .wakeup_eventfd = event };
	struct vfio_device_feature header = {
		.argsz = sizeof(header) + sizeof(wakeup),
		.flags = VFIO_DEVICE_FEATURE_SET |
			 VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP,
	};

	memcpy(argument->data, &header, sizeof(header));
	memcpy(argument->data + sizeof(header), &wakeup, sizeof(wakeup));
	argument->size = sizeof(header) + sizeof(wakeup);
}

static void command_argument(struct argument *argument)
{
	put16(argument->data, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

/* To D3hot */
static void pm_argument(struct argument *argument)
{
	put16(argument->data, 3);
}

static void devctl_argument(struct argument *argument)
{
	put16(argument->data, 0x2810);
}

/*
 * In each call the kernel reads the argument late, or in parts. In "irqs-data" and "feature"
 * the header is there; in "command3" COMMAND is there, and one byte of STATUS is held back;
 * in "devctl-upper" the byte without the bit is there.
 */
static const struct call {
	const char *name;
	int (*run)(void *data, u32 size);
	void (*fill)(struct argument *argument);
	u32 size;		/* 0: as filled */
	u32 there;
} calls[] = {
	{ "irqs", set_irqs, irqs_argument, 0, 0 },
	{ "irqs-data", set_irqs, irqs_argument, 0, sizeof(struct vfio_irq_set) },
	{ "rom", region_info, rom_argument, 0, 0 },
	{ "feature", feature, feature_argument, 0, sizeof(struct vfio_device_feature) },
	{ "command2", write_command, command_argument, 2, 0 },
	{ "command4", write_command, command_argument, 4, 0 },
	{ "command3", write_command, command_argument, 3, 2 },
	{ "pm", write_pm, pm_argument, 2, 0 },
	{ "devctl", write_devctl, devctl_argument, 2, 0 },
	{ "devctl-upper", write_devctl, devctl_argument, 2, 1 },
};

static struct {
	pthread_t thread;
	bool running;
	struct held held;
	const struct call *call;
	struct argument argument;
	u64 begin_us;		/* when the call is to be made, or 0 */
	long delay_us;		/* from then to the hidden reset, or NO_RESET */
	int result;
} park;

static void *parked_call(void *data)
{
	struct argument *argument = &park.argument;
	int ret;

	(void)data;
	pin(0);
	if (park.delay_us != NO_RESET) {
		__atomic_store_n(&park.begin_us, now_us() + HEAD_START_US, __ATOMIC_RELEASE);
		spin_until(park.begin_us);
	}
	ret = park.call->run(park.held.pages + PAGE - argument->there, argument->size);
	__atomic_store_n(&park.result, ret, __ATOMIC_RELEASE);
	return NULL;
}

/* Waits until the kernel asks for the page. */
static int wait_until_parked(void)
{
	int ret;

	if (park.delay_us != NO_RESET) {
		while (!__atomic_load_n(&park.begin_us, __ATOMIC_ACQUIRE))
			;
		spin_until(park.begin_us + park.delay_us);
		hidden_reset(&device);
	}
	/* A call that fails before it reads the page never asks for it. */
	for (int tries = 0; tries < 100; tries++) {
		ret = wait_for_kernel(&park.held, 100);
		if (ret != -ETIMEDOUT)
			return ret;
		if (__atomic_load_n(&park.result, __ATOMIC_ACQUIRE) <= 0)
			return park.result ?: -ENODATA;
	}
	return -ETIMEDOUT;
}

static int end_park(void)
{
	struct argument *argument = &park.argument;
	int ret;

	if (!park.running)
		return -EINVAL;
	ret = fill_page(&park.held, argument->data + argument->there,
			argument->size - argument->there);
	pthread_join(park.thread, NULL);
	park.running = false;
	release_page(&park.held);
	return ret ?: park.result;
}

static int start_park(const char *name, const char *delay)
{
	const struct call *call = calls;
	int ret;

	while (call < calls + ARRAY_SIZE(calls) && strcmp(call->name, name))
		call++;
	if (call == calls + ARRAY_SIZE(calls) || park.running)
		return -EINVAL;
	ret = hold_page_back(&park.held);
	if (ret)
		return ret;

	memset(&park.argument, 0, sizeof(park.argument));
	call->fill(&park.argument);
	if (call->size)
		park.argument.size = call->size;
	park.argument.there = call->there;
	memcpy(park.held.pages + PAGE - call->there, park.argument.data, call->there);
	park.call = call;
	park.result = WAITING;
	park.begin_us = 0;
	park.delay_us = *delay ? atol(delay) : NO_RESET;
	ret = -pthread_create(&park.thread, NULL, parked_call, NULL);
	if (ret)
		return ret;
	park.running = true;
	ret = wait_until_parked();
	if (ret)
		end_park();
	return ret;
}

static void show_parked(void)
{
	int result = __atomic_load_n(&park.result, __ATOMIC_ACQUIRE);

	printf("%s\n", result == WAITING ? "yes" : name_of(result));
}

static void show_calls(void)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(calls); i++)
		printf("%s%s", calls[i].name, i + 1 < ARRAY_SIZE(calls) ? " " : "\n");
}

static int reset_by_bar(void)
{
	hidden_reset(&device);
	return 0;
}

static void command(const char *verb, char *word[])
{
	if (!strcmp(verb, "open"))
		answer(device_open(&device));
	else if (!strcmp(verb, "close"))
		device_close(&device), answer(0);
	else if (!strcmp(verb, "write"))
		answer(config_write(&device, strtoul(word[0], NULL, 0),
				    strtoul(word[1], NULL, 0), strtoul(word[2], NULL, 0)));
	else if (!strcmp(verb, "master"))
		answer(master_set(&device, !strcmp(word[0], "on")));
	else if (!strcmp(verb, "hidden-reset"))
		answer(reset_by_bar());
	else if (!strcmp(verb, "park"))
		answer(start_park(word[0], word[1]));
	else if (!strcmp(verb, "parked"))
		show_parked();
	else if (!strcmp(verb, "unpark"))
		answer(end_park());
	else if (!strcmp(verb, "calls"))
		show_calls();
	else
		answer(-EINVAL);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: vfio-park BDF\n");
		return 2;
	}
	device.bdf = argv[1];
	pin(1);
	event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	take_commands(command);
	return 0;
}
