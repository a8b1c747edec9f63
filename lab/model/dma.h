/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guest memory as the function reaches it: the table of DMA mappings, and one copy job
 * done through it.
 *
 * SIMULATION: what a No Snoop read returns is made up, for the worst machine that the
 * architecture allows. The CPU cache of that machine writes nothing back until something
 * snoops it. So beside guest memory, which is what the CPU sees, the model keeps what DRAM
 * holds, for each page of the backing file:
 *   - A page that the device never touched holds zeros in DRAM.
 *   - A snooped read gets guest memory, and from then on DRAM holds these bytes, too.
 *   - A No Snoop read gets what DRAM holds, however old.
 *   - A write goes to both.
 * Real caches also write back by themselves now and then. A test that passes here does not
 * rely on that. What DRAM holds belongs to the file, not to the mapping: mapping the file
 * at another IOVA changes nothing.
 */
#ifndef MODEL_DMA_H
#define MODEL_DMA_H

#include "types.h"

#define DMA_READ	BIT(0)	/* the device may read: VFIO_DMA_MAP_FLAG_READ */
#define DMA_WRITE	BIT(1)

#define DMA_MAPS_MAX	BIT(20)	/* mappings */
#define DMA_FILES_MAX	256		/* files held open */
#define DMA_PAGES_MAX	BIT(19)	/* pages of "DRAM" that are not zero */
#define DMA_PAGE	4096U
#define DMA_BUCKETS	BIT(16)

struct dma_file;
struct dma_page;

struct dma {
	void *maps;			/* tsearch(3) tree, by IOVA */
	u32 maps_count;
	struct dma_file *files;
	u32 files_open;
	struct dma_page *pages[DMA_BUCKETS];
	u32 pages_count;
	u8 *seen;			/* a job's data: what the CPU sees, */
	u8 *data;			/* and what the device gets */
};

struct dma_result {
	u32 status;			/* MODEL_STATUS_* */
	u32 requests;			/* that went out on the wire */
	u32 stale_bytes;		/* of a No Snoop read */
	const char *why;		/* when the status is not DONE */
};

/* 0 or -ENOMEM. */
int dma_init(struct dma *dma);
void dma_destroy(struct dma *dma);

/*
 * @fd is the file behind the range. With -1 the range is known, but cannot be reached. The
 * function takes @fd, whatever it returns: 0, -EINVAL, -EEXIST, -ENOSPC or -ENOMEM.
 */
int dma_map(struct dma *dma, u64 iova, u64 size, u32 flags, int fd, u64 offset);

/*
 * Removes every mapping inside the range. As with VFIO type1 v2, it is no error if there
 * is none. -EINVAL, with nothing done, if a mapping would have to be cut.
 */
int dma_unmap(struct dma *dma, u64 iova, u64 size);
void dma_unmap_all(struct dma *dma);

/* The client left: forgets mappings, files, and what DRAM held. */
void dma_forget(struct dma *dma);

/*
 * A job is one read request and one write request, both with No Snoop or both without. If
 * the source is bad, the write is not sent. 0 < @len <= MODEL_DMA_MAX.
 */
void dma_copy(struct dma *dma, u64 src, u64 dst, u32 len, bool no_snoop,
	      struct dma_result *result);

#endif
