// SPDX-License-Identifier: GPL-2.0-only
#include "device.h"

#include <errno.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "registers.h"

/* Moments */

static bool master(const struct device *dev)
{
	return config_command(&dev->config) & PCI_COMMAND_MASTER;
}

/* To be called after every change of a register; @cause is the event that made it. */
static void look_for_moment(struct device *dev, const char *cause)
{
	bool now = master(dev) && config_no_snoop(&dev->config);

	if (now && !dev->moment) {
		dev->log->totals.moments++;
		log_begin(dev->log, "moment");
		log_text(dev->log, "cause", cause);
		log_end(dev->log);
	}
	dev->moment = now;
}

/* Interrupts */

/* The client chose the descriptor, so it must never block us. */
static bool signal_fd(int fd)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLOUT };
	u64 one = 1;

	return poll(&pollfd, 1, 0) == 1 && pollfd.revents & POLLOUT &&
	       write(fd, &one, sizeof(one)) == sizeof(one);
}

static void signal_irq(struct device *dev, u32 vector)
{
	if (dev->irq_fd[vector] < 0)
		return;
	if (!signal_fd(dev->irq_fd[vector])) {
		log_error(dev->log, "interrupt %u: its eventfd takes no write", vector);
		return;
	}
	log_begin(dev->log, "irq");
	log_number(dev->log, "vector", vector);
	log_end(dev->log);
}

/*
 * A message of MSI or MSI-X is a memory write, so it needs bus mastering. The mask bits of
 * single vectors are ignored here: QEMU does not pass the table on to the model, and masks
 * by its own copy.
 */
static void raise_irq(struct device *dev, u32 vector)
{
	if (!config_messages_enabled(&dev->config))
		return;
	if (config_messages_masked(&dev->config) || !master(dev)) {
		dev->irqs_pending |= BIT(vector);
		return;
	}
	dev->irqs_pending &= ~BIT(vector);
	signal_irq(dev, vector);
}

static void raise_pending_irqs(struct device *dev)
{
	u32 pending = dev->irqs_pending, vector;

	if (!pending || config_d3hot(&dev->config))
		return;
	for (vector = 0; vector < CONFIG_VECTORS; vector++)
		if (pending & BIT(vector))
			raise_irq(dev, vector);
}

void device_set_irq(struct device *dev, u32 vector, int fd)
{
	if (dev->irq_fd[vector] >= 0)
		close(dev->irq_fd[vector]);
	dev->irq_fd[vector] = fd;
}

void device_trigger_irq(struct device *dev, u32 vector)
{
	signal_irq(dev, vector);
}

/* INTx */

void device_trigger_intx(struct device *dev)
{
	if (dev->intx_fd < 0)
		return;
	if (!signal_fd(dev->intx_fd)) {
		log_error(dev->log, "INTx: its eventfd takes no write");
		return;
	}
	log_begin(dev->log, "intx");
	log_end(dev->log);
}

/* A function with MSI or MSI-X enabled must not use INTx, nor may one in D3hot. */
static bool intx_asserted(const struct device *dev)
{
	return dev->intx_line && !config_messages_enabled(&dev->config) &&
	       !(config_command(&dev->config) & PCI_COMMAND_INTX_DISABLE) &&
	       !config_d3hot(&dev->config);
}

/* To be called after every change of what INTx depends on */
static void update_intx(struct device *dev)
{
	config_set_interrupt(&dev->config, dev->intx_line);
	if (dev->intx_masked || !intx_asserted(dev))
		return;
	dev->intx_masked = true;
	device_trigger_intx(dev);
}

void device_set_intx(struct device *dev, int fd)
{
	if (dev->intx_fd >= 0)
		close(dev->intx_fd);
	dev->intx_fd = fd;
	dev->intx_masked = false;
	if (fd >= 0)
		update_intx(dev);
}

void device_mask_intx(struct device *dev, bool masked)
{
	dev->intx_masked = masked;
	update_intx(dev);
}

/* Resets */

static void reset_registers(struct device *dev)
{
	u32 vector;

	dev->scratch = 0;
	dev->window_index = 0;
	dev->src = 0;
	dev->dst = 0;
	dev->len = 0;
	dev->status = MODEL_STATUS_IDLE;
	dev->jobs = 0;
	dev->irqs_pending = 0;
	dev->intx_line = false;
	memset(dev->msix_table, 0, sizeof(dev->msix_table));
	for (vector = 0; vector < CONFIG_VECTORS; vector++)
		put32(dev->msix_table + vector * PCI_MSIX_ENTRY_SIZE +
		      PCI_MSIX_ENTRY_VECTOR_CTRL, PCI_MSIX_ENTRY_CTRL_MASKBIT);
}

void device_reset(struct device *dev, const char *cause)
{
	bool mastered = master(dev);

	log_begin(dev->log, "reset");
	log_text(dev->log, "cause", cause);
	log_bool(dev->log, "master", master(dev));
	log_bool(dev->log, "no_snoop", config_no_snoop(&dev->config));
	log_end(dev->log);

	config_reset(&dev->config);
	if (reset_sticks(&dev->resets, cause))
		config_stick_no_snoop(&dev->config);
	if (mastered && reset_keeps_master(&dev->resets, cause))
		config_set_master(&dev->config);
	reset_registers(dev);
	look_for_moment(dev, cause);
	if (reset_done(&dev->resets, log_clock())) {
		dev->unanswered = 0;
		log_begin(dev->log, "silent");
		log_end(dev->log);
	}
}

/* The function was asked to reset by one of its registers, which may happen later. */
static void ask_reset(struct device *dev, const char *cause)
{
	if (reset_at_once(&dev->resets, cause, log_clock())) {
		device_reset(dev, cause);
		return;
	}
	log_begin(dev->log, "reset_asked");
	log_text(dev->log, "cause", cause);
	log_end(dev->log);
}

static void reset_if_due(struct device *dev, bool command)
{
	const char *cause = reset_due(&dev->resets, log_clock(), command);

	if (cause)
		device_reset(dev, cause);
}

void device_tick(struct device *dev)
{
	reset_if_due(dev, false);
	if (!reset_silence_ends(&dev->resets, log_clock()))
		return;
	log_begin(dev->log, "answers");
	log_number(dev->log, "unanswered", dev->unanswered);
	log_end(dev->log);
}

int device_timeout(const struct device *dev)
{
	return reset_timeout(&dev->resets, log_clock());
}

/*
 * While a file exists, the function is missing from its slot. It answers nothing, and
 * comes back as after power-on.
 */
static bool absent(struct device *dev)
{
	bool now = dev->absent_while && !access(dev->absent_while, F_OK);

	if (now == dev->absent)
		return now;
	dev->absent = now;
	if (now) {
		device_reset(dev, "removed");
		config_power_on(&dev->config);
		dev->resets.silent = false;
	}
	log_begin(dev->log, now ? "absent" : "present");
	log_end(dev->log);
	return now;
}

static bool silent(struct device *dev)
{
	if (absent(dev))
		return true;
	dev->unanswered += dev->resets.silent;
	return dev->resets.silent;
}

/* Config space */

static void log_change(struct device *dev, const char *event,
		       const struct config_change *change, u32 offset, u32 count)
{
	log_begin(dev->log, event);
	log_hex(dev->log, "offset", offset, 1);
	log_number(dev->log, "bytes", count);
	log_hex(dev->log, "old", change->old, 4);
	log_hex(dev->log, "new", change->new, 4);
	log_end(dev->log);
}

/*
 * On the wire, a write is within one dword, so a longer one takes effect dword by dword.
 * The log has the client's own offset and size.
 */
static void config_access(struct device *dev, u32 offset, u32 count, const u8 *data)
{
	static const char * const event[] = {
		[CONFIG_COMMAND] = "command",
		[CONFIG_DEVCTL] = "devctl",
		[CONFIG_PMCSR] = "pmcsr",
	};
	struct config_change change;
	u32 at = offset, end = offset + count, n;

	for (; at < end && !dev->resets.silent; at += n) {
		n = 4 - at % 4;
		if (n > end - at)
			n = end - at;
		if (config_is_command(at, n))
			reset_if_due(dev, true);
		config_write(&dev->config, at, data + (at - offset), n, &change);
		if (change.reg != CONFIG_OTHER) {
			log_change(dev, event[change.reg], &change, offset, count);
			look_for_moment(dev, event[change.reg]);
		}
		dev->resets.used |= config_command(&dev->config) & PCI_COMMAND_MEMORY;
		if (change.flr)
			ask_reset(dev, "flr");
		else if (change.af_flr)
			ask_reset(dev, "af_flr");
		else if (change.d3hot_to_d0)
			device_reset(dev, "d3hot");
	}
	raise_pending_irqs(dev);
	update_intx(dev);
}

/* BAR0 */

static void run_job(struct device *dev, u32 ctrl)
{
	bool asked = ctrl & MODEL_CTRL_ASK_NO_SNOOP;
	bool no_snoop = asked && config_no_snoop(&dev->config);
	struct dma_result result = { .status = MODEL_STATUS_DONE };

	if (!master(dev)) {
		result.status = MODEL_STATUS_NO_MASTER;
	} else if (!dev->len || dev->len > MODEL_DMA_MAX) {
		result.status = MODEL_STATUS_BAD_LENGTH;
		result.why = "bad length";
	} else {
		dma_copy(&dev->dma, dev->src, dev->dst, dev->len, no_snoop, &result);
	}

	dev->status = result.status;
	dev->jobs += result.status == MODEL_STATUS_DONE;
	dev->log->totals.requests += result.requests;
	if (no_snoop)
		dev->log->totals.no_snoop_requests += result.requests;

	log_begin(dev->log, "dma");
	log_hex(dev->log, "src", dev->src, 1);
	log_hex(dev->log, "dst", dev->dst, 1);
	log_number(dev->log, "len", dev->len);
	log_bool(dev->log, "asked", asked);
	log_bool(dev->log, "no_snoop", no_snoop && result.requests);
	log_number(dev->log, "status", result.status);
	log_number(dev->log, "stale_bytes", result.stale_bytes);
	log_end(dev->log);
	if (result.why)
		log_error(dev->log, "dma: %s: %s", result.requests == 1 ? "source" :
			  result.requests == 2 ? "destination" : "job", result.why);

	if (ctrl & MODEL_CTRL_IRQ && master(dev))
		raise_irq(dev, 0);
}

static u32 bar0_read(const struct device *dev, u32 reg)
{
	switch (reg) {
	case MODEL_REG_ID:
		return MODEL_ID;
	case MODEL_REG_SCRATCH:
		return dev->scratch;
	case MODEL_REG_SRC:
		return dev->src;
	case MODEL_REG_SRC + 4:
		return dev->src >> 32;
	case MODEL_REG_DST:
		return dev->dst;
	case MODEL_REG_DST + 4:
		return dev->dst >> 32;
	case MODEL_REG_LEN:
		return dev->len;
	case MODEL_REG_STATUS:
		return dev->status;
	case MODEL_REG_JOBS:
		return dev->jobs;
	case MODEL_REG_INTX:
		return dev->intx_line;
	default:
		return 0;
	}
}

static void set_half(u64 *value, bool high, u32 half)
{
	if (high)
		*value = (u32)*value | (u64)half << 32;
	else
		*value = (*value & ~0xffffffffULL) | half;
}

static void bar0_write(struct device *dev, u32 reg, u32 value)
{
	switch (reg) {
	case MODEL_REG_SCRATCH:
		dev->scratch = value;
		break;
	case MODEL_REG_SRC:
	case MODEL_REG_SRC + 4:
		set_half(&dev->src, reg != MODEL_REG_SRC, value);
		break;
	case MODEL_REG_DST:
	case MODEL_REG_DST + 4:
		set_half(&dev->dst, reg != MODEL_REG_DST, value);
		break;
	case MODEL_REG_LEN:
		dev->len = value;
		break;
	case MODEL_REG_CTRL:
		if (value & MODEL_CTRL_GO)
			run_job(dev, value);
		break;
	case MODEL_REG_RESET:
		if (value == MODEL_RESET_MAGIC)
			ask_reset(dev, "hidden");
		break;
	case MODEL_REG_INTX:
		dev->intx_line = dev->options.intx && value & 1;
		update_intx(dev);
		break;
	}
}

/* BAR2: the MSI-X table and its pending bits, or nothing */

static u32 bar2_read(const struct device *dev, u32 reg)
{
	if (dev->options.msi)
		return 0;
	if (reg - CONFIG_MSIX_TABLE < sizeof(dev->msix_table))
		return get32(dev->msix_table + reg - CONFIG_MSIX_TABLE);
	if (reg == CONFIG_MSIX_PBA)
		return dev->irqs_pending;
	return 0;
}

static void bar2_write(struct device *dev, u32 reg, u32 value)
{
	if (dev->options.msi || reg - CONFIG_MSIX_TABLE >= sizeof(dev->msix_table))
		return;
	if (reg % PCI_MSIX_ENTRY_SIZE == PCI_MSIX_ENTRY_VECTOR_CTRL)
		value &= PCI_MSIX_ENTRY_CTRL_MASKBIT;
	else if (reg % PCI_MSIX_ENTRY_SIZE == PCI_MSIX_ENTRY_LOWER_ADDR)
		value &= ~3U;
	put32(dev->msix_table + reg - CONFIG_MSIX_TABLE, value);
}

/* Both memory BARs, which may have config space in them */

static bool bars_answer(const struct device *dev)
{
	return config_command(&dev->config) & PCI_COMMAND_MEMORY &&
	       !config_d3hot(&dev->config);
}

/*
 * How many of the first of @count bytes are all in one mirror, or all in none. If they are
 * in a mirror, @at is their place in config space.
 */
static u32 mirror_part(const struct device *dev, u32 bar, u32 offset, u32 count,
		       bool *mirrored, u32 *at)
{
	const struct config_mirror *mirror = dev->options.mirrors;
	const struct config_mirror *end = mirror + dev->options.nr_mirrors;
	u32 left;

	*mirrored = false;
	for (; mirror < end; mirror++) {
		if (mirror->bar != bar || offset >= mirror->offset + mirror->size)
			continue;
		*mirrored = offset >= mirror->offset;
		*at = offset - mirror->offset;
		left = *mirrored ? mirror->size - *at : mirror->offset - offset;
		if (count > left)
			count = left;
		if (*mirrored)
			break;
	}
	return count;
}

static void register_read(struct device *dev, u32 region, u32 offset, u32 count, u8 *data)
{
	u32 i, at, value;

	for (i = 0; i < count; i++) {
		at = offset + i;
		value = region == VFIO_PCI_BAR0_REGION_INDEX ?
			bar0_read(dev, at & ~3U) : bar2_read(dev, at & ~3U);
		data[i] = value >> 8 * (at % 4);
	}
}

static void bar_read(struct device *dev, u32 region, u32 offset, u32 count, u8 *data)
{
	bool mirrored;
	u32 at, n;

	if (!bars_answer(dev)) {
		config_unsupported_request(&dev->config, false);
		memset(data, 0xff, count);
		return;
	}
	for (; count; count -= n, offset += n, data += n) {
		n = mirror_part(dev, region, offset, count, &mirrored, &at);
		if (mirrored)
			config_read(&dev->config, at, data, n);
		else
			register_read(dev, region, offset, n, data);
	}
}

static void register_write(struct device *dev, u32 region, u32 offset, u32 count,
			   const u8 *data)
{
	u32 i;

	if (bars_answer(dev) && (offset % 4 || count % 4)) {
		log_error(dev->log, "BAR%u+0x%x: write of %u bytes dropped, registers have 4",
			  region, offset, count);
		return;
	}
	for (i = 0; i < count; i += 4) {
		/* Asked each time, because one of the writes may be a reset. */
		if (!bars_answer(dev)) {
			config_unsupported_request(&dev->config, true);
			return;
		}
		if (region == VFIO_PCI_BAR0_REGION_INDEX)
			bar0_write(dev, offset + i, get32(data + i));
		else
			bar2_write(dev, offset + i, get32(data + i));
	}
}

static void bar_write(struct device *dev, u32 region, u32 offset, u32 count,
		      const u8 *data)
{
	bool mirrored;
	u32 at, n;

	for (; count; count -= n, offset += n, data += n) {
		n = mirror_part(dev, region, offset, count, &mirrored, &at);
		if (!mirrored)
			register_write(dev, region, offset, n, data);
		else if (bars_answer(dev))
			config_access(dev, at, n, data);
		else
			config_unsupported_request(&dev->config, true);
	}
}

/* The I/O BAR */

static bool is_window(const struct device *dev, u32 region)
{
	return dev->options.window.there && region == dev->options.window.bar;
}

static bool window_answers(const struct device *dev)
{
	return config_command(&dev->config) & PCI_COMMAND_IO &&
	       !config_d3hot(&dev->config);
}

/* Does the index lead to @count bytes of config space? */
static bool window_leads(const struct device *dev, u32 count, u32 *at)
{
	*at = dev->window_index - dev->options.window.base;
	return dev->window_index >= dev->options.window.base &&
	       *at < dev->config.size && count <= dev->config.size - *at;
}

static void window_read(struct device *dev, u32 offset, u32 count, u8 *data)
{
	u32 at;

	memset(data, 0xff, count);
	if (!window_answers(dev))
		config_unsupported_request(&dev->config, false);
	else if (offset == dev->options.window.index && count == 4)
		put32(data, dev->window_index);
	else if (offset == dev->options.window.data && count <= 4 &&
		 window_leads(dev, count, &at))
		config_read(&dev->config, at, data, count);
}

static void window_write(struct device *dev, u32 offset, u32 count, const u8 *data)
{
	u32 at;

	if (!window_answers(dev))
		config_unsupported_request(&dev->config, true);
	else if (offset == dev->options.window.index && count == 4)
		dev->window_index = get32(data);
	else if (offset == dev->options.window.data && count <= 4 &&
		 window_leads(dev, count, &at))
		config_access(dev, at, count, data);
}

/*
 * The ROM has the signature, and a pointer to a PCI data structure, which is enough for
 * software that looks for an image of this function. The image has no code.
 */
#define ROM_PCIR	0x1c

static u8 rom_byte(const struct device *dev, u32 at)
{
	u8 data[ROM_PCIR + 0x18] = { 0x55, 0xaa, CONFIG_ROM_SIZE / 512 };
	u8 *pcir = data + ROM_PCIR;

	put16(data + 0x18, ROM_PCIR);
	memcpy(pcir, "PCIR", 4);
	put16(pcir + 4, dev->options.vendor);
	put16(pcir + 6, dev->options.device);
	put16(pcir + 10, 0x18);			/* the structure's length */
	put16(pcir + 16, CONFIG_ROM_SIZE / 512);
	pcir[20] = 0xff;			/* code for nobody */
	pcir[21] = 0x80;			/* the last image */
	return at < sizeof(data) ? data[at] : 0;
}

/* The ROM answers only with its own enable bit and with memory space on. */
static void rom_read(struct device *dev, u32 offset, u32 count, u8 *data)
{
	u32 i;

	memset(data, 0xff, count);
	if (!bars_answer(dev) || !config_rom_enabled(&dev->config)) {
		config_unsupported_request(&dev->config, false);
		return;
	}
	for (i = 0; i < count; i++)
		data[i] = rom_byte(dev, offset + i);
}

/* Regions */

u64 device_region_size(const struct device *dev, u32 region)
{
	if (is_window(dev, region))
		return CONFIG_WINDOW_SIZE;
	switch (region) {
	case VFIO_PCI_BAR0_REGION_INDEX:
		return dev->options.bar0_size;
	case VFIO_PCI_BAR2_REGION_INDEX:
		return dev->options.bar2_size;
	case VFIO_PCI_ROM_REGION_INDEX:
		return dev->options.rom ? CONFIG_ROM_SIZE : 0;
	case VFIO_PCI_CONFIG_REGION_INDEX:
		return dev->config.size;
	default:
		return 0;
	}
}

static bool within(const struct device *dev, u32 region, u64 offset, u32 count)
{
	u64 size = device_region_size(dev, region);

	return count && offset < size && count <= size - offset;
}

int device_read(struct device *dev, u32 region, u64 offset, u32 count, void *data)
{
	if (!within(dev, region, offset, count))
		return -EINVAL;
	device_tick(dev);
	if (silent(dev))
		memset(data, 0xff, count);
	else if (region == VFIO_PCI_CONFIG_REGION_INDEX)
		config_read(&dev->config, offset, data, count);
	else if (is_window(dev, region))
		window_read(dev, offset, count, data);
	else if (region == VFIO_PCI_ROM_REGION_INDEX)
		rom_read(dev, offset, count, data);
	else
		bar_read(dev, region, offset, count, data);
	return 0;
}

int device_write(struct device *dev, u32 region, u64 offset, u32 count,
		 const void *data)
{
	if (!within(dev, region, offset, count))
		return -EINVAL;
	device_tick(dev);
	if (silent(dev))
		return 0;
	if (region == VFIO_PCI_CONFIG_REGION_INDEX)
		config_access(dev, offset, count, data);
	else if (is_window(dev, region))
		window_write(dev, offset, count, data);
	else if (region != VFIO_PCI_ROM_REGION_INDEX)
		bar_write(dev, region, offset, count, data);
	return 0;
}

/* Mappings */

static void log_mapping(struct device *dev, const char *event, u64 iova, u64 size)
{
	if (!dev->verbose)
		return;
	log_begin(dev->log, event);
	log_hex(dev->log, "iova", iova, 1);
	log_number(dev->log, "size", size);
	log_end(dev->log);
}

int device_map(struct device *dev, u64 iova, u64 size, u32 flags, int fd, u64 offset)
{
	int ret = dma_map(&dev->dma, iova, size, flags, fd, offset);

	if (!ret)
		log_mapping(dev, "map", iova, size);
	return ret;
}

int device_unmap(struct device *dev, u64 iova, u64 size)
{
	int ret = dma_unmap(&dev->dma, iova, size);

	if (!ret)
		log_mapping(dev, "unmap", iova, size);
	return ret;
}

void device_unmap_all(struct device *dev)
{
	dma_unmap_all(&dev->dma);
	log_mapping(dev, "unmap", 0, ~0ULL);
}

/* Life */

int device_init(struct device *dev, struct model_log *log,
		const struct config_options *options, bool verbose)
{
	u32 vector;

	memset(dev, 0, sizeof(*dev));
	dev->log = log;
	dev->verbose = verbose;
	dev->options = *options;
	config_init(&dev->config, options);
	reset_registers(dev);
	for (vector = 0; vector < CONFIG_VECTORS; vector++)
		dev->irq_fd[vector] = -1;
	dev->intx_fd = -1;
	return dma_init(&dev->dma);
}

void device_disconnect(struct device *dev)
{
	u32 vector;

	dma_forget(&dev->dma);
	for (vector = 0; vector < CONFIG_VECTORS; vector++)
		device_set_irq(dev, vector, -1);
	device_set_intx(dev, -1);
}

void device_destroy(struct device *dev)
{
	device_disconnect(dev);
	dma_destroy(&dev->dma);
}
