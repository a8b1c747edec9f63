/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Shared by the selftests that need the lab's device model. It resets itself
 * when it is told to, asks for No Snoop in its DMA, and writes down what
 * reached it: that log is the witness for what lasts less than a system call.
 *
 * VFIO_NOSNOOP_LOG names the log, and so says that the device is the model,
 * whatever vendor it poses as. Without it the tests are skipped.
 */
#ifndef LAB_SELFTESTS_NOSNOOP_LAB_H
#define LAB_SELFTESTS_NOSNOOP_LAB_H

#include <time.h>

#include <sys/mman.h>
#include <sys/stat.h>

#include <linux/io.h>
#include <linux/sizes.h>

#include "vfio_pci_nosnoop.h"
#include "registers.h"

#define DMA_SIZE		SZ_64K

struct lab_totals {
	u64 requests;
	u64 no_snoop_requests;
	u64 moments;	/* mastering and No Snoop both became 1 in hardware */
};

/* Of the one device that a test has */
static struct {
	struct iova_allocator *iova_allocator;
	struct dma_region dma;
	struct lab_totals start;
} lab;

static inline u64 rnd_seed(void)
{
	const char *env = getenv("VFIO_NOSNOOP_SEED");
	u64 seed = env ? strtoull(env, NULL, 0) : time(NULL) ^ getpid() << 16;

	ksft_print_msg("VFIO_NOSNOOP_SEED=%#lx repeats this run\n", seed);

	return seed ?: 1;
}

static inline double seconds(void)
{
	struct timespec ts;

	VFIO_ASSERT_EQ(clock_gettime(CLOCK_MONOTONIC, &ts), 0);

	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* A buffer of which @valid bytes can be read, and nothing after them */
static inline u8 *buffer_end(size_t valid)
{
	size_t page = getpagesize();
	u8 *p = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	VFIO_ASSERT_NE(p, MAP_FAILED);
	VFIO_ASSERT_EQ(munmap(p + page, page), 0);

	return p + page - valid;
}

static inline void buffer_free(u8 *buf, size_t valid)
{
	size_t page = getpagesize();

	VFIO_ASSERT_EQ(munmap(buf + valid - page, page), 0);
}

/* The model's log */

static inline int log_open(void)
{
	const char *path = getenv("VFIO_NOSNOOP_LOG");
	int fd = open(path, O_RDONLY);

	VFIO_ASSERT_GE(fd, 0, "open(%s) failed\n", path);

	return fd;
}

static inline off_t log_size(void)
{
	int fd = log_open();
	struct stat st;

	VFIO_ASSERT_EQ(fstat(fd, &st), 0);
	VFIO_ASSERT_EQ(close(fd), 0);

	return st.st_size;
}

/*
 * The totals are last in every line; the last whole line has the newest. The log stays
 * open, because it is asked for after every single write.
 */
static inline struct lab_totals log_totals(void)
{
	char buf[2048], *end, *p;
	struct lab_totals t;
	static int fd = -1;
	struct stat st;
	ssize_t len;
	off_t from;
	int ret;

	if (fd < 0)
		fd = log_open();
	VFIO_ASSERT_EQ(fstat(fd, &st), 0);
	from = st.st_size - (off_t)sizeof(buf) + 1;
	len = pread(fd, buf, sizeof(buf) - 1, from > 0 ? from : 0);
	VFIO_ASSERT_GT(len, 0, "the log is empty\n");

	buf[len] = 0;
	end = strrchr(buf, '\n');
	VFIO_ASSERT_NOT_NULL(end, "no whole line in the log's tail\n");
	*end = 0;
	p = strrchr(buf, '\n');
	p = strstr(p ? p + 1 : buf, "\"requests\":");
	VFIO_ASSERT_NOT_NULL(p, "no totals in the log's last line\n");
	ret = sscanf(p, "\"requests\":%lu,\"no_snoop_requests\":%lu,\"moments\":%lu}",
		     &t.requests, &t.no_snoop_requests, &t.moments);
	VFIO_ASSERT_EQ(ret, 3, "cannot read totals: %s\n", p);

	return t;
}

/* Number of lines since @from that have both strings */
static inline u64 log_grep(off_t from, const char *one, const char *other)
{
	FILE *file = fdopen(log_open(), "r");
	char *line = NULL;
	size_t size = 0;
	u64 count = 0;

	VFIO_ASSERT_NOT_NULL(file);
	VFIO_ASSERT_EQ(fseeko(file, from, SEEK_SET), 0);
	while (getline(&line, &size, file) > 0)
		count += strstr(line, one) && strstr(line, other);
	free(line);
	VFIO_ASSERT_EQ(fclose(file), 0);

	return count;
}

static inline u64 log_count(off_t from, const char *event)
{
	char tag[64];

	snprintf_assert(tag, sizeof(tag), "\"event\":\"%s\"", event);

	return log_grep(from, tag, "");
}

static inline u64 log_resets(off_t from, const char *cause)
{
	char tag[64];

	snprintf_assert(tag, sizeof(tag), "\"cause\":\"%s\"", cause);

	return log_grep(from, "\"event\":\"reset\"", tag);
}

/* The promise since set-up: it never could send, and did not send, No Snoop. */
static inline void nosnoop_check_log(const char *when)
{
	struct lab_totals now = log_totals();

	VFIO_ASSERT_EQ(now.moments, lab.start.moments, "moments, %s\n", when);
	VFIO_ASSERT_EQ(now.no_snoop_requests, lab.start.no_snoop_requests,
		       "requests with No Snoop, %s\n", when);
}

static inline void lab_check(struct nosnoop *n, const char *when)
{
	nosnoop_check(n, when);
	nosnoop_check_log(when);
}

/* BAR0; @mapped: by mmap, else by pread and pwrite */

static inline void lab_write32(struct nosnoop *n, u32 reg, u32 val, bool mapped)
{
	struct vfio_pci_bar *bar = &n->device->bars[0];

	if (mapped && bar->vaddr) {
		writel(val, bar->vaddr + reg);
		return;
	}

	val = htole32(val);
	VFIO_ASSERT_EQ(pwrite(n->device->fd, &val, 4, bar->info.offset + reg), 4);
}

static inline u32 lab_read32(struct nosnoop *n, u32 reg, bool mapped)
{
	struct vfio_pci_bar *bar = &n->device->bars[0];
	u32 val;

	if (mapped && bar->vaddr)
		return readl(bar->vaddr + reg);

	VFIO_ASSERT_EQ(pread(n->device->fd, &val, 4, bar->info.offset + reg), 4);

	return le32toh(val);
}

static inline void lab_write64(struct nosnoop *n, u32 reg, u64 val)
{
	lab_write32(n, reg, val, true);
	lab_write32(n, reg + 4, val >> 32, true);
}

/* A reset that the kernel is not told of; the read orders it with the log. */
static inline void lab_hidden_reset(struct nosnoop *n, bool mapped)
{
	lab_write32(n, MODEL_REG_RESET, MODEL_RESET_MAGIC, mapped);
	vfio_pci_config_readw(n->device, PCI_VENDOR_ID);
}

/* Have the device copy @len bytes, asking for No Snoop; compare all of them. */
static inline void lab_dma(struct nosnoop *n, size_t len, u8 pattern)
{
	u8 *src = lab.dma.vaddr, *dst = src + DMA_SIZE / 2;
	iova_t iova = lab.dma.iova;
	u32 status;
	size_t i;

	VFIO_ASSERT_LE(len, (size_t)DMA_SIZE / 2);
	for (i = 0; i < len; i++)
		src[i] = pattern + i * 7;
	memset(dst, ~pattern, len);

	lab_write64(n, MODEL_REG_SRC, iova);
	lab_write64(n, MODEL_REG_DST, iova + DMA_SIZE / 2);
	lab_write32(n, MODEL_REG_LEN, len, true);
	lab_write32(n, MODEL_REG_CTRL, MODEL_CTRL_GO | MODEL_CTRL_ASK_NO_SNOOP, true);
	status = lab_read32(n, MODEL_REG_STATUS, true);
	VFIO_ASSERT_EQ(status, MODEL_STATUS_DONE, "DMA of %zu bytes\n", len);

	for (i = 0; i < len; i++)
		VFIO_ASSERT_EQ(dst[i], src[i], "DMA of %zu bytes, byte %zu\n", len, i);
}

/* Put the function in order by what any user can do. Then it works as before. */
static inline void lab_recover(struct nosnoop *n)
{
	cfg_set_power_state(n, 0);
	vfio_pci_device_reset(n->device);
	vfio_pci_config_writew(n->device, PCI_COMMAND, 0);
	nosnoop_master_on(n);
	lab_dma(n, SZ_4K, 0x77);
	lab_check(n, "after recovery");
}

/* Set-up and teardown, around those of vfio_pci_nosnoop.h */

static inline const char *lab_missing(const char *bdf, const char *iommu_mode)
{
	const char *log = getenv("VFIO_NOSNOOP_LOG");

	if (!log || !*log)
		return "needs the lab's device, whose log VFIO_NOSNOOP_LOG names";

	return iommu_mode_missing(bdf, iommu_mode);
}

static inline void lab_open(struct nosnoop *n, const char *iommu_mode)
{
	nosnoop_open(n, iommu_mode);
	vfio_pci_cmd_set(n->device, PCI_COMMAND_MEMORY);
	VFIO_ASSERT_EQ(lab_read32(n, MODEL_REG_ID, false), MODEL_ID,
		       "VFIO_NOSNOOP_LOG is set, but this is not the model\n");
}

static inline void lab_setup(struct nosnoop *n, const char *bdf, const char *iommu_mode)
{
	nosnoop_prepare(n, bdf);
	lab.start = log_totals();
	lab_open(n, iommu_mode);

	lab.iova_allocator = iova_allocator_init(n->iommu);
	lab.dma.size = DMA_SIZE;
	lab.dma.vaddr = mmap(NULL, DMA_SIZE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	VFIO_ASSERT_NE(lab.dma.vaddr, MAP_FAILED);
	lab.dma.iova = iova_allocator_alloc(lab.iova_allocator, DMA_SIZE);
	iommu_map(n->iommu, &lab.dma);
}

static inline void lab_teardown(struct nosnoop *n)
{
	nosnoop_check_log("before close");
	iommu_unmap(n->iommu, &lab.dma);
	iova_allocator_cleanup(lab.iova_allocator);
	VFIO_ASSERT_EQ(munmap(lab.dma.vaddr, DMA_SIZE), 0);
	nosnoop_teardown(n);
	nosnoop_check_log("after close");
}

/* The driver's own events, which the log must confirm */

#define LAB_TRACE	"/sys/kernel/tracing/instances/nosnoop_lab"

/*
 * Opens a trace instance of the test's own, to be read without waiting. It may be left
 * from a test that died. Returns -1 if there is no such event, as with vfio-pci, which
 * finds nothing.
 */
static inline int trace_open(void)
{
	int fd;

	if (mkdir(LAB_TRACE, 0700))
		VFIO_ASSERT_EQ(errno, EEXIST, "mkdir(%s) failed\n", LAB_TRACE);
	fd = open(LAB_TRACE "/events/vfio_pci_nosnoop/nosnoop_found/enable", O_WRONLY);
	if (fd < 0) {
		VFIO_ASSERT_EQ(rmdir(LAB_TRACE), 0);
		return -1;
	}
	VFIO_ASSERT_EQ(write(fd, "1", 1), 1);
	VFIO_ASSERT_EQ(close(fd), 0);
	fd = open(LAB_TRACE "/trace", O_WRONLY | O_TRUNC);
	VFIO_ASSERT_GE(fd, 0);
	VFIO_ASSERT_EQ(close(fd), 0);
	fd = open(LAB_TRACE "/trace_pipe", O_RDONLY | O_NONBLOCK);
	VFIO_ASSERT_GE(fd, 0);

	return fd;
}

static inline void trace_close(int fd)
{
	if (fd < 0)
		return;
	VFIO_ASSERT_EQ(close(fd), 0);
	VFIO_ASSERT_EQ(rmdir(LAB_TRACE), 0);
}

/* How often the driver found both bits on since the last call */
static inline u64 trace_found(int fd, const char *bdf)
{
	char event[64], buf[SZ_4K], *p;
	u64 count = 0;
	ssize_t len;

	if (fd < 0)
		return 0;
	snprintf_assert(event, sizeof(event), "nosnoop_found: %s ", bdf);
	while ((len = read(fd, buf, sizeof(buf) - 1)) > 0) {
		buf[len] = 0;
		for (p = buf; (p = strstr(p, event)); p++)
			count++;
	}
	VFIO_ASSERT_EQ(errno, EAGAIN, "cannot read the trace\n");

	return count;
}

/* Moments that a reset by @cause ended, or by any if NULL, in the log since @from */
static inline u64 moments_ended(off_t from, const char *cause)
{
	char tag[128] = "\"master\":true,\"no_snoop\":true";

	if (cause)
		snprintf_assert(tag, sizeof(tag),
				"\"cause\":\"%s\",\"master\":true,\"no_snoop\":true", cause);

	return log_grep(from, "\"event\":\"reset\"", tag);
}

/*
 * Moments that were ended by a write that belongs to a reset. The driver does not know of
 * them if it could not check meanwhile. The PCI core restores Device Control after a reset,
 * by a write of the whole word. When the driver clears the bit, it changes no other bit, and
 * it writes the user's byte by itself. QEMU turns mastering off right before a device_reset.
 */
static inline u64 moments_ended_by_write(off_t from)
{
	FILE *file = fdopen(log_open(), "r");
	unsigned int old, new;
	char *line = NULL, *p;
	bool lasts = false, stopped = false;
	size_t size = 0;
	u64 count = 0;
	int ret;

	VFIO_ASSERT_NOT_NULL(file);
	VFIO_ASSERT_EQ(fseeko(file, from, SEEK_SET), 0);
	while (getline(&line, &size, file) > 0) {
		if (strstr(line, "\"event\":\"moment\"")) {
			lasts = true;
		} else if (strstr(line, "\"event\":\"reset\"")) {
			lasts = false;
			count += stopped && strstr(line, "\"cause\":\"device_reset\"");
		}
		stopped = false;
		p = strstr(line, "\"old\":");
		if (!lasts || !p)
			continue;
		ret = sscanf(p, "\"old\":\"%x\",\"new\":\"%x\"", &old, &new);
		VFIO_ASSERT_EQ(ret, 2);
		if (strstr(line, "\"event\":\"command\"")) {
			lasts = new & PCI_COMMAND_MASTER;
			stopped = !lasts;
		} else if (strstr(line, "\"event\":\"devctl\"")) {
			lasts = new & PCI_EXP_DEVCTL_NOSNOOP_EN;
			count += !lasts && (old ^ new) != PCI_EXP_DEVCTL_NOSNOOP_EN &&
				 strstr(line, "\"bytes\":2,");
		}
	}
	free(line);
	VFIO_ASSERT_EQ(fclose(file), 0);

	return count;
}

#endif /* LAB_SELFTESTS_NOSNOOP_LAB_H */
