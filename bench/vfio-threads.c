// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: vfio-threads BDF BDF [BDF BDF]...
 *
 * Compares config access by several threads on two drivers. Of each pair of functions, one
 * is bound to the first driver and one to the second, ready to be opened. Threads access
 * the first of each pair for a slice of time, then the second, and so on in turns, either
 * on as many pairs as there are threads or all on the first pair. For each turn, the rate
 * on the second driver is divided by that on the first. Prints a line of JSON for each kind
 * of access and number of threads: the median of these ratios, and what nine in ten were at
 * least and at most. The rates themselves are those of an emulated machine, so only ratios
 * can be compared.
 */
#include "../lab/programs/vfio.h"

#include <stdint.h>

#define MAX_PAIRS	4
#define TURNS		20
#define SLICE_NS	100000000L

enum { FIRST, SECOND, DRIVERS };

static struct device devices[MAX_PAIRS][DRIVERS];
static unsigned int pairs;

struct access {
	const char *name;
	bool write;
	unsigned int offset, width;
};

static const struct access accesses[] = {
	{ "config read, not ours", false, PCI_STATUS, 2 },
	{ "config write, not ours", true, PCI_INTERRUPT_LINE, 1 },
	{ "config write, COMMAND", true, PCI_COMMAND, 2 },
};

struct worker {
	pthread_t thread;
	const struct access *access;
	const struct device *device;
	unsigned long count;
};

static struct worker workers[MAX_PAIRS];
static volatile bool stop;

static void die(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void open_device(struct device *device, const char *bdf)
{
	device->bdf = bdf;
	if (group_open(device))
		die(group_step);
	if (function_open(device))
		die(bdf);
}

static void *work(void *arg)
{
	const uint16_t value = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	struct worker *w = arg;
	off_t at = w->device->config + w->access->offset;
	size_t width = w->access->width;
	uint32_t data;

	while (!stop) {
		ssize_t done = w->access->write ?
			pwrite(w->device->fd, &value, width, at) :
			pread(w->device->fd, &data, width, at);

		if (done != (ssize_t)width)
			die(w->access->name);
		w->count++;
	}
	return NULL;
}

/* Returns the number of accesses in one slice. */
static unsigned long slice(const struct access *access, unsigned int threads, bool one, int driver)
{
	const struct timespec time = { .tv_nsec = SLICE_NS };
	unsigned long count = 0;

	stop = false;
	for (unsigned int i = 0; i < threads; i++) {
		workers[i] = (struct worker){ .access = access, .device = &devices[one ? 0 : i][driver] };
		if (pthread_create(&workers[i].thread, NULL, work, workers + i))
			die("pthread_create");
	}
	nanosleep(&time, NULL);
	stop = true;
	for (unsigned int i = 0; i < threads; i++) {
		pthread_join(workers[i].thread, NULL);
		count += workers[i].count;
	}
	return count;
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void measure(const struct access *access, unsigned int threads, bool one)
{
	double ratios[TURNS], first, second;

	for (int i = 0; i < TURNS; i++) {
		/* The drivers take turns at being first. */
		if (i % 2) {
			second = slice(access, threads, one, SECOND);
			first = slice(access, threads, one, FIRST);
		} else {
			first = slice(access, threads, one, FIRST);
			second = slice(access, threads, one, SECOND);
		}
		if (!first || !second) {
			fprintf(stderr, "bench: no access in %ld ns\n", SLICE_NS);
			exit(1);
		}
		ratios[i] = second / first;
	}
	qsort(ratios, TURNS, sizeof(*ratios), compare);
	printf("{\"access\":\"%s\",\"threads\":%u,\"devices\":%u,\"ratio\":%.4f,\"low\":%.4f,\"high\":%.4f,\"turns\":%d}\n",
	       access->name, threads, one ? 1 : threads, (ratios[TURNS / 2 - 1] + ratios[TURNS / 2]) / 2,
	       ratios[TURNS / 10], ratios[TURNS - 1 - TURNS / 10], TURNS);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	pairs = (argc - 1) / 2;
	if (argc < 3 || argc % 2 == 0 || pairs > MAX_PAIRS) {
		fputs("usage: vfio-threads BDF BDF [BDF BDF]...\n", stderr);
		return 2;
	}
	for (unsigned int i = 0; i < pairs; i++)
		for (int driver = FIRST; driver < DRIVERS; driver++)
			open_device(&devices[i][driver], argv[1 + i * DRIVERS + driver]);

	for (size_t i = 0; i < sizeof(accesses) / sizeof(*accesses); i++)
		for (unsigned int threads = 1; threads <= pairs; threads *= 2) {
			measure(accesses + i, threads, false);
			if (threads > 1)
				measure(accesses + i, threads, true);
		}
	return 0;
}
