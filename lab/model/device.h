/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The function: its regions, resets and interrupts, and the moments in which it could have
 * sent No Snoop. Ties config space, DMA and the log together.
 */
#ifndef MODEL_DEVICE_H
#define MODEL_DEVICE_H

#include "config.h"
#include "dma.h"
#include "log.h"
#include "reset.h"
#include "types.h"

struct device {
	struct model_log *log;
	bool verbose;
	struct config_options options;
	struct config config;
	u32 window_index;
	struct dma dma;

	const char *absent_while;	/* a file, or NULL */
	bool absent;
	struct resets resets;
	u32 unanswered;		/* reads and writes since it became silent */
	bool moment;		/* PCI_COMMAND_MASTER and Enable No Snoop are both 1 */

	u32 scratch;
	u64 src;
	u64 dst;
	u32 len;
	u32 status;
	u32 jobs;

	u8 msix_table[CONFIG_VECTORS * 16];
	u32 irqs_pending;
	int irq_fd[CONFIG_VECTORS];	/* eventfd or -1 */

	bool intx_line;		/* the function raises its line */
	bool intx_masked;	/* by the client, or because the client was told already */
	int intx_fd;		/* eventfd or -1 */
};

/* Power-on. 0 or -ENOMEM. */
int device_init(struct device *dev, struct model_log *log,
		const struct config_options *options, bool verbose);
void device_destroy(struct device *dev);

/* @region is a VFIO_PCI_*_REGION_INDEX; a size of 0 means that there is no such region. */
u64 device_region_size(const struct device *dev, u32 region);

/* 0, or -EINVAL if the access is not within a region. */
int device_read(struct device *dev, u32 region, u64 offset, u32 count, void *data);
int device_write(struct device *dev, u32 region, u64 offset, u32 count,
		 const void *data);

/* @cause: "flr", "af_flr", "hidden", "d3hot", "device_reset" or "removed". */
void device_reset(struct device *dev, const char *cause);

/*
 * device_tick() does what is due by now. Call it before each access, and when the
 * milliseconds that device_timeout() returns are over.
 */
void device_tick(struct device *dev);
int device_timeout(const struct device *dev);

int device_map(struct device *dev, u64 iova, u64 size, u32 flags, int fd, u64 offset);
int device_unmap(struct device *dev, u64 iova, u64 size);
void device_unmap_all(struct device *dev);

/* @fd becomes the device's, -1 for none. */
void device_set_irq(struct device *dev, u32 vector, int fd);
/* The client itself asks for the interrupt, so no register matters. */
void device_trigger_irq(struct device *dev, u32 vector);

/*
 * INTx is a level. The client is told of it once, and then not again until it unmasks INTx.
 * If the level is still there, it is told again.
 */
void device_set_intx(struct device *dev, int fd);
void device_mask_intx(struct device *dev, bool masked);
void device_trigger_intx(struct device *dev);

/* The client left: gives up its memory and eventfds, keeps the registers. */
void device_disconnect(struct device *dev);

#endif
