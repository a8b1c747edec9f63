/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the unit tests share: cmocka, a log in memory, a device, memory files.
 */
#ifndef MODEL_TEST_HARNESS_H
#define MODEL_TEST_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>

#include "device.h"
#include "registers.h"

#define DEVCTL	(MODEL_CAP_EXP + PCI_EXP_DEVCTL)
#define PMCSR	(MODEL_CAP_PM + PCI_PM_CTRL)
#define CONFIG	VFIO_PCI_CONFIG_REGION_INDEX
#define BAR0	VFIO_PCI_BAR0_REGION_INDEX
#define BAR2	VFIO_PCI_BAR2_REGION_INDEX

static const struct config_options default_options __maybe_unused = {
	.no_snoop = CONFIG_NO_SNOOP_RW,
	.pcie = true,
	.vendor = MODEL_VENDOR_ID,
	.device = MODEL_DEVICE_ID,
	.class_code = MODEL_CLASS,
	.bar0_size = 64 << 10,
	.bar2_size = 4 << 10,
};

struct fixture {
	struct model_log log;
	struct device dev;
	char text[1 << 20];	/* the log, as read back */
};

static inline int memory_file(size_t size)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, size), 0);
	return fd;
}

static inline struct fixture *fixture_new(const struct config_options *options, bool verbose)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	log_init(&f->log, memory_file(0));
	assert_int_equal(device_init(&f->dev, &f->log, options, verbose), 0);
	return f;
}

static inline void fixture_free(struct fixture *f)
{
	device_destroy(&f->dev);
	close(f->log.fd);
	free(f);
}

static inline int setup(void **state)
{
	*state = fixture_new(&default_options, false);
	return 0;
}

static inline int teardown(void **state)
{
	fixture_free(*state);
	return 0;
}

/* Returns the whole log, and empties it for the next time. */
static inline const char *take_log(struct fixture *f)
{
	ssize_t n = pread(f->log.fd, f->text, sizeof(f->text) - 1, 0);

	assert_true(n >= 0);
	f->text[n] = 0;
	assert_int_equal(ftruncate(f->log.fd, 0), 0);
	lseek(f->log.fd, 0, SEEK_SET);
	return f->text;
}

static inline u32 count_text(const char *text, const char *part)
{
	u32 n = 0;

	while ((text = strstr(text, part))) {
		text += strlen(part);
		n++;
	}
	return n;
}

/* The events in @text in their order, such as "devctl moment " */
static inline const char *events(const char *text)
{
	static char list[4096];
	size_t used = 0;

	list[0] = 0;
	while ((text = strstr(text, "\"event\":\""))) {
		text += strlen("\"event\":\"");
		used += snprintf(list + used, sizeof(list) - used, "%.*s ",
				 (int)strcspn(text, "\""), text);
		assert_true(used < sizeof(list));
	}
	return list;
}

static inline u32 dev_read(struct fixture *f, u32 region, u64 offset, u32 count)
{
	u8 data[4] = { 0 };

	assert_int_equal(device_read(&f->dev, region, offset, count, data), 0);
	return get32(data);
}

static inline void dev_write(struct fixture *f, u32 region, u64 offset, u32 count, u64 value)
{
	assert_int_equal(device_write(&f->dev, region, offset, count, &value), 0);
}

static inline u32 open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	u32 n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static inline void fill(int fd, off_t offset, u8 value, size_t count)
{
	while (count--)
		assert_int_equal(pwrite(fd, &value, 1, offset++), 1);
}

static inline u8 peek(int fd, off_t offset)
{
	u8 value;

	assert_int_equal(pread(fd, &value, 1, offset), 1);
	return value;
}

#define RUN_TESTS(tests)						\
int main(void)								\
{									\
	cmocka_set_message_output(CM_OUTPUT_TAP);			\
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;	\
}

#endif
