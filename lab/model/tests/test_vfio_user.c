// SPDX-License-Identifier: GPL-2.0-only
#include "client.h"

#include <sys/eventfd.h>
#include <sys/resource.h>

#define ALL_CAPABILITIES							\
	"{\"capabilities\":{\"max_msg_fds\":8,\"max_data_xfer_size\":1048576,"	\
	"\"pgsizes\":4096,\"max_dma_maps\":65535,"				\
	"\"migration\":{\"pgsize\":4096},\"write_multiple\":true}}"
#define RW	(VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)

/* As QEMU does it */

static void version_happy(void **state)
{
	struct session *s = *state;

	assert_int_equal(version(s, 0, 0, ALL_CAPABILITIES, sizeof(ALL_CAPABILITIES)), 0);
	assert_int_equal(get32(s->payload), 0);
	assert_string_equal((char *)s->payload + 4,
			    "{\"capabilities\":{\"max_msg_fds\":8,\"max_data_xfer_size\":1048576}}");
	assert_int_equal(s->header.size, 16 + 4 + strlen((char *)s->payload + 4) + 1);
	assert_alive(s);
	/* A second version message is an error. */
	assert_int_equal(version(s, 0, 0, NULL, 0), EINVAL);
	assert_alive(s);
}

/* The reply has a subset of the proposal, and its minor version is always 0. */
static void version_subset(void **state)
{
	static const char json[] = "{\"capabilities\":{\"max_data_xfer_size\":65536}}";
	struct session *s = *state;

	assert_int_equal(version(s, 0, 1, json, sizeof(json)), 0);
	assert_int_equal(get32(s->payload), 0);
	assert_string_equal((char *)s->payload + 4,
			    "{\"capabilities\":{\"max_data_xfer_size\":1048576}}");
}

static void version_rejected(void **state)
{
	static const char garbage[] = "{\"capabilities\":[[[\xff";
	static const char wrong[] = "{\"capabilities\":{\"max_msg_fds\":\"many\"}}";
	struct session *s = *state;
	u32 value;

	assert_int_equal(region_read(s, CONFIG, 0, 4, &value), EINVAL);
	assert_int_equal(call(s, VFIO_USER_VERSION, "\0\0", 2), EINVAL);
	assert_int_equal(version(s, 0, 0, garbage, sizeof(garbage)), EINVAL);
	assert_int_equal(version(s, 0, 0, wrong, sizeof(wrong)), EINVAL);
	/* The text has no NUL at its end. */
	assert_int_equal(version(s, 0, 0, "{}", 2), EINVAL);
	assert_int_equal(version(s, 0, 0, "{} ", 3), EINVAL);
	assert_int_equal(version(s, 0, 0, "{}", 3), 0);
	assert_string_equal((char *)s->payload + 4, "{\"capabilities\":{}}");
	assert_alive(s);
}

static void version_major(void **state)
{
	struct session *s = *state;

	assert_int_equal(version(s, 1, 0, NULL, 0), EINVAL);
	assert_true(closed(s));
}

static void device_info(void **state)
{
	struct session *s = *state;
	u32 info[4] = { 16 };

	negotiate(s);
	assert_int_equal(call(s, VFIO_USER_DEVICE_GET_INFO, info, 16), 0);
	assert_int_equal(s->header.size, 32);
	memcpy(info, s->payload, sizeof(info));
	assert_int_equal(info[0], 16);
	assert_int_equal(info[1], VFIO_DEVICE_FLAGS_RESET | VFIO_DEVICE_FLAGS_PCI);
	assert_int_equal(info[2], 9);
	assert_int_equal(info[3], 5);
	assert_int_equal(call(s, VFIO_USER_DEVICE_GET_INFO, info, 12), EINVAL);
	info[0] = 8;
	assert_int_equal(call(s, VFIO_USER_DEVICE_GET_INFO, info, 16), EINVAL);
}

static void region_info(void **state)
{
	static const u64 sizes[] = { 65536, 0, 4096, 0, 0, 0, 0, 4096, 0 };
	struct vfio_region_info info = { .argsz = sizeof(info) };
	struct session *s = *state;

	negotiate(s);
	for (info.index = 0; info.index < 9; info.index++) {
		struct vfio_region_info *got = (void *)s->payload;

		assert_int_equal(call(s, VFIO_USER_DEVICE_GET_REGION_INFO, &info, sizeof(info)), 0);
		assert_int_equal(s->header.size, 16 + 32);
		assert_int_equal(got->size, sizes[info.index]);
		assert_int_equal(got->flags, sizes[info.index] ? 3 : 0);
	}
	assert_int_equal(call(s, VFIO_USER_DEVICE_GET_REGION_INFO, &info, sizeof(info)), EINVAL);
	info.index = 0;
	assert_int_equal(call(s, VFIO_USER_DEVICE_GET_REGION_INFO, &info, 31), EINVAL);
	info.argsz = 31;
	assert_int_equal(call(s, VFIO_USER_DEVICE_GET_REGION_INFO, &info, sizeof(info)), EINVAL);
}

static void irq_info(void **state)
{
	struct vfio_irq_info info = { .argsz = sizeof(info) };
	struct session *s = *state;

	negotiate(s);
	for (info.index = 0; info.index < 5; info.index++) {
		struct vfio_irq_info *got = (void *)s->payload;
		bool msix = info.index == VFIO_PCI_MSIX_IRQ_INDEX;

		assert_int_equal(call(s, VFIO_USER_DEVICE_GET_IRQ_INFO, &info, sizeof(info)), 0);
		assert_int_equal(got->count, msix ? 4 : 0);
		assert_int_equal(got->flags, msix ? 9 : 0);
	}
	assert_int_equal(call(s, VFIO_USER_DEVICE_GET_IRQ_INFO, &info, sizeof(info)), EINVAL);
}

static void irq_info_msi(void **state)
{
	struct vfio_irq_info info = { .argsz = sizeof(info), .index = VFIO_PCI_MSI_IRQ_INDEX };
	struct session *s = *state;

	s->f->dev.options.msi = true;
	negotiate(s);
	assert_int_equal(call(s, VFIO_USER_DEVICE_GET_IRQ_INFO, &info, sizeof(info)), 0);
	assert_int_equal(((struct vfio_irq_info *)s->payload)->count, 4);
	assert_int_equal(((struct vfio_irq_info *)s->payload)->flags, 9);
	info.index = VFIO_PCI_MSIX_IRQ_INDEX;
	assert_int_equal(call(s, VFIO_USER_DEVICE_GET_IRQ_INFO, &info, sizeof(info)), 0);
	assert_int_equal(((struct vfio_irq_info *)s->payload)->count, 0);
}

static void regions(void **state)
{
	struct session *s = *state;
	struct vfio_user_region_access access = { 0, CONFIG, 4096 };
	u32 value;

	negotiate(s);
	assert_int_equal(region_write(s, CONFIG, PCI_COMMAND, 2, 6), 0);
	assert_int_equal(s->header.size, 16 + sizeof(access));
	assert_int_equal(region_read(s, CONFIG, PCI_COMMAND, 2, &value), 0);
	assert_int_equal(value, 6);
	assert_int_equal(region_read(s, BAR0, MODEL_REG_ID, 4, &value), 0);
	assert_int_equal(value, MODEL_ID);
	/* Config space in one go, as QEMU reads it. */
	assert_int_equal(call(s, VFIO_USER_REGION_READ, &access, sizeof(access)), 0);
	assert_int_equal(s->header.size, 16 + sizeof(access) + 4096);
	assert_int_equal(get16(s->payload + sizeof(access) + DEVCTL), 0x2810);

	assert_int_equal(region_read(s, CONFIG, 4093, 4, &value), EINVAL);
	assert_int_equal(region_read(s, CONFIG, ~0ULL - 1, 4, &value), EINVAL);
	assert_int_equal(region_read(s, CONFIG, 0, 0, &value), EINVAL);
	assert_int_equal(region_read(s, BAR0, 0, ~0U, &value), EINVAL);
	assert_int_equal(region_read(s, BAR0, 0, 65537, &value), EINVAL);
	assert_int_equal(region_read(s, 1, 0, 4, &value), EINVAL);
	s->f->dev.options.bar0_size = 16 << 20;
	assert_int_equal(region_read(s, BAR0, 0, VFIO_USER_XFER_MAX + 4, &value), EINVAL);
	s->f->dev.options.bar0_size = 64 << 10;
	assert_int_equal(region_read(s, 77, 0, 4, &value), EINVAL);
	assert_int_equal(region_write(s, BAR0, 65536, 4, 0), EINVAL);
	assert_int_equal(region_write(s, CONFIG, 0, 0, 0), EINVAL);
	assert_alive(s);
}

/* The count does not fit the data that came. */
static void wrong_counts(void **state)
{
	struct {
		struct vfio_user_region_access access;
		u32 value;
	} message = { { PCI_COMMAND, CONFIG, 4 }, 6 };
	struct session *s = *state;
	u32 value;

	negotiate(s);
	assert_int_equal(call(s, VFIO_USER_REGION_WRITE, &message, sizeof(message.access)), EINVAL);
	message.access.count = ~0U;
	assert_int_equal(call(s, VFIO_USER_REGION_WRITE, &message, 20), EINVAL);
	message.access.count = 2;
	assert_int_equal(call(s, VFIO_USER_REGION_WRITE, &message, 20), EINVAL);
	assert_int_equal(call(s, VFIO_USER_REGION_WRITE, &message, 15), EINVAL);
	assert_int_equal(call(s, VFIO_USER_REGION_READ, &message, 15), EINVAL);
	assert_int_equal(call(s, VFIO_USER_REGION_READ, &message, 20), EINVAL);
	assert_int_equal(call(s, VFIO_USER_DEVICE_RESET, &message, 1), EINVAL);
	assert_int_equal(region_read(s, CONFIG, PCI_COMMAND, 2, &value), 0);
	assert_int_equal(value, 0);
}

static int dma_map_fd(struct session *s, u64 iova, u64 size, u32 flags, u64 offset, int fd)
{
	struct vfio_user_dma_map map = { sizeof(map), flags, offset, iova, size };

	return call_fds(s, VFIO_USER_DMA_MAP, &map, sizeof(map), &fd, fd >= 0);
}

static int unmap(struct session *s, u64 iova, u64 size, u32 flags)
{
	struct vfio_user_dma_unmap unmap = { sizeof(unmap), flags, iova, size };
	int ret = call(s, VFIO_USER_DMA_UNMAP, &unmap, sizeof(unmap));

	if (!ret) {
		assert_int_equal(s->header.size, 16 + sizeof(unmap));
		assert_memory_equal(s->payload, &unmap, sizeof(unmap));
	}
	return ret;
}

static u32 job(struct session *s, u32 src, u32 dst, u32 len, u32 ctrl)
{
	u32 status;

	region_write(s, BAR0, MODEL_REG_SRC, 4, src);
	region_write(s, BAR0, MODEL_REG_DST, 4, dst);
	region_write(s, BAR0, MODEL_REG_LEN, 4, len);
	region_write(s, BAR0, MODEL_REG_CTRL, 4, ctrl | MODEL_CTRL_GO);
	region_read(s, BAR0, MODEL_REG_STATUS, 4, &status);
	return status;
}

static void dma(void **state)
{
	struct session *s = *state;
	int fd = memory_file(65536);

	negotiate(s);
	region_write(s, CONFIG, PCI_COMMAND, 2, 6);
	assert_int_equal(dma_map_fd(s, 0x10000, 0x8000, RW, 0x1000, fd), 0);
	assert_int_equal(s->header.size, 16);
	assert_int_equal(dma_map_fd(s, 0x17000, 0x1000, RW, 0, fd), EEXIST);
	assert_int_equal(dma_map_fd(s, 0x20000, 0, RW, 0, fd), EINVAL);
	assert_int_equal(dma_map_fd(s, ~0ULL, 0x1000, RW, 0, fd), EINVAL);
	assert_int_equal(dma_map_fd(s, 0x20000, 0x1000, 8, 0, fd), EINVAL);
	assert_int_equal(dma_map_fd(s, 0x20000, 0x1000, RW, ~0ULL, fd), EINVAL);
	assert_int_equal(dma_map_fd(s, 0x20000, 0x1000, RW, 0, s->stop[0]), EINVAL);
	assert_int_equal(dma_map_fd(s, 0x20000, 0x1000, RW, 0, -1), 0);

	fill(fd, 0x1000, 0x42, 16);
	assert_int_equal(job(s, 0x10000, 0x11000, 16, 0), MODEL_STATUS_DONE);
	assert_int_equal(peek(fd, 0x2000), 0x42);
	assert_int_equal(job(s, 0x20000, 0x11000, 16, 0), MODEL_STATUS_BAD_ADDRESS);

	assert_int_equal(unmap(s, 0x10000, 0x1000, 0), EINVAL);
	assert_int_equal(unmap(s, 0x10000, 0x8000, 0), 0);
	assert_int_equal(unmap(s, 0x10000, 0x8000, 0), 0);
	assert_int_equal(job(s, 0x10000, 0x11000, 16, 0), MODEL_STATUS_BAD_ADDRESS);
	assert_int_equal(unmap(s, 0, 0, 0), EINVAL);
	assert_int_equal(unmap(s, 0x1000, 0, VFIO_DMA_UNMAP_FLAG_ALL), EINVAL);
	assert_int_equal(unmap(s, 0, 0, VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP), EINVAL);
	assert_int_equal(dma_map_fd(s, 0x10000, 0x8000, RW, 0x1000, fd), 0);
	assert_int_equal(unmap(s, 0, 0, VFIO_DMA_UNMAP_FLAG_ALL), 0);
	assert_int_equal(s->f->dev.dma.maps_count, 0);
	close(fd);
}

static int set_irqs(struct session *s, u32 flags, u32 index, u32 start, u32 count,
		    const int *fds, u32 fds_count)
{
	struct vfio_irq_set set = { sizeof(set), flags, index, start, count };

	return call_fds(s, VFIO_USER_DEVICE_SET_IRQS, &set, sizeof(set), fds, fds_count);
}

#define EVENTFD	(VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER)
#define NONE	(VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER)
#define BOOL	(VFIO_IRQ_SET_DATA_BOOL | VFIO_IRQ_SET_ACTION_TRIGGER)
#define MSIX	VFIO_PCI_MSIX_IRQ_INDEX

static u64 signalled(int fd)
{
	u64 count = 0;

	return read(fd, &count, sizeof(count)) == sizeof(count) ? count : 0;
}

static void irqs(void **state)
{
	struct {
		struct vfio_irq_set set;
		u8 bools[4];
	} message = { { sizeof(message), BOOL, MSIX, 0, 4 }, { 0, 1, 0, 1 } };
	struct session *s = *state;
	int fds[4], i;

	negotiate(s);
	for (i = 0; i < 4; i++)
		fds[i] = eventfd(0, EFD_NONBLOCK);
	assert_int_equal(set_irqs(s, EVENTFD, MSIX, 0, 4, fds, 4), 0);
	assert_int_equal(set_irqs(s, NONE, MSIX, 2, 1, NULL, 0), 0);
	assert_int_equal(signalled(fds[2]), 1);
	assert_int_equal(call(s, VFIO_USER_DEVICE_SET_IRQS, &message, 24), 0);
	assert_int_equal(signalled(fds[0]), 0);
	assert_int_equal(signalled(fds[1]), 1);
	assert_int_equal(signalled(fds[3]), 1);

	/* The device itself raises it. */
	region_write(s, CONFIG, PCI_COMMAND, 2, 6);
	region_write(s, CONFIG, MODEL_CAP_MSIX + PCI_MSIX_FLAGS, 2, PCI_MSIX_FLAGS_ENABLE);
	job(s, 0, 0, 0, MODEL_CTRL_IRQ);
	assert_int_equal(signalled(fds[0]), 1);

	/* A message without a descriptor removes one; count 0 removes all. */
	assert_int_equal(set_irqs(s, EVENTFD, MSIX, 0, 1, NULL, 0), 0);
	job(s, 0, 0, 0, MODEL_CTRL_IRQ);
	assert_int_equal(signalled(fds[0]), 0);
	assert_int_equal(set_irqs(s, NONE, MSIX, 0, 0, NULL, 0), 0);
	assert_int_equal(set_irqs(s, NONE, MSIX, 1, 1, NULL, 0), 0);
	assert_int_equal(signalled(fds[1]), 0);
	assert_int_equal(set_irqs(s, NONE, VFIO_PCI_INTX_IRQ_INDEX, 0, 0, NULL, 0), 0);

	assert_int_equal(set_irqs(s, EVENTFD, MSIX, 0, 2, fds, 1), EINVAL);
	assert_int_equal(set_irqs(s, EVENTFD, MSIX, 3, 2, fds, 2), EINVAL);
	assert_int_equal(set_irqs(s, EVENTFD, MSIX, ~0U, 2, fds, 2), EINVAL);
	assert_int_equal(set_irqs(s, EVENTFD, MSIX, 2, ~0U, fds, 2), EINVAL);
	assert_int_equal(set_irqs(s, NONE, MSIX, 2, ~0U, NULL, 0), EINVAL);
	assert_int_equal(set_irqs(s, EVENTFD, VFIO_PCI_MSI_IRQ_INDEX, 0, 1, fds, 1), EINVAL);
	assert_int_equal(set_irqs(s, EVENTFD, 5, 0, 1, fds, 1), EINVAL);
	assert_int_equal(set_irqs(s, NONE, MSIX, 0, 1, fds, 1), EINVAL);
	assert_int_equal(set_irqs(s, NONE | EVENTFD, MSIX, 0, 1, fds, 1), EINVAL);
	assert_int_equal(set_irqs(s, VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_MASK, MSIX, 0, 1,
				  NULL, 0), EINVAL);
	assert_int_equal(set_irqs(s, BOOL, MSIX, 0, 4, NULL, 0), EINVAL);
	assert_int_equal(set_irqs(s, BOOL, MSIX, 0, 0, NULL, 0), EINVAL);
	for (i = 0; i < 4; i++)
		close(fds[i]);
	assert_alive(s);
}

#define INTX	VFIO_PCI_INTX_IRQ_INDEX
#define MASK	(VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_MASK)
#define UNMASK	(VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_UNMASK)

/* As QEMU does it: an eventfd, then an unmask for each time it was signalled. */
static void intx(void **state)
{
	struct vfio_irq_info info = { .argsz = sizeof(info), .index = INTX };
	struct session *s = *state;
	int event = eventfd(0, EFD_NONBLOCK);

	s->f->dev.options.intx = true;
	negotiate(s);
	assert_int_equal(call(s, VFIO_USER_DEVICE_GET_IRQ_INFO, &info, sizeof(info)), 0);
	assert_int_equal(((struct vfio_irq_info *)s->payload)->count, 1);
	assert_int_equal(((struct vfio_irq_info *)s->payload)->flags,
			 VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_MASKABLE | VFIO_IRQ_INFO_AUTOMASKED);
	region_write(s, CONFIG, PCI_COMMAND, 2, 2);
	assert_int_equal(set_irqs(s, EVENTFD, INTX, 0, 1, &event, 1), 0);
	region_write(s, BAR0, MODEL_REG_INTX, 4, 1);
	assert_int_equal(signalled(event), 1);
	region_write(s, BAR0, MODEL_REG_INTX, 4, 1);
	assert_int_equal(signalled(event), 0);
	assert_int_equal(set_irqs(s, UNMASK, INTX, 0, 1, NULL, 0), 0);
	assert_int_equal(signalled(event), 1);
	region_write(s, BAR0, MODEL_REG_INTX, 4, 0);
	assert_int_equal(set_irqs(s, UNMASK, INTX, 0, 1, NULL, 0), 0);
	assert_int_equal(signalled(event), 0);
	assert_int_equal(set_irqs(s, MASK, INTX, 0, 1, NULL, 0), 0);
	region_write(s, BAR0, MODEL_REG_INTX, 4, 1);
	assert_int_equal(signalled(event), 0);
	assert_int_equal(set_irqs(s, NONE, INTX, 0, 1, NULL, 0), 0);
	assert_int_equal(signalled(event), 1);

	/* An eventfd to unmask by is only for the kernel. The rest is invalid. */
	assert_int_equal(set_irqs(s, VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_UNMASK, INTX,
				  0, 1, &event, 1), EINVAL);
	assert_int_equal(set_irqs(s, UNMASK, INTX, 0, 0, NULL, 0), EINVAL);
	assert_int_equal(set_irqs(s, UNMASK | MASK, INTX, 0, 1, NULL, 0), EINVAL);
	assert_int_equal(set_irqs(s, UNMASK, INTX, 1, 1, NULL, 0), EINVAL);
	assert_int_equal(set_irqs(s, UNMASK, MSIX, 0, 1, NULL, 0), EINVAL);

	/* Count 0 removes the eventfd. */
	assert_int_equal(set_irqs(s, NONE, INTX, 0, 0, NULL, 0), 0);
	assert_int_equal(set_irqs(s, UNMASK, INTX, 0, 1, NULL, 0), 0);
	assert_int_equal(signalled(event), 0);
	close(event);
}

static void reset(void **state)
{
	struct session *s = *state;
	u32 value;

	negotiate(s);
	region_write(s, CONFIG, PCI_COMMAND, 2, 6);
	assert_int_equal(call(s, VFIO_USER_DEVICE_RESET, NULL, 0), 0);
	assert_int_equal(s->header.size, 16);
	assert_int_equal(region_read(s, CONFIG, PCI_COMMAND, 2, &value), 0);
	assert_int_equal(value, 0);
	assert_non_null(strstr(take_log(s->f), "\"cause\":\"device_reset\",\"master\":true,"
			       "\"no_snoop\":true,"));
}

static void no_reply(void **state)
{
	struct {
		struct vfio_user_region_access access;
		u32 value;
	} message = { { PCI_CACHE_LINE_SIZE, CONFIG, 1 }, 0x33 };
	struct session *s = *state;
	u32 value;

	negotiate(s);
	request_flags(s, VFIO_USER_REGION_WRITE, VFIO_USER_FLAGS_NO_REPLY, &message, 17, NULL, 0);
	request_flags(s, VFIO_USER_REGION_WRITE, VFIO_USER_FLAGS_NO_REPLY, &message, 3, NULL, 0);
	assert_int_equal(region_read(s, CONFIG, PCI_CACHE_LINE_SIZE, 1, &value), 0);
	assert_int_equal(value, 0x33);
	assert_non_null(strstr(take_log(s->f), "\"message\":\"command 10: Invalid argument\""));
}

/* Many at once, and one byte at a time. */
static void framing(void **state)
{
	struct vfio_user_region_access access = { 0, CONFIG, 4 };
	struct vfio_user_header header = { 0x1234, VFIO_USER_REGION_READ, 32, 0, 0 };
	struct session *s = *state;
	u8 messages[100][32];
	u32 i;

	negotiate(s);
	for (i = 0; i < 100; i++) {
		memcpy(messages[i], &header, 16);
		memcpy(messages[i] + 16, &access, 16);
	}
	send_raw(s, messages, sizeof(messages), NULL, 0);
	for (i = 0; i < 100; i++)
		assert_int_equal(reply(s, VFIO_USER_REGION_READ), 0);
	for (i = 0; i < 32; i++) {
		send_raw(s, messages[0] + i, 1, NULL, 0);
		usleep(100);
	}
	assert_int_equal(reply(s, VFIO_USER_REGION_READ), 0);
	assert_int_equal(get32(s->payload + 16), MODEL_DEVICE_ID << 16 | MODEL_VENDOR_ID);
}

static void unknown_commands(void **state)
{
	static const u16 commands[] = { 0, 6, 11, 12, 14, 15, 16, 17, 18, 19, 0xffff };
	struct session *s = *state;
	u32 i;

	negotiate(s);
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		assert_int_equal(call(s, commands[i], "1234567890", 10), EOPNOTSUPP);
	assert_alive(s);
}

static void wrong_types(void **state)
{
	struct session *s = *state;

	negotiate(s);
	/* A reply without a request gets no answer; an invalid type does. */
	request_flags(s, VFIO_USER_DMA_READ, VFIO_USER_FLAGS_REPLY, "1234", 4, NULL, 0);
	request_flags(s, VFIO_USER_DEVICE_RESET, 2, NULL, 0, NULL, 0);
	assert_int_equal(reply(s, VFIO_USER_DEVICE_RESET), EINVAL);
	assert_alive(s);
	assert_non_null(strstr(take_log(s->f), "command 11: a reply to no request"));
	assert_null(strstr(s->f->text, "\"reset\""));
}

static void lost_framing(void **state)
{
	static const u32 sizes[] = { 0, 15, 16 + VFIO_USER_PAYLOAD_MAX + 1, ~0U };
	struct session *s = *state;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct vfio_user_header header = { 1, VFIO_USER_REGION_READ, sizes[i], 0, 0 };

		negotiate(s);
		send_raw(s, &header, sizeof(header), NULL, 0);
		assert_true(closed(s));
		session_disconnect(s);
		assert_int_equal(s->end, VFIO_USER_LEFT);
		assert_string_equal(events(take_log(s->f)), "client error client ");
		session_connect(s);
	}
	negotiate(s);
	assert_alive(s);
}

/* The largest size that is permitted works. */
static void largest_message(void **state)
{
	struct session *s = *state;
	struct vfio_user_region_access *access = calloc(1, VFIO_USER_PAYLOAD_MAX);

	negotiate(s);
	access->region = BAR0;
	access->count = VFIO_USER_XFER_MAX;
	assert_int_equal(call(s, VFIO_USER_REGION_WRITE, access, VFIO_USER_PAYLOAD_MAX), EINVAL);
	assert_alive(s);
	free(access);
}

static void leaves_in_the_middle(void **state)
{
	struct vfio_user_header header = { 1, VFIO_USER_DMA_MAP, 48, 0, 0 };
	struct session *s = *state;
	int fd = memory_file(4096);

	negotiate(s);
	send_raw(s, &header, sizeof(header), &fd, 1);
	session_disconnect(s);
	assert_int_equal(s->end, VFIO_USER_LEFT);
	assert_non_null(strstr(take_log(s->f), "in the middle of a message"));
	close(fd);
	session_connect(s);
	send_raw(s, &header, 3, NULL, 0);
}

static void unwanted_descriptors(void **state)
{
	struct vfio_user_region_access access = { 0, CONFIG, 4 };
	struct session *s = *state;
	u32 before, i;
	int fds[32];

	negotiate(s);
	for (i = 0; i < 32; i++)
		fds[i] = dup(s->stop[0]);
	before = open_fds();
	assert_int_equal(call_fds(s, VFIO_USER_REGION_READ, &access, 16, fds, 1), EINVAL);
	assert_int_equal(call_fds(s, VFIO_USER_REGION_READ, &access, 16, fds, 32), EINVAL);
	assert_int_equal(call_fds(s, VFIO_USER_DEVICE_RESET, NULL, 0, fds, 8), EINVAL);
	assert_int_equal(call_fds(s, 99, NULL, 0, fds, 2), EOPNOTSUPP);
	assert_int_equal(set_irqs(s, EVENTFD, MSIX, 0, 4, fds, 32), EINVAL);
	assert_int_equal(set_irqs(s, EVENTFD, MSIX, 0, 4, fds, 9), EINVAL);
	assert_int_equal(dma_map_fd(s, 0, 4096, RW, 0, fds[0]), EINVAL);
	assert_alive(s);
	assert_int_equal(open_fds(), before);
	for (i = 0; i < 32; i++)
		close(fds[i]);
}

/* A descriptor that was lost on the way must not count as none. */
static void out_of_descriptors(void **state)
{
	struct session *s = *state;
	struct rlimit old, few;
	int fds[64], fd = memory_file(4096), n = 0;

	negotiate(s);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	few = old;
	few.rlim_cur = ARRAY_SIZE(fds);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	while ((fds[n] = dup(fd)) >= 0)
		n++;
	assert_int_equal(dma_map_fd(s, 0, 4096, RW, 0, fd), EINVAL);
	while (n)
		close(fds[--n]);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_int_equal(dma_map_fd(s, 0, 4096, RW, 0, fd), 0);
	close(fd);
}

/* When the client leaves, its memory and eventfds go, and the registers stay. */
static void next_client(void **state)
{
	struct session *s = *state;
	int fd = memory_file(4096), event = eventfd(0, 0);
	u32 value;

	negotiate(s);
	region_write(s, CONFIG, PCI_COMMAND, 2, 6);
	assert_int_equal(dma_map_fd(s, 0, 4096, RW, 0, fd), 0);
	assert_int_equal(set_irqs(s, EVENTFD, MSIX, 0, 1, &event, 1), 0);
	close(fd);
	close(event);
	session_disconnect(s);
	assert_int_equal(s->f->dev.dma.maps_count, 0);
	assert_int_equal(s->f->dev.irq_fd[0], -1);

	session_connect(s);
	assert_int_equal(region_read(s, CONFIG, 0, 4, &value), EINVAL);
	negotiate(s);
	assert_int_equal(region_read(s, CONFIG, PCI_COMMAND, 2, &value), 0);
	assert_int_equal(value, 6);
	session_disconnect(s);
	assert_string_equal(events(take_log(s->f)),
			    "client command moment client client error client ");
	session_connect(s);
}

/* A client that stalls, before a message or within one, does not keep the model from ending. */
static void stop_while_waiting(void **state)
{
	struct session *s = *state;

	send_raw(s, "1234", 4, NULL, 0);
	assert_int_equal(write(s->stop[1], "x", 1), 1);
	assert_true(closed(s));
	session_disconnect(s);
	assert_int_equal(s->end, VFIO_USER_STOPPED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, session_setup, session_teardown)

static const struct CMUnitTest tests[] = {
	TEST(version_happy),
	TEST(version_subset),
	TEST(version_rejected),
	TEST(version_major),
	TEST(device_info),
	TEST(region_info),
	TEST(irq_info),
	TEST(irq_info_msi),
	TEST(regions),
	TEST(wrong_counts),
	TEST(dma),
	TEST(irqs),
	TEST(intx),
	TEST(reset),
	TEST(no_reply),
	TEST(framing),
	TEST(unknown_commands),
	TEST(wrong_types),
	TEST(lost_framing),
	TEST(largest_message),
	TEST(leaves_in_the_middle),
	TEST(unwanted_descriptors),
	TEST(out_of_descriptors),
	TEST(next_client),
	TEST(stop_while_waiting),
};

RUN_TESTS(tests)
