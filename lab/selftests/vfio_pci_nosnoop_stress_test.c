// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio-pci-nosnoop: the hostile workload. Each thread does one random operation
 * after another, out of all that a user can do. A round ends with a check of
 * everything and a close. What each thread does follows from the seed; how the
 * threads meet does not.
 *
 * Needs: the lab's device and its log. Random writes reach vendor registers
 * whose meaning nobody knows, and only the log sees a gap that lasts for less
 * than a system call.
 *
 * Run: ./vfio_pci_nosnoop_stress_test [options] 0000:01:00.0
 *      VFIO_NOSNOOP_LOG=file	the log of the lab's device
 *      VFIO_NOSNOOP_SEED=n	repeat the random values of an earlier run
 *      VFIO_NOSNOOP_OPS=n	how many operations hostile_workload takes
 *      VFIO_NOSNOOP_FAVOUR=a,b	its operations that come 100 times as often
 */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>

#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include "nosnoop_lab.h"

#include "kselftest_harness.h"

#define OPS		40000	/* where VFIO_NOSNOOP_OPS does not say */
#define ROUND_OPS	100000	/* at the most, */
#define ROUNDS		4	/* and at the least */
#define WORKERS		4
#define FAVOUR		100
#define ERRNOS		134
#define PROGRESS_S	20
#define RECOVERY_S	60

static const char *device_bdf;

FIXTURE(vfio_pci_nosnoop_stress_test) {
	struct nosnoop n;
};

FIXTURE_VARIANT(vfio_pci_nosnoop_stress_test) {
	const char *iommu_mode;
};

#define FIXTURE_VARIANT_ADD_IOMMU_MODE(_iommu_mode)			\
FIXTURE_VARIANT_ADD(vfio_pci_nosnoop_stress_test, _iommu_mode) {	\
	.iommu_mode = #_iommu_mode,					\
}

FIXTURE_VARIANT_ADD_ALL_IOMMU_MODES();

#undef FIXTURE_VARIANT_ADD_IOMMU_MODE

FIXTURE_SETUP(vfio_pci_nosnoop_stress_test)
{
	const char *missing = lab_missing(device_bdf, variant->iommu_mode);

	if (missing)
		SKIP(return, "%s", missing);

	lab_setup(&self->n, device_bdf, variant->iommu_mode);
}

FIXTURE_TEARDOWN(vfio_pci_nosnoop_stress_test)
{
	lab_teardown(&self->n);
}

struct hostile {
	struct nosnoop *n;
	const char *iommu_mode;
	u16 af;			/* Advanced Features capability, or 0 */
	char port[16];		/* above the function */
	int injector;		/* of errors, or -1 */
	/*
	 * Held for writing by a reset that the kernel is not told of, and for reading
	 * by everything else: the race test is about racing with such a reset.
	 */
	pthread_rwlock_t hidden;
	/* Written by some threads while others change it; all bytes have memory on */
	u8 shared[8];
	u32 weight[32];
	u32 weights;
	u64 done;
	u64 injected;
	double start, told;
	/*
	 * Threads race against each other, so that there may be moments with
	 * mastering and No Snoop both on. Each is found, or ended by a reset.
	 */
	int trace;
	u64 moments;		/* before the workload */
	u64 found;
	u64 found_before_round;
	u64 ended;		/* in the log before @from */
	off_t from;
};

struct worker {
	pthread_t thread;
	struct hostile *h;
	struct nosnoop *n;
	u64 seed;
	u64 ops;
	u64 turn;
	u64 masters;
	int eventfd;
	u64 (*results)[ERRNOS];
};

static int result(long ret)
{
	return ret < 0 ? -errno : 0;
}

static int write_file(const char *path, const void *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret;

	if (fd < 0)
		return -errno;
	ret = result(write(fd, data, len));
	close(fd);

	return ret;
}

static int write_attribute(const char *bdf, const char *name, const char *value)
{
	char path[PATH_MAX];

	snprintf_assert(path, PATH_MAX, "/sys/bus/pci/devices/%s/%s", bdf, name);

	return write_file(path, value, strlen(value));
}

/* Config space */

/* Any place and width. Mostly short: all of it takes a thousand accesses. */
static size_t any_place(struct worker *w, u64 *offset)
{
	size_t size = w->n->device->config_space.size, len = 1 + rnd(&w->seed) % 8;

	*offset = rnd(&w->seed) % size;
	if (!(rnd(&w->seed) % 8192)) {
		*offset = 0;
		len = size;
	}

	return len < size - *offset ? len : size - *offset;
}

/* Around the registers that matter */
static size_t register_place(struct worker *w, u64 *offset)
{
	const u16 devctl = w->n->cap + PCI_EXP_DEVCTL;
	const u16 at[] = { PCI_COMMAND, devctl, devctl, w->n->pm + PCI_PM_CTRL };
	size_t len = 1 + rnd(&w->seed) % 8;

	*offset = at[rnd(&w->seed) % ARRAY_SIZE(at)] - rnd(&w->seed) % (len < 4 ? len : 4);

	return len;
}

static void clear_at(u64 pos, u8 bits, u64 offset, u8 *buf, size_t len)
{
	if (pos >= offset && pos < offset + len)
		buf[pos - offset] &= ~bits;
}

static void set_at(u64 pos, u8 bits, u64 offset, u8 *buf, size_t len)
{
	if (pos >= offset && pos < offset + len)
		buf[pos - offset] |= bits;
}

/*
 * Resets and D3hot have operations of their own, and random writes would make them
 * much more frequent. And if memory were off most of the time, most operations
 * would do nothing.
 */
static int write_random(struct worker *w, u64 offset, size_t len)
{
	struct nosnoop *n = w->n;
	u8 buf[SZ_4K];
	ssize_t ret;

	for (size_t i = 0; i < len; i++)
		buf[i] = rnd(&w->seed);
	clear_at(n->cap + PCI_EXP_DEVCTL + 1, PCI_EXP_DEVCTL_BCR_FLR >> 8, offset, buf, len);
	clear_at(n->pm + PCI_PM_CTRL, PCI_PM_CTRL_STATE_MASK, offset, buf, len);
	if (w->h->af)
		clear_at(w->h->af + PCI_AF_CTRL, PCI_AF_CTRL_FLR, offset, buf, len);
	if (rnd(&w->seed) % 16)
		set_at(PCI_COMMAND, PCI_COMMAND_MEMORY, offset, buf, len);
	ret = __cfg_write(n, offset, buf, len);

	return ret < 0 ? ret : 0;
}

static int config_read(struct worker *w)
{
	u8 buf[SZ_4K];
	u64 offset;
	size_t len = any_place(w, &offset);
	ssize_t ret = __cfg_read(w->n, offset, buf, len);

	return ret < 0 ? ret : 0;
}

static int config_write(struct worker *w)
{
	u64 offset;
	size_t len = any_place(w, &offset);

	return write_random(w, offset, len);
}

static int register_write(struct worker *w)
{
	u64 offset;
	size_t len = register_place(w, &offset);

	return write_random(w, offset, len);
}

static int changing_buffer(struct worker *w)
{
	u64 offset;
	size_t len = register_place(w, &offset);
	ssize_t ret = __cfg_write(w->n, offset, w->h->shared, len);

	return ret < 0 ? ret : 0;
}

static int set_word(struct worker *w, u16 offset, u16 val)
{
	ssize_t ret;

	val = htole16(val);
	ret = __cfg_write(w->n, offset, &val, sizeof(val));

	return ret < 0 ? ret : 0;
}

static int master_on(struct worker *w)
{
	return set_word(w, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

static int master_off(struct worker *w)
{
	return set_word(w, PCI_COMMAND, rnd(&w->seed) % 4 ? PCI_COMMAND_MEMORY : 0);
}

static int devctl_no_snoop(struct worker *w)
{
	return set_word(w, w->n->cap + PCI_EXP_DEVCTL,
			PCI_EXP_DEVCTL_NOSNOOP_EN | PCI_EXP_DEVCTL_RELAX_EN |
			(rnd(&w->seed) % 6) << 12);
}

/* What the user sees, and whether the hardware may master */
static int look(struct worker *w)
{
	u16 val;
	ssize_t ret = __cfg_read(w->n, w->n->cap + PCI_EXP_DEVCTL, &val, sizeof(val));

	if (ret < 0)
		return ret;
	w->masters += !!(hw_readw(w->n, PCI_COMMAND) & PCI_COMMAND_MASTER);

	return le16toh(val) & PCI_EXP_DEVCTL_NOSNOOP_EN ? -EILSEQ : 0;
}

/* BARs: EIO, or SIGBUS where mapped, for as long as memory is off */

struct way_back {
	sigjmp_buf env;
};

static __thread struct way_back *no_page;

static void on_sigbus(int sig)
{
	if (!no_page)
		abort();
	siglongjmp(no_page->env, 1);
}

static int access_mapped(void *addr, u32 val, bool write)
{
	struct way_back here;

	if (sigsetjmp(here.env, 0)) {
		no_page = NULL;
		return -EFAULT;
	}
	no_page = &here;
	if (write)
		writel(val, addr);
	else
		readl(addr);
	no_page = NULL;

	return 0;
}

static int bar_write32(struct worker *w, u32 reg, u32 val, bool mapped)
{
	struct vfio_pci_bar *bar = &w->n->device->bars[0];

	if (mapped && bar->vaddr)
		return access_mapped(bar->vaddr + reg, val, true);
	val = htole32(val);

	return result(pwrite(w->n->device->fd, &val, sizeof(val), bar->info.offset + reg));
}

static int bar_access(struct worker *w)
{
	struct vfio_pci_bar *bar = &w->n->device->bars[0];
	size_t len = 1U << rnd(&w->seed) % 3;
	u64 pos = bar->info.offset + rnd(&w->seed) % 16 * 4;
	u8 buf[4];

	if (rnd(&w->seed) % 2)
		return result(pread(w->n->device->fd, buf, len, pos));

	return bar_write32(w, MODEL_REG_ID + 4, rnd(&w->seed), false);
}

static int bar_mapped(struct worker *w)
{
	struct vfio_pci_bar *bar = &w->n->device->bars[0];
	bool write = rnd(&w->seed) % 2;

	if (!bar->vaddr)
		return -EOPNOTSUPP;

	return access_mapped(bar->vaddr + (write ? MODEL_REG_ID + 4 : rnd(&w->seed) % 16 * 4),
			     rnd(&w->seed), write);
}

static int bar_map(struct worker *w)
{
	struct vfio_pci_bar *bar = &w->n->device->bars[0];
	void *addr = mmap(NULL, bar->info.size, PROT_READ | PROT_WRITE, MAP_SHARED,
			  w->n->device->fd, bar->info.offset);
	int ret;

	if (addr == MAP_FAILED)
		return -errno;
	ret = access_mapped(addr + MODEL_REG_ID, 0, false);
	VFIO_ASSERT_EQ(munmap(addr, bar->info.size), 0);

	return ret;
}

/* Others write these registers, too; the addresses stay within the buffer. */
static int dma(struct worker *w)
{
	u32 src = rnd(&w->seed) % (DMA_SIZE / 4), dst = DMA_SIZE / 2 + src;
	bool mapped = rnd(&w->seed) % 2;
	iova_t iova = lab.dma.iova;

	return bar_write32(w, MODEL_REG_SRC, iova + src, mapped) ?:
	       bar_write32(w, MODEL_REG_SRC + 4, iova >> 32, mapped) ?:
	       bar_write32(w, MODEL_REG_DST, iova + dst, mapped) ?:
	       bar_write32(w, MODEL_REG_DST + 4, iova >> 32, mapped) ?:
	       bar_write32(w, MODEL_REG_LEN, 1 + rnd(&w->seed) % SZ_1K, mapped) ?:
	       bar_write32(w, MODEL_REG_CTRL, MODEL_CTRL_GO | MODEL_CTRL_ASK_NO_SNOOP, mapped);
}

/* Interrupts and regions */

static int set_irqs(struct worker *w)
{
	const u32 actions[] = {
		VFIO_IRQ_SET_ACTION_TRIGGER, VFIO_IRQ_SET_ACTION_TRIGGER,
		VFIO_IRQ_SET_ACTION_MASK, VFIO_IRQ_SET_ACTION_UNMASK,
	};
	struct {
		struct vfio_irq_set set;
		s32 fd[2];
	} irqs = {
		.set.argsz = sizeof(irqs),
		.set.flags = actions[rnd(&w->seed) % ARRAY_SIZE(actions)],
		.set.index = VFIO_PCI_MSIX_IRQ_INDEX,
		.set.count = rnd(&w->seed) % 3,
		.fd = { w->eventfd, w->eventfd },
	};

	if (rnd(&w->seed) % 2)
		irqs.set.index = rnd(&w->seed) % VFIO_PCI_NUM_IRQS;
	irqs.set.flags |= irqs.set.count && rnd(&w->seed) % 4 ?
			  VFIO_IRQ_SET_DATA_EVENTFD : VFIO_IRQ_SET_DATA_NONE;

	return result(ioctl(w->n->device->fd, VFIO_DEVICE_SET_IRQS, &irqs));
}

static int region_info(struct worker *w)
{
	struct vfio_region_info info = {
		.argsz = sizeof(info),
		.index = VFIO_PCI_ROM_REGION_INDEX,
	};

	if (rnd(&w->seed) % 2)
		info.index = rnd(&w->seed) % VFIO_PCI_VGA_REGION_INDEX;

	return result(ioctl(w->n->device->fd, VFIO_DEVICE_GET_REGION_INFO, &info));
}

/* Power */

static int d3hot(struct worker *w)
{
	return set_word(w, w->n->pm + PCI_PM_CTRL, 3);
}

static int d0(struct worker *w)
{
	return set_word(w, w->n->pm + PCI_PM_CTRL, 0);
}

static int feature(struct worker *w, u32 which)
{
	struct {
		struct vfio_device_feature feature;
		struct vfio_device_low_power_entry_with_wakeup entry;
	} f = {
		.feature.argsz = sizeof(f),
		.feature.flags = VFIO_DEVICE_FEATURE_SET | which,
		.entry.wakeup_eventfd = w->eventfd,
	};

	if (which != VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP)
		f.feature.argsz = sizeof(f.feature);

	return result(ioctl(w->n->device->fd, VFIO_DEVICE_FEATURE, &f));
}

static int low_power_entry(struct worker *w)
{
	return feature(w, rnd(&w->seed) % 2 ? VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY :
		       VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP);
}

static int low_power_exit(struct worker *w)
{
	return feature(w, VFIO_DEVICE_FEATURE_LOW_POWER_EXIT);
}

/* Resets and errors */

static int device_reset(struct worker *w)
{
	return result(ioctl(w->n->device->fd, VFIO_DEVICE_RESET));
}

static int flr(struct worker *w)
{
	return set_word(w, w->n->cap + PCI_EXP_DEVCTL,
			PCI_EXP_DEVCTL_BCR_FLR | PCI_EXP_DEVCTL_NOSNOOP_EN);
}

static int af_flr(struct worker *w)
{
	u8 val = PCI_AF_CTRL_FLR;
	ssize_t ret = __cfg_write(w->n, w->h->af + PCI_AF_CTRL, &val, 1);

	return ret < 0 ? ret : 0;
}

static int hot_reset(struct worker *w)
{
	struct {
		struct vfio_pci_hot_reset reset;
		s32 fd;
	} hot = {
		.reset.argsz = sizeof(hot),
		.reset.count = !!w->n->device->group_fd,
		.fd = w->n->device->group_fd,
	};

	return result(ioctl(w->n->device->fd, VFIO_DEVICE_PCI_HOT_RESET, &hot));
}

static int sysfs_reset(struct worker *w)
{
	static const char * const methods[] = { "flr", "pm", "bus", "af_flr" };

	/* Not every function has every method. */
	write_attribute(w->n->bdf, "reset_method",
			methods[rnd(&w->seed) % ARRAY_SIZE(methods)]);

	return write_attribute(w->n->bdf, "reset", "1");
}

static int port_reset(struct worker *w)
{
	return write_attribute(w->h->port, "reset_subordinate", "1");
}

/* The read makes sure that the reset is over when the other threads go on. */
static int hidden_reset(struct worker *w)
{
	bool mapped = rnd(&w->seed) % 2;

	return bar_write32(w, MODEL_REG_RESET, MODEL_RESET_MAGIC, mapped) ?:
	       (hw_readw(w->n, PCI_VENDOR_ID), 0);
}

/* As in drivers/pci/pcie/aer_inject.c, which has no header */
struct aer_error_inj {
	u8 bus, dev, fn;
	u32 uncor_status;
	u32 cor_status;
	u32 header_log[4];
	u32 domain;
};

static int inject(struct hostile *h, const char *bdf, u32 uncor_status, u32 cor_status)
{
	struct aer_error_inj e = { .uncor_status = uncor_status, .cor_status = cor_status };
	u32 domain, bus, dev, fn;
	int ret;

	ret = sscanf(bdf, "%x:%x:%x.%x", &domain, &bus, &dev, &fn);
	VFIO_ASSERT_EQ(ret, 4);
	e.domain = domain;
	e.bus = bus;
	e.dev = dev;
	e.fn = fn;
	__atomic_add_fetch(&h->injected, 1, __ATOMIC_RELAXED);

	return result(write(h->injector, &e, sizeof(e)));
}

/*
 * A fatal error of the function, a non-fatal one of the port, or a corrected one.
 * That is by their default severity. The user may have changed it, or have masked
 * the error, which gives EINVAL.
 */
static int error(struct worker *w)
{
	u32 which = rnd(&w->seed) % 3;

	if (which == 0)
		return inject(w->h, w->n->bdf, PCI_ERR_UNC_MALF_TLP, 0);
	if (which == 1)
		return inject(w->h, w->h->port, PCI_ERR_UNC_COMP_ABORT, 0);

	return inject(w->h, w->n->bdf, 0, PCI_ERR_COR_RCVR);
}

/* Another process must not get the device, because this one has it. */
static int open_elsewhere(struct worker *w)
{
	struct vfio_device_bind_iommufd bind = {
		.argsz = sizeof(bind),
		.iommufd = w->n->iommu->iommufd,
	};
	const char *cdev = NULL;
	char path[PATH_MAX];
	int status, fd;
	pid_t pid;

	if (w->n->device->group_fd)
		snprintf_assert(path, PATH_MAX, "/dev/vfio/%u", sysfs_iommu_group_get(w->n->bdf));
	else
		cdev = vfio_pci_get_cdev_path(w->n->bdf);

	pid = fork();
	if (!pid) {
		fd = open(cdev ?: path, O_RDWR);
		if (fd >= 0 && cdev && ioctl(fd, VFIO_DEVICE_BIND_IOMMUFD, &bind))
			fd = -1;
		_exit(fd < 0 ? errno : 0);
	}
	free((void *)cdev);
	VFIO_ASSERT_EQ(waitpid(pid, &status, 0), pid);
	VFIO_ASSERT_TRUE(WIFEXITED(status));

	return -WEXITSTATUS(status);
}

/*
 * Weights are out of 100,000. An operation may fail as it may on vfio-pci; those that
 * write COMMAND or PMCSR may fail with EIO, too, during error recovery. A reset takes
 * 0.1 s and more, for which others wait, and before a hidden one all wait for the
 * slowest operation. So these are rare.
 */
enum need { ANYBODY, AF, ROOT, INJECTOR };

static const struct operation {
	const char *name;
	int (*fn)(struct worker *w);
	u32 weight;
	int errors[4];
	enum need need;
	bool is_reset;
	bool must_fail;
} operations[] = {
	{ "config read",	config_read,	44000 },
	{ "config write",	config_write,	20000,	{ EIO } },
	{ "registers write",	register_write,	3000,	{ EIO } },
	{ "changing buffer",	changing_buffer, 3000,	{ EIO } },
	{ "mastering on",	master_on,	2500,	{ EIO } },
	{ "mastering off",	master_off,	500,	{ EIO } },
	{ "No Snoop on",	devctl_no_snoop, 10000 },
	{ "look",		look,		1000 },
	{ "BAR by read, write",	bar_access,	6000,	{ EIO } },
	{ "BAR mapped",		bar_mapped,	4000,	{ EFAULT } },
	{ "BAR mapped anew",	bar_map,	200,	{ EFAULT } },
	{ "DMA",		dma,		4000,	{ EIO, EFAULT } },
	{ "interrupts",		set_irqs,	300,	{ EINVAL, ENOTTY } },
	{ "region info, ROM",	region_info,	1000,	{ EINVAL } },
	{ "D3hot",		d3hot,		60,	{ EIO } },
	{ "D0",			d0,		300,	{ EIO } },
	{ "low power entry",	low_power_entry, 40,	{ EINVAL } },
	{ "low power exit",	low_power_exit,	120 },
	{ "hidden reset",	hidden_reset,	100,	{ EIO, EFAULT },
	  .is_reset = true },
	{ "VFIO_DEVICE_RESET",	device_reset,	12,	{ EAGAIN },
	  .is_reset = true },
	{ "FLR by DEVCTL",	flr,		12,	.is_reset = true },
	{ "FLR by AF",		af_flr,		6,	.is_reset = true, .need = AF },
	{ "hot reset",		hot_reset,	2,	{ EAGAIN, EBUSY },
	  .is_reset = true },
	{ "reset in sysfs",	sysfs_reset,	8,	{ EINVAL, ENOTTY },
	  .is_reset = true, .need = ROOT },
	{ "reset of the bus",	port_reset,	1,	{ EAGAIN },
	  .is_reset = true, .need = ROOT },
	{ "error",		error,		2,	{ EINVAL, EBUSY },
	  .need = INJECTOR },
	{ "open elsewhere",	open_elsewhere,	20,	{ EBUSY, EINVAL },
	  .must_fail = true },
};

#define KINDS	ARRAY_SIZE(operations)

static bool available(struct hostile *h, const struct operation *op)
{
	return (op->need != AF || h->af) && (op->need != ROOT || !geteuid()) &&
	       (op->need != INJECTOR || h->injector >= 0);
}

static bool expected(const struct operation *op, int error)
{
	if (!error)
		return !op->must_fail;
	for (size_t i = 0; i < ARRAY_SIZE(op->errors); i++)
		if (op->errors[i] == error)
			return true;

	return false;
}

/* VFIO_NOSNOOP_FAVOUR names operations, to help to look into what was found */
static void weights_init(struct hostile *h)
{
	const char *favour = getenv("VFIO_NOSNOOP_FAVOUR") ?: "";

	for (size_t i = 0; i < KINDS; i++) {
		if (available(h, operations + i))
			h->weight[i] = operations[i].weight;
		if (strstr(favour, operations[i].name))
			h->weight[i] *= FAVOUR;
		h->weights += h->weight[i];
	}
}

static const struct operation *choose(struct worker *w)
{
	u32 at = rnd(&w->seed) % w->h->weights;
	size_t i;

	for (i = 0; at >= w->h->weight[i]; i++)
		at -= w->h->weight[i];

	return operations + i;
}

static void run_one(struct worker *w, const struct operation *op)
{
	struct hostile *h = w->h;
	u8 *byte = h->shared + rnd(&w->seed) % sizeof(h->shared);
	int error;

	/* Mastering, and No Snoop in an upper byte; but not FLR */
	__atomic_xor_fetch(byte, rnd(&w->seed) & 0x0c, __ATOMIC_RELAXED);

	if (op->fn == hidden_reset)
		pthread_rwlock_wrlock(&h->hidden);
	else
		pthread_rwlock_rdlock(&h->hidden);
	error = -op->fn(w);
	pthread_rwlock_unlock(&h->hidden);

	VFIO_ASSERT_TRUE(error >= 0 && error < ERRNOS, "%s: %d\n", op->name, error);
	w->results[op - operations][error]++;
	__atomic_add_fetch(&h->done, 1, __ATOMIC_RELAXED);
}

/* Each kind once, however rare it is, and then random ones */
static void *work(void *arg)
{
	struct worker *w = arg;

	for (u64 i = 0; i < w->ops; i++, w->turn++) {
		if (w->turn < KINDS && available(w->h, operations + w->turn))
			run_one(w, operations + w->turn);
		else
			run_one(w, choose(w));
	}

	return NULL;
}

/* The driver may find a moment a little later than the device logs it. */
static void check_moments(struct hostile *h, const char *when)
{
	u64 moments, ended = 0;

	for (int i = 0; i < 105; i++) {
		moments = log_totals().moments - h->moments;
		h->found += trace_found(h->trace, h->n->bdf);
		/* The log of a round is long: read it only if waiting did not help. */
		if (i >= 100)
			ended = moments_ended(h->from, NULL) + moments_ended_by_write(h->from);
		if (moments == h->found + h->ended + ended)
			break;
		usleep(10000);
	}
	VFIO_ASSERT_EQ(moments, h->found + h->ended + ended,
		       "moments, and those found or ended by a reset, %s\n", when);
	lab.start.moments = h->moments + moments;
	nosnoop_check_log(when);
}

static void tell_progress(struct hostile *h)
{
	double now = seconds();

	check_moments(h, "during the workload");
	if (now - h->told < PROGRESS_S)
		return;
	h->told = now;
	ksft_print_msg("%lu operations in %.0f s\n", __atomic_load_n(&h->done, __ATOMIC_RELAXED),
		       now - h->start);
}

static void wait_for(struct hostile *h, struct worker *w)
{
	struct timespec ts;

	do {
		tell_progress(h);
		clock_gettime(CLOCK_REALTIME, &ts);
		ts.tv_sec += 5;
	} while (pthread_timedjoin_np(w->thread, NULL, &ts));
}

/* Wait for error recovery. If a moment was found, mastering is off for this open. */
static void settle(struct hostile *h, struct worker *w)
{
	int ret;

	low_power_exit(w);
	if (h->injected)
		sleep(2);
	h->injected = 0;
	if (h->found != h->found_before_round) {
		VFIO_ASSERT_EQ(set_word(w, PCI_COMMAND, 0), -EIO);
		return;
	}
	for (int i = 0; i < RECOVERY_S * 10; i++) {
		ret = set_word(w, PCI_COMMAND, 0);
		if (ret != -EIO)
			break;
		usleep(100000);
	}
	VFIO_ASSERT_EQ(ret, 0, "mastering is refused for good: see the kernel's log\n");
	lab_recover(h->n);
}

/* Another process can open the function as this one did, with the bit set before. */
static void open_and_close_elsewhere(struct hostile *h)
{
	pid_t pid = fork();
	u16 devctl;
	int status;

	if (!pid) {
		nosnoop_open(h->n, h->iommu_mode);
		nosnoop_master_on(h->n);
		lab_check(h->n, "opened by another process");
		nosnoop_close(h->n);
		_exit(0);
	}
	VFIO_ASSERT_EQ(waitpid(pid, &status, 0), pid);
	VFIO_ASSERT_EQ(status, 0, "another process could not open it, status %#x\n", status);
	devctl = hw_devctl(h->n);
	VFIO_ASSERT_EQ(devctl, h->n->before, "DEVCTL after its close and before\n");
}

static void run_round(struct hostile *h, struct worker *workers, u64 ops)
{
	struct nosnoop *n = h->n;

	/* So that low power takes effect. Not while closed, because DEVCTL would be lost. */
	hw_set_power_control(n->bdf, "auto");
	nosnoop_master_on(n);
	for (int i = 0; i < WORKERS; i++) {
		workers[i].ops = ops / WORKERS;
		VFIO_ASSERT_EQ(pthread_create(&workers[i].thread, NULL, work, workers + i), 0);
	}
	for (int i = 0; i < WORKERS; i++)
		wait_for(h, workers + i);
	check_moments(h, "at the end of a round");
	settle(h, workers);
	check_moments(h, "when all is settled");
	h->ended += moments_ended(h->from, NULL) + moments_ended_by_write(h->from);
	h->from = log_size();
	h->found_before_round = h->found;
	hw_set_power_control(n->bdf, "on");

	lab_teardown(n);
	open_and_close_elsewhere(h);
	lab_setup(n, n->bdf, h->iommu_mode);
}

static void hostile_init(struct hostile *h, struct nosnoop *n, const char *iommu_mode)
{
	struct sigaction action = { .sa_handler = on_sigbus, .sa_flags = SA_NODEFER };
	pthread_rwlockattr_t attr;
	char path[PATH_MAX], real[PATH_MAX];

	*h = (struct hostile) { .n = n, .iommu_mode = iommu_mode, .start = seconds() };
	h->told = h->start;
	h->trace = trace_open();
	h->moments = lab.start.moments;
	h->from = log_size();
	memset(h->shared, PCI_COMMAND_MEMORY, sizeof(h->shared));
	h->af = hw_find_cap(n, PCI_CAP_ID_AF);
	snprintf_assert(path, PATH_MAX, "/sys/bus/pci/devices/%s/..", n->bdf);
	VFIO_ASSERT_NOT_NULL(realpath(path, real));
	snprintf_assert(h->port, sizeof(h->port), "%.12s", strrchr(real, '/') + 1);
	h->injector = open("/dev/aer_inject", O_WRONLY | O_CLOEXEC);
	if (h->injector < 0)
		ksft_print_msg("no errors: /dev/aer_inject: %s\n", strerror(errno));
	/*
	 * With the first error on a bus aer_inject takes over its config accesses, and
	 * those under way fail with EPERM. So have that happen before there are any.
	 */
	if (h->injector >= 0) {
		inject(h, n->bdf, 0, PCI_ERR_COR_RCVR);
		inject(h, h->port, 0, PCI_ERR_COR_RCVR);
	}

	static_assert(ARRAY_SIZE(h->weight) >= KINDS);
	weights_init(h);

	/* Writers come first, because readers never pause. */
	VFIO_ASSERT_EQ(pthread_rwlockattr_init(&attr), 0);
	pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	VFIO_ASSERT_EQ(pthread_rwlock_init(&h->hidden, &attr), 0);
	VFIO_ASSERT_EQ(sigaction(SIGBUS, &action, NULL), 0);
}

static void workers_init(struct hostile *h, struct worker *workers, u64 seed)
{
	for (int i = 0; i < WORKERS; i++) {
		workers[i] = (struct worker) {
			.h = h,
			.n = h->n,
			.seed = (seed + i) * 0x9e3779b97f4a7c15ULL | 1,
			.eventfd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC),
			.results = calloc_assert(KINDS, sizeof(*workers[i].results)),
		};
		VFIO_ASSERT_GE(workers[i].eventfd, 0);
	}
}

static u64 sum_of(struct worker *workers, size_t kind, int error)
{
	u64 sum = 0;

	for (int i = 0; i < WORKERS; i++)
		sum += workers[i].results[kind][error];

	return sum;
}

/* Prints each kind and how it ended; returns how many ended in a wrong way */
static u64 print_kinds(struct worker *workers, u64 *resets)
{
	u64 unexpected = 0, count;
	char line[256];
	int used;

	*resets = 0;
	for (size_t kind = 0; kind < KINDS; kind++) {
		const struct operation *op = operations + kind;

		used = snprintf(line, sizeof(line), "%-20s", op->name);
		for (int error = 0; error < ERRNOS; error++) {
			count = sum_of(workers, kind, error);
			if (!count)
				continue;
			used += snprintf(line + used, sizeof(line) - used, " %9lu %s%s", count,
					 error ? strerrorname_np(error) : "ok",
					 expected(op, error) ? "" : " (UNEXPECTED)");
			unexpected += expected(op, error) ? 0 : count;
		}
		*resets += op->is_reset ? sum_of(workers, kind, 0) : 0;
		ksft_print_msg("%s\n", line);
	}

	return unexpected;
}

static u64 number_of_ops(void)
{
	const char *env = getenv("VFIO_NOSNOOP_OPS");

	return env ? strtoull(env, NULL, 0) : OPS;
}

TEST_F_TIMEOUT(vfio_pci_nosnoop_stress_test, hostile_workload, 6 * 3600)
{
	u64 ops = number_of_ops(), seed = rnd_seed(), left, round, resets, unexpected;
	struct worker workers[WORKERS];
	u64 masters = 0;
	struct lab_totals before, after;
	struct hostile h;

	hostile_init(&h, &self->n, variant->iommu_mode);
	workers_init(&h, workers, seed);
	before = lab.start;
	round = ops / ROUNDS < ROUND_OPS ? ops / ROUNDS : ROUND_OPS;
	ASSERT_GE(round, WORKERS);
	for (left = ops; left >= round; left -= round)
		run_round(&h, workers, round);

	unexpected = print_kinds(workers, &resets);
	for (int i = 0; i < WORKERS; i++)
		masters += workers[i].masters;
	after = log_totals();
	/* Read by lab/make/soak */
	ksft_print_msg("operations=%lu seconds=%.0f requests=%lu resets=%lu ", h.done,
		       seconds() - h.start, after.requests - before.requests, resets);
	printf("moments=%lu found=%lu ended=%lu no_snoop_requests=%lu seed=%lu\n",
	       after.moments - h.moments, h.found, h.ended,
	       after.no_snoop_requests - before.no_snoop_requests, seed);
	trace_close(h.trace);
	ASSERT_EQ(unexpected, 0);
	ASSERT_EQ(after.moments - h.moments, h.found + h.ended);
	ASSERT_EQ(after.no_snoop_requests, before.no_snoop_requests);
	/* Without these the test would say nothing. */
	ASSERT_GT(after.requests, before.requests);
	ASSERT_GT(masters, 0);
	ASSERT_GT(resets, 0);
}

int main(int argc, char *argv[])
{
	device_bdf = vfio_selftests_get_bdf(&argc, argv);

	return nosnoop_run(device_bdf, test_harness_run, argc, argv);
}
