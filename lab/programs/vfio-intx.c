// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: vfio-intx BDF OPENS
 *
 * A VFIO user with INTx whose device resets itself, by the mapped BAR0, while the kernel is
 * between its read and its write of COMMAND. The kernel does that in its interrupt handler,
 * and when an eventfd unmasks INTx. No call of the user's is under way then, so that nobody
 * looks at the device afterwards until the user writes COMMAND.
 *
 * Each open has up to TRIES resets. It ends with the first reset after which BAR0 answers
 * although the user has not turned memory space on again, because then the kernel wrote
 * COMMAND as it was before the reset. All threads stop, and the two bits are read from
 * hardware, without VFIO. In every second open a thread also masks INTx by ioctl, where the
 * driver may look.
 *
 * Prints a line for each open that is not as it should be, and as the last line "opens
 * N both N refused N off N elsewhere N tries N us N":
 *   both		opens that ended with both bits on
 *   refused		of these, those whose next write of COMMAND was EIO
 *   off		of these, those whose mastering was off after that
 *   elsewhere		opens in which COMMAND was refused otherwise
 * Exit status: 0, or 1 if something failed that has nothing to do with races.
 */
#include "vfio.h"

#include <poll.h>

#define TRIES		60
#define RAISED_MAX_US	400	/* from raising the line to the reset, at most */
#define ANSWER_US	600	/* for the kernel's write of COMMAND to arrive */

static struct device device;
static int trigger = -1, unmask = -1;
static bool stopping, masking;
static u64 seed = 88172645463325252ULL;

static struct {
	u64 opens, both, refused, off, elsewhere, tries;
} total;

static u64 rnd(u64 limit)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % limit;
}

static int set_intx(u32 flags, int fd)
{
	return irqs_set(&device, VFIO_PCI_INTX_IRQ_INDEX, flags, 1, fd);
}

/* What a VMM does for its guest: masks, and unmasks by eventfd */
static void *serve_interrupts(void *data)
{
	struct pollfd pollfd = { .fd = trigger, .events = POLLIN };
	eventfd_t count;

	(void)data;
	pin(0);
	while (!__atomic_load_n(&stopping, __ATOMIC_RELAXED)) {
		if (poll(&pollfd, 1, 1) != 1 || eventfd_read(trigger, &count))
			continue;
		if (masking)
			set_intx(VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_MASK, -1);
		eventfd_write(unmask, 1);
	}
	return NULL;
}

/* Moves the interrupt to the processor on which the thread that resets does not run. */
static int pin_interrupt(void)
{
	char path[PATH_MAX], number[16] = "";
	int fd, ret;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/irq", device.bdf);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = result_of(read(fd, number, sizeof(number) - 1));
	close(fd);
	if (ret)
		return ret;
	number[strcspn(number, "\n")] = '\0';
	return file_write("/proc/irq/%s/smp_affinity_list", number, "0");
}

/* One reset. Returns whether somebody turned memory space on after it. */
static bool race_once(void)
{
	u64 end;

	device.bar0[MODEL_REG_INTX / 4] = 1;
	spin_us(rnd(RAISED_MAX_US));
	hidden_reset(&device);
	for (end = now_us() + ANSWER_US; now_us() < end; )
		if (bar0_answers(&device))
			return true;
	return false;
}

/* -EIO means that a write of COMMAND was refused, which ends the open. */
static int race(void)
{
	bool hit = false;
	int ret = 0, i;

	for (i = 0; i < TRIES && !hit; i++) {
		ret = master_set(&device, true);
		if (ret)
			return ret;
		/* An interrupt that stays masked would never be handled. */
		eventfd_write(unmask, 1);
		hit = race_once();
		total.tries++;
	}
	return 0;
}

/* Reads mastering and Enable No Snoop from hardware. */
static int hardware_bits(bool *master, bool *no_snoop)
{
	u16 command = 0, devctl = 0;
	int ret = hardware(&device, PCI_COMMAND, &command) ?: hardware(&device, DEVCTL, &devctl);

	*master = command & PCI_COMMAND_MASTER;
	*no_snoop = devctl & PCI_EXP_DEVCTL_NOSNOOP_EN;
	return ret;
}

/* All threads have stopped: what does the hardware have, and does the driver notice? */
static int look(u64 number)
{
	bool master, no_snoop;
	int ret, write;

	ret = hardware_bits(&master, &no_snoop);
	if (ret)
		return ret;
	if (!master || !no_snoop) {
		write = master_set(&device, true);
		total.elsewhere += write == -EIO;
		return write == -EIO ? 0 : write;
	}

	total.both++;
	write = master_set(&device, true);
	ret = hardware_bits(&master, &no_snoop);
	if (ret)
		return ret;
	total.refused += write == -EIO;
	total.off += write == -EIO && !master && !no_snoop;
	if (write != -EIO || master || no_snoop)
		printf("open %llu: both bits were on; COMMAND: %s; now mastering %d, No Snoop %d\n",
		       number, name_of(write), master, no_snoop);
	return 0;
}

static int one_open(u64 number)
{
	pthread_t server;
	int ret;

	ret = device_open(&device);
	if (ret)
		return ret;
	trigger = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	unmask = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	ret = master_set(&device, true) ?:
	      set_intx(VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER, trigger) ?:
	      set_intx(VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_UNMASK, unmask) ?:
	      pin_interrupt();
	if (ret)
		goto out;

	masking = number % 2;
	stopping = false;
	ret = -pthread_create(&server, NULL, serve_interrupts, NULL);
	if (ret)
		goto out;
	ret = race();
	__atomic_store_n(&stopping, true, __ATOMIC_RELAXED);
	pthread_join(server, NULL);
	if (ret == -EIO) {
		total.elsewhere++;
		ret = 0;
	} else if (!ret) {
		ret = look(number);
	}
	total.opens++;
out:
	device_close(&device);
	close(trigger);
	close(unmask);
	return ret;
}

int main(int argc, char **argv)
{
	u64 opens, i, start = now_us();
	int ret = 0;

	if (argc != 3) {
		fprintf(stderr, "usage: vfio-intx BDF OPENS\n");
		return 2;
	}
	device.bdf = argv[1];
	opens = strtoull(argv[2], NULL, 0);
	pin(1);
	for (i = 0; i < opens && !ret; i++)
		ret = one_open(i);
	if (ret)
		printf("open %llu: %s\n", i - 1, name_of(ret));
	printf("opens %llu both %llu refused %llu off %llu elsewhere %llu tries %llu us %llu\n",
	       total.opens, total.both, total.refused, total.off, total.elsewhere,
	       total.tries, now_us() - start);
	return ret ? 1 : 0;
}
