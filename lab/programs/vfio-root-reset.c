// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: vfio-root-reset BDF ROUNDS [MICROSECONDS]
 *
 * A VFIO user whose device resets itself, by the mapped BAR0, while root resets it in
 * sysfs. In each round the function masters the bus, root's write begins, and a random time
 * later, up to MICROSECONDS, the function resets itself. If that falls between the PCI
 * core's reads of COMMAND and of Device Control as it saves them, both bits are restored as
 * 1. The user opens the device anew whenever a write of COMMAND is refused.
 *
 * Prints "rounds N quarantines N us N". Exit status: 0, or 1 if something else
 * failed.
 */
#include "vfio.h"

#include <semaphore.h>

#define DELAY_MAX_US	4000

static struct device device;
static sem_t done;
static bool go, stopping;
static int reset_result;

/* Root. It waits without sleeping, so that the delay begins at the same time. */
static void *root(void *data)
{
	(void)data;
	pin(0);
	while (!__atomic_load_n(&stopping, __ATOMIC_ACQUIRE)) {
		if (!__atomic_exchange_n(&go, false, __ATOMIC_ACQ_REL))
			continue;
		reset_result = file_write("/sys/bus/pci/devices/%s/reset", device.bdf, "1");
		sem_post(&done);
	}
	return NULL;
}

/* 1 means that the write was refused and the device opened anew. */
static int ready(void)
{
	int ret = master_set(&device, true);

	if (ret != -EIO)
		return ret;
	device_close(&device);
	return device_open(&device) ?: 1;
}

static int one_round(u64 delay)
{
	__atomic_store_n(&go, true, __ATOMIC_RELEASE);
	while (__atomic_load_n(&go, __ATOMIC_ACQUIRE))
		;
	spin_us(delay);
	hidden_reset(&device);
	sem_wait(&done);
	return reset_result;
}

int main(int argc, char **argv)
{
	u64 rounds, i = 0, quarantines = 0, start, delay_max = DELAY_MAX_US;
	unsigned int seed = 1;
	pthread_t thread;
	int ret;

	if (argc < 3 || argc > 4) {
		fprintf(stderr, "usage: vfio-root-reset BDF ROUNDS [MICROSECONDS]\n");
		return 2;
	}
	device.bdf = argv[1];
	rounds = strtoull(argv[2], NULL, 0);
	if (argc > 3)
		delay_max = strtoull(argv[3], NULL, 0);
	pin(1);
	sem_init(&done, 0, 0);
	ret = device_open(&device);
	if (!ret)
		ret = -pthread_create(&thread, NULL, root, NULL);
	if (ret) {
		printf("open: %s\n", name_of(ret));
		return 1;
	}
	start = now_us();
	while (i < rounds && !ret) {
		ret = ready();
		if (ret == 1) {
			quarantines++;
			ret = 0;
			continue;
		}
		ret = ret ?: one_round(rand_r(&seed) % delay_max);
		i++;
	}
	if (!ret && ready() == 1)
		quarantines++;
	__atomic_store_n(&stopping, true, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	device_close(&device);
	if (ret)
		printf("round %llu: %s\n", i, name_of(ret));
	printf("rounds %llu quarantines %llu us %llu\n", i, quarantines, now_us() - start);
	return ret ? 1 : 0;
}
