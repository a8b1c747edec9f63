// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: vfio-low-power BDF TIMES
 *
 * A VFIO user that has the function enter and leave low power so many times. If the driver
 * permits an ioeventfd, one is bound to the function's reset register, and another thread
 * fires it once each time, while the PCI core may be saving config space.
 *
 * The first line is the result of VFIO_DEVICE_IOEVENTFD, the last "times N
 * quarantines N". Exit status: 0, or 1 if something else failed.
 */
#include "vfio.h"

#include <semaphore.h>

#define SUSPEND_US	20000	/* enough, here, for the function to be in D3hot */
#define FIRE_MAX_US	6000	/* from the entry to the firing, at most */

static struct device device;
static int fire = -1;
static bool stopping;
static sem_t entered;
static u64 quarantines;

static int bind_ioeventfd(void)
{
	struct vfio_device_ioeventfd ioeventfd = {
		.argsz = sizeof(ioeventfd),
		.flags = VFIO_DEVICE_IOEVENTFD_32,
		.offset = device.bar0_offset + MODEL_REG_RESET,
		.data = MODEL_RESET_MAGIC,
		.fd = fire,
	};

	return result_of(ioctl(device.fd, VFIO_DEVICE_IOEVENTFD, &ioeventfd));
}

static void *fire_away(void *data)
{
	unsigned int seed = 1;

	(void)data;
	pin(1);
	for (;;) {
		sem_wait(&entered);
		if (stopping)
			return NULL;
		spin_us(rand_r(&seed) % FIRE_MAX_US);
		eventfd_write(fire, 1);
	}
}

static int reopen(void)
{
	int ret;

	device_close(&device);
	ret = device_open(&device);
	if (ret)
		return ret;
	ret = bind_ioeventfd();
	return ret == -ENOTTY ? 0 : ret;
}

/* If a write of COMMAND is refused, the time before led to a quarantine. */
static int once(void)
{
	int ret;

	ret = master_set(&device, true);
	if (ret == -EIO) {
		quarantines++;
		return reopen();
	}
	ret = ret ?: feature_set(&device, VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY);
	if (ret)
		return ret;
	sem_post(&entered);
	usleep(SUSPEND_US);
	return feature_set(&device, VFIO_DEVICE_FEATURE_LOW_POWER_EXIT);
}

int main(int argc, char **argv)
{
	pthread_t thread;
	u64 times, i;
	int ret;

	if (argc != 3) {
		fprintf(stderr, "usage: vfio-low-power BDF TIMES\n");
		return 2;
	}
	device.bdf = argv[1];
	times = strtoull(argv[2], NULL, 0);
	fire = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	sem_init(&entered, 0, 0);
	ret = device_open(&device);
	if (ret) {
		printf("open: %s\n", name_of(ret));
		return 1;
	}
	printf("%s\n", name_of(bind_ioeventfd()));
	if (pthread_create(&thread, NULL, fire_away, NULL))
		return 1;
	for (i = 0; i < times && !ret; i++)
		ret = once();
	stopping = true;
	sem_post(&entered);
	pthread_join(thread, NULL);
	/* The driver looks once more, and finds what is left. */
	if (!ret && master_set(&device, true) == -EIO)
		quarantines++;
	device_close(&device);
	if (ret)
		printf("time %llu: %s\n", i - 1, name_of(ret));
	printf("times %llu quarantines %llu\n", i, quarantines);
	return ret ? 1 : 0;
}
