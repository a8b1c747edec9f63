// SPDX-License-Identifier: GPL-2.0-only
#include "vfio_user.h"

#include <errno.h>
#include <linux/vfio.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "json.h"

struct server {
	struct device *dev;
	int client;
	int stop_fd;
	bool stopped;
	bool negotiated;
	bool hang_up;		/* after the reply */

	/* The message being served; the reply replaces it. */
	int fds[VFIO_USER_FDS_MAX];
	u32 fds_count;
	bool fds_lost;		/* more came than fit */
	u32 size;		/* of the payload */
	struct vfio_user_header header __aligned(8);
	u8 payload[];
};

static_assert(offsetof(struct server, payload) ==
	       offsetof(struct server, header) + sizeof(struct vfio_user_header),
	       "header and payload are sent as one");

/* Transport */

static bool wait_for(struct server *s, short events)
{
	struct pollfd poll_fds[] = {
		{ .fd = s->client, .events = events },
		{ .fd = s->stop_fd, .events = POLLIN },
	};

	int ret;

	do {
		ret = poll(poll_fds, ARRAY_SIZE(poll_fds), device_timeout(s->dev));
		if (ret < 0 && errno != EINTR)
			return false;
		device_tick(s->dev);
	} while (ret <= 0);
	s->stopped = poll_fds[1].revents;
	return !s->stopped;
}

static void close_fds(struct server *s)
{
	u32 i;

	for (i = 0; i < s->fds_count; i++)
		if (s->fds[i] >= 0)
			close(s->fds[i]);
	s->fds_count = 0;
	s->fds_lost = false;
}

static void keep_fds(struct server *s, struct msghdr *msg)
{
	struct cmsghdr *cmsg;
	u32 i, n;
	int fd;

	if (msg->msg_flags & MSG_CTRUNC)
		s->fds_lost = true;
	for (cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		if (cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS)
			continue;
		n = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < n; i++) {
			memcpy(&fd, CMSG_DATA(cmsg) + i * sizeof(int), sizeof(int));
			if (s->fds_count < VFIO_USER_FDS_MAX) {
				s->fds[s->fds_count++] = fd;
			} else {
				close(fd);
				s->fds_lost = true;
			}
		}
	}
}

/*
 * Receives exactly @count bytes, with the descriptors that come along. Never more, so that
 * the descriptors of the next message stay with that.
 */
static bool receive(struct server *s, void *data, u32 count)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(VFIO_USER_FDS_MAX * sizeof(int))];
	} control;
	u32 done = 0;

	while (done < count) {
		struct iovec iov = { (u8 *)data + done, count - done };
		struct msghdr msg = {
			.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = &control,
			.msg_controllen = sizeof(control),
		};
		ssize_t n;

		if (!wait_for(s, POLLIN))
			return false;
		n = recvmsg(s->client, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0) {
			log_error(s->dev->log, "socket: %s", strerror(errno));
			return false;
		}
		keep_fds(s, &msg);
		if (!n) {
			if (done || data == s->payload)
				log_error(s->dev->log, "client left in the middle of a message");
			return false;
		}
		done += n;
	}
	return true;
}

static bool transmit(struct server *s, const void *data, size_t count)
{
	const u8 *at = data;

	while (count) {
		ssize_t n;

		if (!wait_for(s, POLLOUT))
			return false;
		n = send(s->client, at, count, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0)
			return false;
		at += n;
		count -= n;
	}
	return true;
}

/* If @error is 0, the reply has the payload. */
static bool reply(struct server *s, int error)
{
	struct vfio_user_header *h = &s->header;

	if (error)
		log_error(s->dev->log, "command %u: %s", h->command, strerror(-error));
	if (h->flags & VFIO_USER_FLAGS_NO_REPLY)
		return true;
	h->flags = VFIO_USER_FLAGS_REPLY | (error ? VFIO_USER_FLAGS_ERROR : 0);
	h->error = -error;
	h->size = sizeof(*h) + (error ? 0 : s->size);
	return transmit(s, (u8 *)s + offsetof(struct server, header), h->size);
}

/* Commands return 0, with the reply in s->payload and s->size, or a negative errno. */

static int take_fd(struct server *s, u32 i)
{
	int fd = s->fds[i];

	s->fds[i] = -1;
	return fd;
}

/*
 * The reply may only name capabilities that the client named. QEMU 11.1 takes no other
 * version than 0.0. It refuses a max_dma_maps above 65535, so the reply has none.
 */
static int do_version(struct server *s)
{
	static const char * const names[] = { "max_msg_fds", "max_data_xfer_size" };
	static const u32 limits[] = { VFIO_USER_FDS_MAX, VFIO_USER_XFER_MAX };
	struct vfio_user_version *version = (void *)s->payload;
	u32 length = s->size - sizeof(*version), found = 0, valid = 0, i;
	char *at = version->data;

	if (s->size < sizeof(*version) || s->negotiated)
		return -EINVAL;
	if (version->major) {
		s->hang_up = true;
		return -EINVAL;
	}
	if (length) {
		if (version->data[length - 1] ||
		    !json_capabilities(version->data, length - 1, names,
				       ARRAY_SIZE(names), &found, &valid) ||
		    found != valid)
			return -EINVAL;
		at += sprintf(at, "{\"capabilities\":{");
		for (i = 0; i < ARRAY_SIZE(names); i++)
			if (found & BIT(i))
				at += sprintf(at, "%s\"%s\":%u", at[-1] == '{' ? "" : ",",
					      names[i], limits[i]);
		at += sprintf(at, "}}") + 1;
	}
	version->minor = 0;
	s->size = at - (char *)s->payload;
	s->negotiated = true;
	return 0;
}

static int do_dma_map(struct server *s)
{
	struct vfio_user_dma_map *map = (void *)s->payload;

	if (s->size != sizeof(*map) || map->argsz < sizeof(*map) || s->fds_count > 1)
		return -EINVAL;
	s->size = 0;
	return device_map(s->dev, map->iova, map->size, map->flags,
			  s->fds_count ? take_fd(s, 0) : -1, map->offset);
}

static int do_dma_unmap(struct server *s)
{
	struct vfio_user_dma_unmap *unmap = (void *)s->payload;

	if (s->size != sizeof(*unmap) || unmap->argsz < sizeof(*unmap))
		return -EINVAL;
	if (!unmap->flags)
		return device_unmap(s->dev, unmap->iova, unmap->size);
	if (unmap->flags != VFIO_DMA_UNMAP_FLAG_ALL || unmap->iova || unmap->size)
		return -EINVAL;
	device_unmap_all(s->dev);
	return 0;
}

static int do_get_info(struct server *s)
{
	struct vfio_device_info *info = (void *)s->payload;
	u32 size = offsetof(struct vfio_device_info, cap_offset);

	if (s->size != size || info->argsz < size)
		return -EINVAL;
	info->argsz = size;
	info->flags = VFIO_DEVICE_FLAGS_RESET | VFIO_DEVICE_FLAGS_PCI;
	info->num_regions = VFIO_PCI_NUM_REGIONS;
	info->num_irqs = VFIO_PCI_NUM_IRQS;
	return 0;
}

static int do_get_region_info(struct server *s)
{
	struct vfio_region_info *info = (void *)s->payload;

	if (s->size != sizeof(*info) || info->argsz < sizeof(*info) ||
	    info->index >= VFIO_PCI_NUM_REGIONS)
		return -EINVAL;
	info->argsz = sizeof(*info);
	info->size = device_region_size(s->dev, info->index);
	info->flags = info->size ? VFIO_REGION_INFO_FLAG_READ |
				   VFIO_REGION_INFO_FLAG_WRITE : 0;
	info->cap_offset = 0;
	info->offset = 0;
	return 0;
}

static u32 irq_count(const struct server *s, u32 index)
{
	switch (index) {
	case VFIO_PCI_INTX_IRQ_INDEX:
		return s->dev->options.intx;
	case VFIO_PCI_MSI_IRQ_INDEX:
		return s->dev->options.msi ? CONFIG_VECTORS : 0;
	case VFIO_PCI_MSIX_IRQ_INDEX:
		return s->dev->options.msi ? 0 : CONFIG_VECTORS;
	default:
		return 0;
	}
}

/* INTx is a level, and masks itself when it is signalled. */
static u32 irq_flags(u32 index)
{
	return VFIO_IRQ_INFO_EVENTFD |
	       (index == VFIO_PCI_INTX_IRQ_INDEX ?
		VFIO_IRQ_INFO_MASKABLE | VFIO_IRQ_INFO_AUTOMASKED : VFIO_IRQ_INFO_NORESIZE);
}

static int do_get_irq_info(struct server *s)
{
	struct vfio_irq_info *info = (void *)s->payload;

	if (s->size != sizeof(*info) || info->argsz < sizeof(*info) ||
	    info->index >= VFIO_PCI_NUM_IRQS)
		return -EINVAL;
	info->argsz = sizeof(*info);
	info->count = irq_count(s, info->index);
	info->flags = info->count ? irq_flags(info->index) : 0;
	return 0;
}

static void set_fd(struct server *s, u32 index, u32 vector, int fd)
{
	if (index == VFIO_PCI_INTX_IRQ_INDEX)
		device_set_intx(s->dev, fd);
	else
		device_set_irq(s->dev, vector, fd);
}

static void act(struct server *s, const struct vfio_irq_set *set, u32 vector)
{
	if (set->index != VFIO_PCI_INTX_IRQ_INDEX)
		device_trigger_irq(s->dev, vector);
	else if (set->flags & VFIO_IRQ_SET_ACTION_TRIGGER)
		device_trigger_intx(s->dev);
	else
		device_mask_intx(s->dev, set->flags & VFIO_IRQ_SET_ACTION_MASK);
}

static void set_irqs(struct server *s, const struct vfio_irq_set *set)
{
	u32 data = set->flags & VFIO_IRQ_SET_DATA_TYPE_MASK, i;

	if (data == VFIO_IRQ_SET_DATA_NONE && !set->count)
		for (i = 0; i < irq_count(s, set->index); i++)
			set_fd(s, set->index, i, -1);
	for (i = 0; i < set->count; i++) {
		if (data == VFIO_IRQ_SET_DATA_EVENTFD)
			set_fd(s, set->index, set->start + i,
			       s->fds_count ? take_fd(s, i) : -1);
		else if (data == VFIO_IRQ_SET_DATA_NONE || set->data[i])
			act(s, set, set->start + i);
	}
}

/*
 * MSI and MSI-X can only be triggered, because QEMU does the masking. INTx can be masked
 * and unmasked, too, but only by a message: with KVM, QEMU asks for an eventfd to unmask
 * by, and unmasks by messages if that is refused.
 */
static bool action_works(const struct vfio_irq_set *set, u32 data)
{
	u32 action = set->flags & ~data;

	if (action == VFIO_IRQ_SET_ACTION_TRIGGER)
		return true;
	return set->index == VFIO_PCI_INTX_IRQ_INDEX && set->count &&
	       data != VFIO_IRQ_SET_DATA_EVENTFD &&
	       (action == VFIO_IRQ_SET_ACTION_MASK || action == VFIO_IRQ_SET_ACTION_UNMASK);
}

static int do_set_irqs(struct server *s)
{
	struct vfio_irq_set *set = (void *)s->payload;
	u32 data, count, bools;

	if (s->size < sizeof(*set) || set->argsz < sizeof(*set) ||
	    set->index >= VFIO_PCI_NUM_IRQS)
		return -EINVAL;
	count = irq_count(s, set->index);
	if (set->start > count || set->count > count - set->start)
		return -EINVAL;
	data = set->flags & VFIO_IRQ_SET_DATA_TYPE_MASK;
	if (!action_works(set, data))
		return -EINVAL;
	if (data != VFIO_IRQ_SET_DATA_NONE && data != VFIO_IRQ_SET_DATA_BOOL &&
	    data != VFIO_IRQ_SET_DATA_EVENTFD)
		return -EINVAL;
	if (!set->count && (data != VFIO_IRQ_SET_DATA_NONE || set->start))
		return -EINVAL;
	bools = data == VFIO_IRQ_SET_DATA_BOOL ? set->count : 0;
	if (s->size != sizeof(*set) + bools)
		return -EINVAL;
	if (s->fds_count &&
	    (data != VFIO_IRQ_SET_DATA_EVENTFD || s->fds_count != set->count))
		return -EINVAL;

	set_irqs(s, set);
	s->size = 0;
	return 0;
}

static int do_region_read(struct server *s)
{
	struct vfio_user_region_access *access = (void *)s->payload;
	int ret;

	if (s->size != sizeof(*access) || access->count > VFIO_USER_XFER_MAX)
		return -EINVAL;
	ret = device_read(s->dev, access->region, access->offset, access->count,
			  access->data);
	s->size = sizeof(*access) + access->count;
	return ret;
}

static int do_region_write(struct server *s)
{
	struct vfio_user_region_access *access = (void *)s->payload;

	if (s->size < sizeof(*access) || s->size - sizeof(*access) != access->count)
		return -EINVAL;
	s->size = sizeof(*access);
	return device_write(s->dev, access->region, access->offset, access->count,
			    access->data);
}

static int do_device_reset(struct server *s)
{
	if (s->size)
		return -EINVAL;
	device_reset(s->dev, "device_reset");
	return 0;
}

/*
 * DMA_READ and DMA_WRITE, the way to memory without a descriptor, cannot be used: a job
 * runs before the reply to a REGION_WRITE, and QEMU waits for that reply with its big lock
 * held, so that it could not answer.
 */
static int dispatch(struct server *s)
{
	static const struct {
		int (*run)(struct server *s);
		bool takes_fds;
	} commands[] = {
		[VFIO_USER_VERSION] = { do_version },
		[VFIO_USER_DMA_MAP] = { do_dma_map, true },
		[VFIO_USER_DMA_UNMAP] = { do_dma_unmap },
		[VFIO_USER_DEVICE_GET_INFO] = { do_get_info },
		[VFIO_USER_DEVICE_GET_REGION_INFO] = { do_get_region_info },
		[VFIO_USER_DEVICE_GET_IRQ_INFO] = { do_get_irq_info },
		[VFIO_USER_DEVICE_SET_IRQS] = { do_set_irqs, true },
		[VFIO_USER_REGION_READ] = { do_region_read },
		[VFIO_USER_REGION_WRITE] = { do_region_write },
		[VFIO_USER_DEVICE_RESET] = { do_device_reset },
	};
	u16 command = s->header.command;

	if ((s->header.flags & VFIO_USER_FLAGS_TYPE) != VFIO_USER_FLAGS_REQUEST)
		return -EINVAL;
	if (command >= ARRAY_SIZE(commands) || !commands[command].run)
		return -EOPNOTSUPP;
	if (!s->negotiated && command != VFIO_USER_VERSION)
		return -EINVAL;
	if (s->fds_lost || (s->fds_count && !commands[command].takes_fds))
		return -EINVAL;
	return commands[command].run(s);
}

static bool serve_one(struct server *s)
{
	struct vfio_user_header *h = &s->header;

	if (!receive(s, h, sizeof(*h)))
		return false;
	/* With a wrong size nobody knows where the next message begins. */
	if (h->size < sizeof(*h) || h->size - sizeof(*h) > VFIO_USER_PAYLOAD_MAX) {
		log_error(s->dev->log, "command %u: message of %u bytes, closing",
			  h->command, h->size);
		return false;
	}
	s->size = h->size - sizeof(*h);
	if (!receive(s, s->payload, s->size))
		return false;
	/* We send no requests, so a reply answers nothing, and gets no answer. */
	if ((h->flags & VFIO_USER_FLAGS_TYPE) == VFIO_USER_FLAGS_REPLY) {
		log_error(s->dev->log, "command %u: a reply to no request", h->command);
		return true;
	}
	return reply(s, dispatch(s)) && !s->hang_up;
}

static void log_client(struct device *dev, bool connected)
{
	log_begin(dev->log, "client");
	log_bool(dev->log, "connected", connected);
	log_end(dev->log);
}

enum vfio_user_end vfio_user_serve(struct device *dev, int client, int stop_fd)
{
	struct server *s = calloc(1, sizeof(*s) + VFIO_USER_PAYLOAD_MAX);
	bool stopped;

	if (!s) {
		log_error(dev->log, "no memory for a client");
		close(client);
		return VFIO_USER_LEFT;
	}
	s->dev = dev;
	s->client = client;
	s->stop_fd = stop_fd;
	log_client(dev, true);
	while (!dev->log->failed && serve_one(s))
		close_fds(s);
	close_fds(s);
	close(client);
	device_disconnect(dev);
	log_client(dev, false);
	stopped = s->stopped || dev->log->failed;
	free(s);
	return stopped ? VFIO_USER_STOPPED : VFIO_USER_LEFT;
}
