// SPDX-License-Identifier: GPL-2.0-only
#include "harness.h"

#include <fcntl.h>
#include <sys/eventfd.h>

#define MASTER	(PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER)

static void command(struct fixture *f, u16 value)
{
	dev_write(f, CONFIG, PCI_COMMAND, 2, value);
}

static void devctl(struct fixture *f, u16 value)
{
	dev_write(f, CONFIG, DEVCTL, 2, value);
}

static void reg(struct fixture *f, u32 offset, u32 value)
{
	dev_write(f, BAR0, offset, 4, value);
}

/* Moments */

static void command_first(void **state)
{
	struct fixture *f = *state;

	command(f, MASTER);
	assert_int_equal(f->log.totals.moments, 1);
	assert_string_equal(events(take_log(f)), "command moment ");
	assert_non_null(strstr(f->text, "\"event\":\"command\",\"offset\":\"0x4\",\"bytes\":2,"
			       "\"old\":\"0x0000\",\"new\":\"0x0006\",\"requests\":0,"
			       "\"no_snoop_requests\":0,\"moments\":0}\n"));
	assert_non_null(strstr(f->text, "\"event\":\"moment\",\"cause\":\"command\","
			       "\"requests\":0,\"no_snoop_requests\":0,\"moments\":1}\n"));
	/* This is still the same moment. */
	command(f, MASTER | PCI_COMMAND_SERR);
	devctl(f, 0x2910);
	assert_int_equal(f->log.totals.moments, 1);
	devctl(f, 0x2110);
	devctl(f, 0x2910);
	assert_int_equal(f->log.totals.moments, 2);
	assert_non_null(strstr(take_log(f), "\"cause\":\"devctl\""));
}

static void devctl_first(void **state)
{
	struct fixture *f = *state;

	devctl(f, 0x2010);
	command(f, MASTER);
	assert_int_equal(f->log.totals.moments, 0);
	assert_string_equal(events(take_log(f)), "devctl command ");
	assert_non_null(strstr(f->text, "\"event\":\"devctl\",\"offset\":\"0x88\",\"bytes\":2,"
			       "\"old\":\"0x2810\",\"new\":\"0x2010\","));
	devctl(f, 0x2810);
	assert_int_equal(f->log.totals.moments, 1);
	assert_string_equal(events(take_log(f)), "devctl moment ");
}

/* Each reset ends the moment. The next one needs both registers again. */
static void hidden_reset_and_moments(void **state)
{
	struct fixture *f = *state;

	devctl(f, 0x2010);
	command(f, MASTER);
	take_log(f);
	reg(f, MODEL_REG_RESET, 0x12345678);
	assert_string_equal(events(take_log(f)), "");
	reg(f, MODEL_REG_RESET, MODEL_RESET_MAGIC);
	assert_string_equal(events(take_log(f)), "reset ");
	assert_non_null(strstr(f->text, "\"cause\":\"hidden\",\"master\":true,"
			       "\"no_snoop\":false,"));
	assert_int_equal(f->log.totals.moments, 0);
	/* Whoever enables mastering next finds the bit set again. */
	command(f, MASTER);
	assert_int_equal(f->log.totals.moments, 1);
	reg(f, MODEL_REG_RESET, MODEL_RESET_MAGIC);
	assert_non_null(strstr(take_log(f), "\"master\":true,\"no_snoop\":true,"));
	command(f, MASTER);
	assert_int_equal(f->log.totals.moments, 2);
}

static void moments_with_no_snoop_0(void **state)
{
	struct config_options options = default_options;
	struct fixture *f;

	(void)state;
	options.no_snoop = CONFIG_NO_SNOOP_0;
	f = fixture_new(&options, false);
	command(f, MASTER);
	devctl(f, 0x2810);
	assert_int_equal(f->log.totals.moments, 0);
	assert_non_null(strstr(take_log(f), "\"old\":\"0x2010\",\"new\":\"0x2010\""));
	fixture_free(f);
}

static void moments_with_no_snoop_1(void **state)
{
	struct config_options options = default_options;
	struct fixture *f;

	(void)state;
	options.no_snoop = CONFIG_NO_SNOOP_1;
	f = fixture_new(&options, false);
	devctl(f, 0x2010);
	assert_non_null(strstr(take_log(f), "\"old\":\"0x2810\",\"new\":\"0x2810\""));
	command(f, MASTER);
	assert_int_equal(f->log.totals.moments, 1);
	fixture_free(f);
}

static void moments_without_pcie(void **state)
{
	struct config_options options = default_options;
	struct fixture *f;
	u8 byte;

	(void)state;
	options.pcie = false;
	f = fixture_new(&options, false);
	command(f, MASTER);
	devctl(f, 0xffff);
	assert_int_equal(f->log.totals.moments, 0);
	assert_string_equal(events(take_log(f)), "command ");
	assert_int_equal(device_region_size(&f->dev, CONFIG), 256);
	assert_int_equal(device_read(&f->dev, CONFIG, 256, 1, &byte), -EINVAL);
	fixture_free(f);
}

/* Config writes of every size */

static void odd_config_writes(void **state)
{
	struct fixture *f = *state;
	u8 data[256] = { 0 };

	dev_write(f, CONFIG, DEVCTL + 1, 1, 0x20);
	assert_non_null(strstr(take_log(f), "\"event\":\"devctl\",\"offset\":\"0x89\",\"bytes\":1,"
			       "\"old\":\"0x2810\",\"new\":\"0x2010\""));
	/* A write across the register's start: 86 to 89, though the wire has two writes. */
	dev_write(f, CONFIG, DEVCTL - 2, 4, 0x28ffffff);
	assert_string_equal(events(take_log(f)), "devctl ");
	assert_non_null(strstr(f->text, "\"offset\":\"0x86\",\"bytes\":4,"
			       "\"old\":\"0x2010\",\"new\":\"0x28ff\""));
	/* Writes of neighbours are not logged. */
	dev_write(f, CONFIG, DEVCTL - 4, 4, 0xffffffff);
	dev_write(f, CONFIG, DEVCTL + 2, 2, 0xffff);
	dev_write(f, CONFIG, PCI_STATUS, 2, 0xffff);
	assert_string_equal(events(take_log(f)), "");
	/* One write of the header and all capabilities is logged in the order of addresses. */
	put16(data + PCI_COMMAND, MASTER);
	put16(data + DEVCTL, 0x2010);
	assert_int_equal(device_write(&f->dev, CONFIG, 0, sizeof(data), data), 0);
	assert_string_equal(events(take_log(f)), "command moment pmcsr devctl ");
	assert_int_equal(count_text(f->text, "\"offset\":\"0x0\",\"bytes\":256,"), 3);
}

static void out_of_range(void **state)
{
	struct fixture *f = *state;
	u8 data[16];

	assert_int_equal(device_read(&f->dev, CONFIG, 4092, 4, data), 0);
	assert_int_equal(device_read(&f->dev, CONFIG, 4093, 4, data), -EINVAL);
	assert_int_equal(device_read(&f->dev, CONFIG, ~0ULL, 4, data), -EINVAL);
	assert_int_equal(device_read(&f->dev, CONFIG, 0, 0, data), -EINVAL);
	assert_int_equal(device_write(&f->dev, CONFIG, 4096, 1, data), -EINVAL);
	assert_int_equal(device_write(&f->dev, BAR0, 65532, 8, data), -EINVAL);
	assert_int_equal(device_read(&f->dev, VFIO_PCI_BAR1_REGION_INDEX, 0, 4, data), -EINVAL);
	assert_int_equal(device_read(&f->dev, VFIO_PCI_ROM_REGION_INDEX, 0, 4, data), -EINVAL);
	assert_int_equal(device_read(&f->dev, 1000, 0, 4, data), -EINVAL);
}

/* Resets */

static void dirty(struct fixture *f)
{
	dev_write(f, CONFIG, PCI_BASE_ADDRESS_0, 4, 0xfe000000);
	dev_write(f, CONFIG, MODEL_CAP_MSIX + PCI_MSIX_FLAGS, 2, PCI_MSIX_FLAGS_ENABLE);
	devctl(f, 0x5000);
	command(f, MASTER);
	reg(f, MODEL_REG_SCRATCH, 1);
	dev_write(f, BAR0, MODEL_REG_SRC, 8, 0x1122334455667788);
	dev_write(f, BAR0, MODEL_REG_DST, 8, 0x99);
	reg(f, MODEL_REG_LEN, 0);
	reg(f, MODEL_REG_CTRL, MODEL_CTRL_GO);
	reg(f, MODEL_REG_LEN, 5);
	dev_write(f, BAR2, PCI_MSIX_ENTRY_DATA, 4, 0x42);
	dev_write(f, BAR2, PCI_MSIX_ENTRY_VECTOR_CTRL, 4, 0);
	assert_int_equal(dev_read(f, BAR0, MODEL_REG_SRC, 4), 0x55667788);
	assert_int_equal(dev_read(f, BAR0, MODEL_REG_SRC + 4, 4), 0x11223344);
	assert_int_equal(dev_read(f, BAR0, MODEL_REG_STATUS, 4), MODEL_STATUS_BAD_LENGTH);
	assert_int_equal(dev_read(f, BAR2, PCI_MSIX_ENTRY_DATA, 4), 0x42);
	f->dev.jobs = 3;
	f->dev.irqs_pending = 2;
	take_log(f);
}

static void assert_clean(struct fixture *f, const char *cause)
{
	char reset[128];
	u32 at;

	snprintf(reset, sizeof(reset), "\"event\":\"reset\",\"cause\":\"%s\",\"master\":true,"
		 "\"no_snoop\":false,", cause);
	assert_int_equal(count_text(take_log(f), reset), 1);
	assert_int_equal(count_text(f->text, "\"event\":\"reset\""), 1);

	assert_int_equal(dev_read(f, CONFIG, PCI_COMMAND, 2), 0);
	assert_int_equal(dev_read(f, CONFIG, DEVCTL, 2), 0x2810);
	assert_int_equal(dev_read(f, CONFIG, PMCSR, 2), 0);
	assert_int_equal(dev_read(f, CONFIG, PCI_BASE_ADDRESS_0, 4), 0);
	assert_int_equal(dev_read(f, CONFIG, MODEL_CAP_MSIX + PCI_MSIX_FLAGS, 2), 3);
	/* While closed it is an Unsupported Request. After opening, all is zero again. */
	assert_int_equal(dev_read(f, BAR0, MODEL_REG_ID, 4), 0xffffffff);
	assert_int_equal(dev_read(f, CONFIG, MODEL_CAP_EXP + PCI_EXP_DEVSTA, 2),
			 PCI_EXP_DEVSTA_CED | PCI_EXP_DEVSTA_URD);
	command(f, PCI_COMMAND_MEMORY);
	assert_int_equal(dev_read(f, BAR0, MODEL_REG_ID, 4), MODEL_ID);
	for (at = MODEL_REG_SCRATCH; at <= MODEL_REG_JOBS; at += 4)
		assert_int_equal(dev_read(f, BAR0, at, 4), 0);
	assert_int_equal(dev_read(f, BAR2, PCI_MSIX_ENTRY_DATA, 4), 0);
	assert_int_equal(dev_read(f, BAR2, PCI_MSIX_ENTRY_VECTOR_CTRL, 4), 1);
	assert_int_equal(dev_read(f, BAR2, CONFIG_MSIX_PBA, 4), 0);
}

static void reset_flr(void **state)
{
	struct fixture *f = *state;

	dirty(f);
	devctl(f, 0xd000);
	assert_clean(f, "flr");
	dirty(f);
	/* By a write of the byte, with others after it in the same write. */
	dev_write(f, CONFIG, DEVCTL + 1, 8, 0xd0);
	assert_string_equal(events(take_log(f)), "devctl reset ");
	assert_int_equal(dev_read(f, CONFIG, DEVCTL, 2), 0x2810);
}

static void reset_hidden(void **state)
{
	struct fixture *f = *state;

	dirty(f);
	reg(f, MODEL_REG_RESET, MODEL_RESET_MAGIC);
	assert_clean(f, "hidden");
}

static void reset_d3hot(void **state)
{
	struct fixture *f = *state;

	dirty(f);
	dev_write(f, CONFIG, PMCSR, 2, 3);
	assert_string_equal(events(take_log(f)), "pmcsr ");
	assert_non_null(strstr(f->text, "\"event\":\"pmcsr\",\"offset\":\"0x44\",\"bytes\":2,"
			       "\"old\":\"0x0000\",\"new\":\"0x0003\""));
	/* Nothing is lost yet, but the BARs do not answer. */
	assert_int_equal(dev_read(f, CONFIG, DEVCTL, 2), 0x5000);
	assert_int_equal(dev_read(f, BAR0, MODEL_REG_ID, 4), 0xffffffff);
	reg(f, MODEL_REG_RESET, MODEL_RESET_MAGIC);
	assert_string_equal(events(take_log(f)), "");
	dev_write(f, CONFIG, MODEL_CAP_EXP + PCI_EXP_DEVSTA, 2, 0xf);
	dev_write(f, CONFIG, PMCSR, 1, 0);
	assert_clean(f, "d3hot");
}

static void reset_device(void **state)
{
	struct fixture *f = *state;

	dirty(f);
	dev_write(f, CONFIG, PMCSR, 2, 3);
	device_reset(&f->dev, "device_reset");
	assert_clean(f, "device_reset");
}

static void reset_af_flr(void **state)
{
	struct config_options options = default_options;
	struct fixture *f;

	(void)state;
	options.af = true;
	f = fixture_new(&options, false);
	dirty(f);
	dev_write(f, CONFIG, MODEL_CAP_AF + PCI_AF_CTRL, 1, PCI_AF_CTRL_FLR);
	assert_clean(f, "af_flr");
	fixture_free(f);
}

static void out_of_its_slot(void **state)
{
	struct fixture *f = *state;
	char path[] = "/tmp/absent.XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	unlink(path);
	f->dev.absent_while = path;
	dirty(f);
	dev_write(f, CONFIG, MODEL_ECAP_AER + PCI_ERR_UNCOR_MASK, 4, PCI_ERR_UNC_UNSUP);
	assert_string_equal(events(take_log(f)), "");

	close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	assert_int_equal(dev_read(f, CONFIG, PCI_VENDOR_ID, 4), 0xffffffff);
	assert_string_equal(events(take_log(f)), "reset absent ");
	command(f, MASTER);
	devctl(f, 0x2810);
	reg(f, MODEL_REG_SCRATCH, 1);
	assert_int_equal(dev_read(f, BAR0, MODEL_REG_ID, 4), 0xffffffff);
	assert_string_equal(events(take_log(f)), "");

	unlink(path);
	assert_int_equal(dev_read(f, CONFIG, PCI_COMMAND, 2), 0);
	assert_string_equal(events(take_log(f)), "present ");
	assert_int_equal(dev_read(f, CONFIG, DEVCTL, 2), 0x2810);
	assert_int_equal(dev_read(f, CONFIG, MODEL_ECAP_AER + PCI_ERR_UNCOR_MASK, 4), 0);
	command(f, MASTER);
	assert_int_equal(f->log.totals.moments, 1);
}

/* At an FLR, the write takes effect first, then the reset. */
/* Config space elsewhere */

static void mirror(void **state)
{
	struct config_options options = default_options;
	struct fixture *f;
	u8 both[8];

	(void)state;
	options.mirrors[0] = (struct config_mirror){ .bar = 0, .offset = 0x8000, .size = 4096 };
	options.mirrors[1] = (struct config_mirror){ .bar = 0, .offset = 0x1800, .size = 256 };
	options.nr_mirrors = 2;
	f = fixture_new(&options, false);

	/* Without memory space there is no mirror. */
	dev_write(f, BAR0, 0x8000 + PCI_COMMAND, 2, MASTER);
	assert_int_equal(dev_read(f, CONFIG, PCI_COMMAND, 2), 0);
	command(f, PCI_COMMAND_MEMORY);
	assert_int_equal(dev_read(f, BAR0, 0x8000, 4), 0x0b111234);
	assert_int_equal(dev_read(f, BAR0, 0x1800 + DEVCTL, 2), 0x2810);
	assert_int_equal(dev_read(f, BAR0, MODEL_REG_ID, 4), MODEL_ID);

	/* Writes of any width, a write that has neighbours, too, and moments. */
	dev_write(f, BAR0, 0x8000 + DEVCTL + 1, 1, 0x20);
	dev_write(f, BAR0, 0x1800 + PCI_COMMAND, 2, MASTER);
	assert_int_equal(f->log.totals.moments, 0);
	dev_write(f, BAR0, 0x1800 + DEVCTL, 4, 0x2810);
	assert_int_equal(f->log.totals.moments, 1);
	assert_string_equal(events(take_log(f)), "command devctl command devctl moment ");
	/* One read of both sides of the mirror's edge */
	assert_int_equal(device_read(&f->dev, BAR0, 0x17fc, 8, both), 0);
	assert_int_equal(get32(both), 0);
	assert_int_equal(get32(both + 4), 0x0b111234);
	assert_int_equal(dev_read(f, BAR0, 0x1800 + 256, 4), 0);
	assert_int_equal(dev_read(f, BAR0, 0x9000, 4), 0);

	dev_write(f, BAR0, 0x8000 + DEVCTL, 2, PCI_EXP_DEVCTL_BCR_FLR);
	assert_int_equal(dev_read(f, CONFIG, PCI_COMMAND, 2), 0);
	fixture_free(f);
}

static void window(void **state)
{
	struct config_options options = default_options;
	const u32 bar5 = VFIO_PCI_BAR5_REGION_INDEX;
	struct fixture *f;

	(void)state;
	options.window = (struct config_window){
		.there = true, .bar = 5, .index = 8, .data = 12, .base = 0x88000,
	};
	f = fixture_new(&options, false);
	assert_int_equal(device_region_size(&f->dev, bar5), CONFIG_WINDOW_SIZE);
	dev_write(f, CONFIG, PCI_BASE_ADDRESS_5, 4, 0xffffffff);
	assert_int_equal(dev_read(f, CONFIG, PCI_BASE_ADDRESS_5, 4), 0xffffffe1);

	/* Without I/O space there is no window. */
	dev_write(f, bar5, 8, 4, 0x88000 + PCI_COMMAND);
	command(f, PCI_COMMAND_IO);
	assert_int_equal(dev_read(f, bar5, 8, 4), 0);
	assert_int_equal(dev_read(f, bar5, 12, 4), 0xffffffff);

	dev_write(f, bar5, 8, 4, 0x88000 + DEVCTL);
	assert_int_equal(dev_read(f, bar5, 8, 4), 0x88000 + DEVCTL);
	assert_int_equal(dev_read(f, bar5, 12, 2), 0x2810);
	dev_write(f, bar5, 8, 4, 0x88000 + PCI_COMMAND);
	dev_write(f, bar5, 12, 4, PCI_COMMAND_IO | PCI_COMMAND_MASTER);
	assert_int_equal(f->log.totals.moments, 1);
	assert_string_equal(events(take_log(f)), "command command moment ");

	/* The index is outside of config space. */
	dev_write(f, bar5, 8, 4, 0x88ffe);
	dev_write(f, bar5, 12, 4, 0);
	dev_write(f, bar5, 8, 4, 0x87fff);
	dev_write(f, bar5, 12, 4, 0);
	assert_string_equal(events(take_log(f)), "");
	fixture_free(f);
}

static void flr_that_also_sets_the_bit(void **state)
{
	struct fixture *f = *state;

	devctl(f, 0x2010);
	command(f, MASTER);
	take_log(f);
	devctl(f, 0xa810);
	assert_string_equal(events(take_log(f)), "devctl moment reset ");
	assert_non_null(strstr(f->text, "\"cause\":\"flr\",\"master\":true,\"no_snoop\":true,"));
	assert_int_equal(f->log.totals.moments, 1);
}

/* BARs */

static void bars_need_memory_enable(void **state)
{
	struct fixture *f = *state;

	reg(f, MODEL_REG_SCRATCH, 7);
	assert_int_equal(dev_read(f, BAR0, MODEL_REG_ID, 4), 0xffffffff);
	assert_int_equal(dev_read(f, BAR2, 0, 4), 0xffffffff);
	command(f, PCI_COMMAND_MEMORY);
	assert_int_equal(dev_read(f, BAR0, MODEL_REG_ID, 4), MODEL_ID);
	assert_int_equal(dev_read(f, BAR0, MODEL_REG_SCRATCH, 4), 0);
	reg(f, MODEL_REG_SCRATCH, 7);
	assert_int_equal(dev_read(f, BAR0, MODEL_REG_SCRATCH, 4), 7);
	assert_int_equal(dev_read(f, BAR0, MODEL_REG_ID + 1, 2), MODEL_ID >> 8 & 0xffff);
	assert_int_equal(dev_read(f, BAR0, 0x8000, 4), 0);
}

static void narrow_writes_are_dropped(void **state)
{
	struct fixture *f = *state;

	command(f, PCI_COMMAND_MEMORY);
	take_log(f);
	dev_write(f, BAR0, MODEL_REG_SCRATCH, 1, 7);
	dev_write(f, BAR0, MODEL_REG_SCRATCH + 2, 4, 7);
	assert_int_equal(dev_read(f, BAR0, MODEL_REG_SCRATCH, 4), 0);
	assert_string_equal(events(take_log(f)), "error error ");
}

/* A reset in the middle of a long write closes the BAR for the rest of it. */
static void reset_within_a_write(void **state)
{
	struct fixture *f = *state;
	u8 data[MODEL_REG_RESET + 8 - MODEL_REG_SCRATCH] = { 5 };

	command(f, MASTER);
	put32(data + MODEL_REG_RESET - MODEL_REG_SCRATCH, MODEL_RESET_MAGIC);
	assert_int_equal(device_write(&f->dev, BAR0, MODEL_REG_SCRATCH, sizeof(data), data), 0);
	assert_int_equal(dev_read(f, CONFIG, PCI_COMMAND, 2), 0);
	assert_int_equal(dev_read(f, CONFIG, MODEL_CAP_EXP + PCI_EXP_DEVSTA, 2),
			 PCI_EXP_DEVSTA_NFED | PCI_EXP_DEVSTA_URD);
	command(f, PCI_COMMAND_MEMORY);
	assert_int_equal(dev_read(f, BAR0, MODEL_REG_SCRATCH, 4), 0);
}

/* Jobs */

#define PAGE	4096

static int map_memory(struct fixture *f)
{
	int fd = memory_file(8 * PAGE);

	assert_int_equal(device_map(&f->dev, 0x100000, 8 * PAGE, 3, dup(fd), 0), 0);
	return fd;
}

static u32 job(struct fixture *f, u64 src, u64 dst, u32 len, u32 ctrl)
{
	dev_write(f, BAR0, MODEL_REG_SRC, 8, src);
	reg(f, MODEL_REG_DST, dst);
	reg(f, MODEL_REG_DST + 4, dst >> 32);
	reg(f, MODEL_REG_LEN, len);
	take_log(f);
	reg(f, MODEL_REG_CTRL, ctrl | MODEL_CTRL_GO);
	take_log(f);
	return dev_read(f, BAR0, MODEL_REG_STATUS, 4);
}

static void job_attributes(void **state)
{
	struct fixture *f = *state;
	struct totals *totals = &f->log.totals;
	int fd = map_memory(f);

	command(f, MASTER);
	fill(fd, 0, 0xaa, 100);
	assert_int_equal(job(f, 0x100000, 0x101000, 100, 0), MODEL_STATUS_DONE);
	assert_non_null(strstr(f->text, "\"event\":\"dma\","
			       "\"src\":\"0x100000\",\"dst\":\"0x101000\","
			       "\"len\":100,\"asked\":false,\"no_snoop\":false,\"status\":1,"
			       "\"stale_bytes\":0,\"requests\":2,\"no_snoop_requests\":0,"
			       "\"moments\":1}\n"));
	assert_int_equal(peek(fd, PAGE + 99), 0xaa);

	fill(fd, 0, 0xbb, 100);
	assert_int_equal(job(f, 0x100000, 0x102000, 100, MODEL_CTRL_ASK_NO_SNOOP),
			 MODEL_STATUS_DONE);
	assert_non_null(strstr(f->text, "\"asked\":true,\"no_snoop\":true,\"status\":1,"
			       "\"stale_bytes\":100,\"requests\":4,\"no_snoop_requests\":2,"));
	assert_int_equal(peek(fd, 2 * PAGE), 0xaa);

	devctl(f, 0x2010);
	assert_int_equal(job(f, 0x100000, 0x102000, 100, MODEL_CTRL_ASK_NO_SNOOP),
			 MODEL_STATUS_DONE);
	assert_non_null(strstr(f->text, "\"asked\":true,\"no_snoop\":false,\"status\":1,"
			       "\"stale_bytes\":0,\"requests\":6,\"no_snoop_requests\":2,"));
	assert_int_equal(peek(fd, 2 * PAGE), 0xbb);
	assert_int_equal(dev_read(f, BAR0, MODEL_REG_JOBS, 4), 3);

	/* The totals belong to the process, so no reset changes them. */
	device_reset(&f->dev, "device_reset");
	assert_int_equal(totals->requests, 6);
	assert_int_equal(totals->no_snoop_requests, 2);
	assert_int_equal(totals->moments, 1);
	close(fd);
}

static void job_refused(void **state)
{
	struct fixture *f = *state;
	int fd = map_memory(f);

	command(f, PCI_COMMAND_MEMORY);
	assert_int_equal(job(f, 0x100000, 0x101000, 8, MODEL_CTRL_ASK_NO_SNOOP),
			 MODEL_STATUS_NO_MASTER);
	assert_string_equal(events(f->text), "dma ");
	assert_non_null(strstr(f->text, "\"asked\":true,\"no_snoop\":false,\"status\":2,"
			       "\"stale_bytes\":0,\"requests\":0,"));
	command(f, MASTER);
	assert_int_equal(job(f, 0x100000, 0x101000, 0, 0), MODEL_STATUS_BAD_LENGTH);
	assert_int_equal(job(f, 0x100000, 0x101000, MODEL_DMA_MAX + 1, 0),
			 MODEL_STATUS_BAD_LENGTH);
	assert_string_equal(events(f->text), "dma error ");
	assert_int_equal(f->log.totals.requests, 0);

	/* On the wire, a request with a bad address counts as others do. */
	assert_int_equal(job(f, 0x200000, 0x101000, 8, MODEL_CTRL_ASK_NO_SNOOP),
			 MODEL_STATUS_BAD_ADDRESS);
	assert_int_equal(f->log.totals.requests, 1);
	assert_int_equal(f->log.totals.no_snoop_requests, 1);
	assert_non_null(strstr(f->text, "\"message\":\"dma: source: not mapped\""));
	assert_int_equal(job(f, 0x100000, 0x200000, 8, 0), MODEL_STATUS_BAD_ADDRESS);
	assert_int_equal(f->log.totals.requests, 3);
	assert_int_equal(f->log.totals.no_snoop_requests, 1);
	assert_int_equal(dev_read(f, BAR0, MODEL_REG_JOBS, 4), 0);

	/* Without GO nothing starts. */
	reg(f, MODEL_REG_CTRL, MODEL_CTRL_ASK_NO_SNOOP);
	assert_string_equal(events(take_log(f)), "");
	close(fd);
}

/* Interrupts */

static u64 signalled(int fd)
{
	u64 count = 0;

	return read(fd, &count, sizeof(count)) == sizeof(count) ? count : 0;
}

static void interrupts(void **state)
{
	struct fixture *f = *state;
	int fd = map_memory(f), event = eventfd(0, EFD_NONBLOCK), full;
	const u32 flags = MODEL_CAP_MSIX + PCI_MSIX_FLAGS;

	device_set_irq(&f->dev, 0, dup(event));
	command(f, MASTER);
	job(f, 0x100000, 0x101000, 8, MODEL_CTRL_IRQ);
	assert_int_equal(signalled(event), 0);

	dev_write(f, CONFIG, flags, 2, PCI_MSIX_FLAGS_ENABLE);
	job(f, 0x100000, 0x101000, 8, 0);
	assert_int_equal(signalled(event), 0);
	job(f, 0x100000, 0x101000, 8, MODEL_CTRL_IRQ);
	assert_int_equal(signalled(event), 1);
	assert_string_equal(events(f->text), "dma irq ");
	assert_non_null(strstr(f->text, "\"event\":\"irq\",\"vector\":0,"));

	/* While it is masked, the interrupt is pending. */
	dev_write(f, CONFIG, flags, 2, PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
	job(f, 0x100000, 0x101000, 8, MODEL_CTRL_IRQ);
	assert_int_equal(signalled(event), 0);
	assert_int_equal(dev_read(f, BAR2, CONFIG_MSIX_PBA, 4), 1);
	dev_write(f, CONFIG, flags, 2, PCI_MSIX_FLAGS_ENABLE);
	assert_int_equal(signalled(event), 1);
	assert_int_equal(dev_read(f, BAR2, CONFIG_MSIX_PBA, 4), 0);

	/* Neither an eventfd that would block nor a missing one stops the model. */
	full = eventfd(0, 0);
	assert_int_equal(eventfd_write(full, ~0ULL - 1), 0);
	device_set_irq(&f->dev, 0, full);
	alarm(10);
	job(f, 0x100000, 0x101000, 8, MODEL_CTRL_IRQ);
	alarm(0);
	assert_string_equal(events(f->text), "dma error ");
	device_set_irq(&f->dev, 0, -1);
	job(f, 0x100000, 0x101000, 8, MODEL_CTRL_IRQ);
	assert_string_equal(events(f->text), "dma ");
	close(event);
	close(fd);
}

static void msi(void **state)
{
	struct config_options options = default_options;
	const u32 flags = MODEL_CAP_MSI + PCI_MSI_FLAGS;
	int fd, event = eventfd(0, EFD_NONBLOCK);
	struct fixture *f;

	(void)state;
	options.msi = true;
	f = fixture_new(&options, false);
	fd = map_memory(f);
	device_set_irq(&f->dev, 0, dup(event));
	command(f, MASTER);
	job(f, 0x100000, 0x101000, 8, MODEL_CTRL_IRQ);
	assert_int_equal(signalled(event), 0);
	dev_write(f, CONFIG, flags, 2, PCI_MSI_FLAGS_ENABLE);
	job(f, 0x100000, 0x101000, 8, MODEL_CTRL_IRQ);
	assert_string_equal(events(f->text), "dma irq ");
	assert_int_equal(signalled(event), 1);

	/* MSI has no table and no masks. */
	dev_write(f, BAR2, 0, 4, 0x1234);
	assert_int_equal(dev_read(f, BAR2, 0, 4), 0);
	assert_int_equal(dev_read(f, BAR2, PCI_MSIX_ENTRY_VECTOR_CTRL, 4), 0);
	close(event);
	close(fd);
	fixture_free(f);
}

static struct fixture *fixture_with(bool intx, bool rom)
{
	struct config_options options = default_options;

	options.intx = intx;
	options.rom = rom;
	return fixture_new(&options, false);
}

static u16 status(struct fixture *f)
{
	return dev_read(f, CONFIG, PCI_STATUS, 2);
}

/* The line is a level. The client is told once, and again if it unmasks a raised line. */
static void intx(void **state)
{
	int event = eventfd(0, EFD_NONBLOCK);
	struct fixture *f = fixture_with(true, false);

	(void)state;
	assert_int_equal(dev_read(f, CONFIG, PCI_INTERRUPT_PIN, 1), 1);
	device_set_intx(&f->dev, dup(event));
	command(f, PCI_COMMAND_MEMORY);
	take_log(f);
	reg(f, MODEL_REG_INTX, 1);
	assert_string_equal(events(take_log(f)), "intx ");
	assert_int_equal(signalled(event), 1);
	assert_int_equal(dev_read(f, BAR0, MODEL_REG_INTX, 4), 1);
	assert_true(status(f) & PCI_STATUS_INTERRUPT);
	/* INTx is masked from then on. */
	reg(f, MODEL_REG_INTX, 1);
	command(f, PCI_COMMAND_MEMORY | PCI_COMMAND_SERR);
	assert_int_equal(signalled(event), 0);
	device_mask_intx(&f->dev, false);
	assert_int_equal(signalled(event), 1);
	/* The line is lowered before INTx is unmasked. */
	reg(f, MODEL_REG_INTX, 0);
	assert_false(status(f) & PCI_STATUS_INTERRUPT);
	device_mask_intx(&f->dev, false);
	assert_int_equal(signalled(event), 0);
	/* The client itself masks INTx. */
	device_mask_intx(&f->dev, true);
	reg(f, MODEL_REG_INTX, 1);
	assert_int_equal(signalled(event), 0);
	device_mask_intx(&f->dev, false);
	assert_int_equal(signalled(event), 1);
	/* Only one bit can be written. */
	reg(f, MODEL_REG_INTX, 2);
	assert_int_equal(dev_read(f, BAR0, MODEL_REG_INTX, 4), 0);
	close(event);
	fixture_free(f);
}

/* COMMAND.INTX_DISABLE, MSI-X, D3hot and a reset silence it. */
static void intx_silent(void **state)
{
	const u32 flags = MODEL_CAP_MSIX + PCI_MSIX_FLAGS;
	int event = eventfd(0, EFD_NONBLOCK);
	struct fixture *f = fixture_with(true, false);

	(void)state;
	device_set_intx(&f->dev, dup(event));
	command(f, PCI_COMMAND_MEMORY | PCI_COMMAND_INTX_DISABLE);
	reg(f, MODEL_REG_INTX, 1);
	assert_int_equal(signalled(event), 0);
	assert_true(status(f) & PCI_STATUS_INTERRUPT);
	command(f, PCI_COMMAND_MEMORY);
	assert_int_equal(signalled(event), 1);

	dev_write(f, CONFIG, flags, 2, PCI_MSIX_FLAGS_ENABLE);
	device_mask_intx(&f->dev, false);
	assert_int_equal(signalled(event), 0);
	dev_write(f, CONFIG, flags, 2, 0);
	assert_int_equal(signalled(event), 1);

	dev_write(f, CONFIG, PMCSR, 2, 3);
	device_mask_intx(&f->dev, false);
	assert_int_equal(signalled(event), 0);
	dev_write(f, CONFIG, PMCSR, 2, 0);
	assert_int_equal(signalled(event), 0);
	assert_false(status(f) & PCI_STATUS_INTERRUPT);

	command(f, PCI_COMMAND_MEMORY | PCI_COMMAND_INTX_DISABLE);
	reg(f, MODEL_REG_INTX, 1);
	reg(f, MODEL_REG_RESET, MODEL_RESET_MAGIC);
	assert_false(status(f) & PCI_STATUS_INTERRUPT);
	command(f, PCI_COMMAND_MEMORY);
	assert_int_equal(dev_read(f, BAR0, MODEL_REG_INTX, 4), 0);
	assert_int_equal(signalled(event), 0);
	close(event);
	fixture_free(f);
}

/* Without a client, with a full eventfd, after the client left, and without a pin */
static void intx_for_nobody(void **state)
{
	u32 before = open_fds();
	struct fixture *f = fixture_with(true, false);
	int full = eventfd(0, 0), event = eventfd(0, EFD_NONBLOCK);

	(void)state;
	command(f, PCI_COMMAND_MEMORY);
	take_log(f);
	reg(f, MODEL_REG_INTX, 1);
	assert_string_equal(events(take_log(f)), "");
	assert_int_equal(eventfd_write(full, ~0ULL - 1), 0);
	alarm(10);
	device_set_intx(&f->dev, full);
	alarm(0);
	assert_string_equal(events(take_log(f)), "error ");
	/* A client that comes while the line is raised is told. */
	device_set_intx(&f->dev, dup(event));
	assert_int_equal(signalled(event), 1);
	device_trigger_intx(&f->dev);
	assert_int_equal(signalled(event), 1);
	device_disconnect(&f->dev);
	close(event);
	fixture_free(f);
	assert_int_equal(open_fds(), before);

	f = fixture_with(false, false);
	assert_int_equal(dev_read(f, CONFIG, PCI_INTERRUPT_PIN, 1), 0);
	command(f, PCI_COMMAND_MEMORY);
	reg(f, MODEL_REG_INTX, 1);
	assert_int_equal(dev_read(f, BAR0, MODEL_REG_INTX, 4), 0);
	assert_false(status(f) & PCI_STATUS_INTERRUPT);
	fixture_free(f);
}

static void rom(void **state)
{
	struct fixture *f = fixture_with(false, true);

	(void)state;
	assert_int_equal(device_region_size(&f->dev, VFIO_PCI_ROM_REGION_INDEX), CONFIG_ROM_SIZE);
	dev_write(f, CONFIG, PCI_ROM_ADDRESS, 4, 0xfffff800);
	assert_int_equal(dev_read(f, CONFIG, PCI_ROM_ADDRESS, 4), 0xfffff000);
	command(f, PCI_COMMAND_MEMORY);
	assert_int_equal(dev_read(f, VFIO_PCI_ROM_REGION_INDEX, 0, 2), 0xffff);
	dev_write(f, CONFIG, PCI_ROM_ADDRESS, 4, 0xfffff801);
	assert_int_equal(dev_read(f, CONFIG, PCI_ROM_ADDRESS, 4), 0xfffff001);
	assert_int_equal(dev_read(f, VFIO_PCI_ROM_REGION_INDEX, 0, 3), 0x08aa55);
	assert_int_equal(dev_read(f, VFIO_PCI_ROM_REGION_INDEX, 0x18, 2), 0x1c);
	assert_int_equal(dev_read(f, VFIO_PCI_ROM_REGION_INDEX, 0x1c, 4), 0x52494350);
	assert_int_equal(dev_read(f, VFIO_PCI_ROM_REGION_INDEX, 0x20, 4),
			 MODEL_DEVICE_ID << 16 | MODEL_VENDOR_ID);
	assert_int_equal(dev_read(f, VFIO_PCI_ROM_REGION_INDEX, CONFIG_ROM_SIZE - 4, 4), 0);
	/* The ROM is read-only, and does not answer without memory space. */
	dev_write(f, VFIO_PCI_ROM_REGION_INDEX, 0, 4, 0);
	assert_int_equal(dev_read(f, VFIO_PCI_ROM_REGION_INDEX, 0, 2), 0xaa55);
	command(f, 0);
	assert_int_equal(dev_read(f, VFIO_PCI_ROM_REGION_INDEX, 0, 2), 0xffff);
	fixture_free(f);
}

/* Mappings are logged only with --verbose, and end when the client leaves. */
static void verbose_and_disconnect(void **state)
{
	u32 before = open_fds();
	struct fixture *f = fixture_new(&default_options, true);
	int fd = map_memory(f);

	(void)state;
	assert_string_equal(events(take_log(f)), "map ");
	assert_non_null(strstr(f->text, "\"event\":\"map\",\"iova\":\"0x100000\",\"size\":32768,"));
	assert_int_equal(device_map(&f->dev, 0x100000, PAGE, 3, dup(fd), 0), -EEXIST);
	assert_string_equal(events(take_log(f)), "");
	assert_int_equal(device_unmap(&f->dev, 0x100000, 8 * PAGE), 0);
	assert_non_null(strstr(take_log(f), "\"event\":\"unmap\",\"iova\":\"0x100000\","
			       "\"size\":32768,"));
	fill(fd, 0, 1, 1);
	device_map(&f->dev, 0, PAGE, 3, fd, 0);
	device_set_irq(&f->dev, 3, eventfd(0, 0));
	command(f, MASTER);
	assert_int_equal(job(f, 0, 8, 8, 0), MODEL_STATUS_DONE);
	assert_int_equal(f->dev.dma.pages_count, 1);
	device_disconnect(&f->dev);
	assert_int_equal(f->dev.dma.pages_count, 0);
	assert_int_equal(open_fds(), before + 1);
	/* The state of the device stays. */
	assert_int_equal(dev_read(f, CONFIG, PCI_COMMAND, 2), MASTER);
	fixture_free(f);
	assert_int_equal(open_fds(), before);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static const struct CMUnitTest tests[] = {
	TEST(command_first),
	TEST(devctl_first),
	TEST(hidden_reset_and_moments),
	cmocka_unit_test(moments_with_no_snoop_0),
	cmocka_unit_test(moments_with_no_snoop_1),
	cmocka_unit_test(moments_without_pcie),
	TEST(odd_config_writes),
	TEST(out_of_range),
	TEST(reset_flr),
	TEST(reset_af_flr),
	TEST(out_of_its_slot),
	TEST(reset_hidden),
	TEST(reset_d3hot),
	TEST(reset_device),
	cmocka_unit_test(mirror),
	cmocka_unit_test(window),
	TEST(flr_that_also_sets_the_bit),
	TEST(bars_need_memory_enable),
	TEST(narrow_writes_are_dropped),
	TEST(reset_within_a_write),
	TEST(job_attributes),
	TEST(job_refused),
	TEST(interrupts),
	cmocka_unit_test(msi),
	TEST(intx),
	TEST(intx_silent),
	TEST(intx_for_nobody),
	TEST(rom),
	cmocka_unit_test(verbose_and_disconnect),
};

RUN_TESTS(tests)
