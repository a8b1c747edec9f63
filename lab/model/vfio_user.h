/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The vfio-user protocol (QEMU's docs/interop/vfio-user.rst), server side,
 * version 0.0, for one client at a time.
 */
#ifndef MODEL_VFIO_USER_H
#define MODEL_VFIO_USER_H

#include "device.h"
#include "log.h"
#include "types.h"

enum vfio_user_command {
	VFIO_USER_VERSION = 1,
	VFIO_USER_DMA_MAP,
	VFIO_USER_DMA_UNMAP,
	VFIO_USER_DEVICE_GET_INFO,
	VFIO_USER_DEVICE_GET_REGION_INFO,
	VFIO_USER_DEVICE_GET_REGION_IO_FDS,
	VFIO_USER_DEVICE_GET_IRQ_INFO,
	VFIO_USER_DEVICE_SET_IRQS,
	VFIO_USER_REGION_READ,
	VFIO_USER_REGION_WRITE,
	VFIO_USER_DMA_READ,
	VFIO_USER_DMA_WRITE,
	VFIO_USER_DEVICE_RESET,
};

#define VFIO_USER_FLAGS_TYPE		0xfU
#define VFIO_USER_FLAGS_REQUEST		0x0U
#define VFIO_USER_FLAGS_REPLY		0x1U
#define VFIO_USER_FLAGS_NO_REPLY	0x10U
#define VFIO_USER_FLAGS_ERROR		0x20U

#define VFIO_USER_FDS_MAX	8		/* in one message */
#define VFIO_USER_XFER_MAX	BIT(20)	/* the protocol's default */

struct vfio_user_header {
	u16 id;
	u16 command;
	u32 size;		/* with this header */
	u32 flags;
	u32 error;
};

struct vfio_user_version {
	u16 major;
	u16 minor;
	char data[];
};

struct vfio_user_dma_map {
	u32 argsz;
	u32 flags;
	u64 offset;
	u64 iova;
	u64 size;
};

struct vfio_user_dma_unmap {
	u32 argsz;
	u32 flags;
	u64 iova;
	u64 size;
};

struct vfio_user_region_access {
	u64 offset;
	u32 region;
	u32 count;
	u8 data[];
};

static_assert(sizeof(struct vfio_user_header) == 16, "vfio-user header");
static_assert(sizeof(struct vfio_user_dma_map) == 32, "vfio-user DMA_MAP");
static_assert(sizeof(struct vfio_user_dma_unmap) == 24, "vfio-user DMA_UNMAP");
static_assert(sizeof(struct vfio_user_region_access) == 16, "vfio-user REGION_READ");

#define VFIO_USER_PAYLOAD_MAX	(sizeof(struct vfio_user_region_access) + VFIO_USER_XFER_MAX)

enum vfio_user_end {
	VFIO_USER_LEFT,		/* the client closed, or was closed */
	VFIO_USER_STOPPED,	/* @stop_fd became readable, or the log is lost */
};

/*
 * Serves @client until it leaves, and closes the descriptor. @stop_fd may be -1.
 */
enum vfio_user_end vfio_user_serve(struct device *dev, int client, int stop_fd);

#endif
