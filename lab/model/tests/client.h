/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A vfio-user client for the tests, on a socketpair whose other end a thread
 * of the test serves.
 */
#ifndef MODEL_TEST_CLIENT_H
#define MODEL_TEST_CLIENT_H

#include "harness.h"

#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>

#include "vfio_user.h"

#define WAIT_MS		10000	/* then the test fails */

struct session {
	struct fixture *f;
	pthread_t thread;
	bool running;
	int fd;
	int server_fd;
	int stop[2];
	enum vfio_user_end end;
	u32 fds_before;
	struct vfio_user_header header;	/* of the last reply */
	u8 payload[VFIO_USER_PAYLOAD_MAX] __aligned(8);
};

static inline void *session_thread(void *arg)
{
	struct session *s = arg;

	s->end = vfio_user_serve(&s->f->dev, s->server_fd, s->stop[0]);
	return NULL;
}

static inline void session_connect(struct session *s)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	s->fd = pair[0];
	s->server_fd = pair[1];
	assert_int_equal(pthread_create(&s->thread, NULL, session_thread, s), 0);
	s->running = true;
}

/* Disconnects the client, if it is still there. */
static inline void session_disconnect(struct session *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	if (s->running)
		assert_int_equal(pthread_join(s->thread, NULL), 0);
	s->running = false;
}

static inline int session_setup(void **state)
{
	struct session *s = calloc(1, sizeof(*s));

	s->fds_before = open_fds();
	s->f = fixture_new(&default_options, false);
	assert_int_equal(pipe(s->stop), 0);
	session_connect(s);
	*state = s;
	return 0;
}

/* Whatever the test did, no descriptor may be left. */
static inline int session_teardown(void **state)
{
	struct session *s = *state;

	session_disconnect(s);
	close(s->stop[0]);
	close(s->stop[1]);
	fixture_free(s->f);
	assert_int_equal(open_fds(), s->fds_before);
	free(s);
	return 0;
}

static inline void send_raw(struct session *s, const void *data, size_t count,
			    const int *fds, u32 fds_count)
{
	struct iovec iov = { (void *)data, count };
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(64 * sizeof(int))];
	} control = { 0 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cmsg;

	if (fds_count) {
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(fds_count * sizeof(int));
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(fds_count * sizeof(int));
		memcpy(CMSG_DATA(cmsg), fds, fds_count * sizeof(int));
	}
	assert_int_equal(sendmsg(s->fd, &msg, MSG_NOSIGNAL), count);
}

static inline void request_flags(struct session *s, u16 command, u32 flags, const void *payload,
				 u32 size, const int *fds, u32 fds_count)
{
	u8 *message = malloc(sizeof(struct vfio_user_header) + size);
	struct vfio_user_header header = {
		.id = 0x1234,
		.command = command,
		.size = sizeof(header) + size,
		.flags = flags,
	};

	memcpy(message, &header, sizeof(header));
	if (size)
		memcpy(message + sizeof(header), payload, size);
	send_raw(s, message, header.size, fds, fds_count);
	free(message);
}

/* Returns false if the server closed the connection. */
static inline bool receive_all(struct session *s, void *data, size_t count)
{
	struct pollfd pollfd = { .fd = s->fd, .events = POLLIN };
	u8 *at = data;
	ssize_t n;

	while (count) {
		assert_int_equal(poll(&pollfd, 1, WAIT_MS), 1);
		n = recv(s->fd, at, count, 0);
		if (n <= 0)
			return false;
		at += n;
		count -= n;
	}
	return true;
}

static inline bool closed(struct session *s)
{
	return !receive_all(s, &s->header, 1);
}

/* Returns the reply's errno, or 0. The reply's payload is in s->payload. */
static inline int reply(struct session *s, u16 command)
{
	struct vfio_user_header *h = &s->header;

	assert_true(receive_all(s, h, sizeof(*h)));
	assert_int_equal(h->id, 0x1234);
	assert_int_equal(h->command, command);
	assert_in_range(h->size, sizeof(*h), sizeof(*h) + sizeof(s->payload));
	assert_true(receive_all(s, s->payload, h->size - sizeof(*h)));
	if (h->flags == VFIO_USER_FLAGS_REPLY) {
		assert_int_equal(h->error, 0);
		return 0;
	}
	assert_int_equal(h->flags, VFIO_USER_FLAGS_REPLY | VFIO_USER_FLAGS_ERROR);
	assert_int_equal(h->size, sizeof(*h));
	assert_int_not_equal(h->error, 0);
	return h->error;
}

static inline int call_fds(struct session *s, u16 command, const void *payload, u32 size,
			   const int *fds, u32 fds_count)
{
	request_flags(s, command, 0, payload, size, fds, fds_count);
	return reply(s, command);
}

static inline int call(struct session *s, u16 command, const void *payload, u32 size)
{
	return call_fds(s, command, payload, size, NULL, 0);
}

static inline int version(struct session *s, u16 major, u16 minor, const char *json, u32 size)
{
	u8 message[2048] = { 0 };

	put16(message, major);
	put16(message + 2, minor);
	if (json)
		memcpy(message + 4, json, size);
	return call(s, VFIO_USER_VERSION, message, 4 + size);
}

static inline void negotiate(struct session *s)
{
	assert_int_equal(version(s, 0, 0, NULL, 0), 0);
}

static inline int region_read(struct session *s, u32 region, u64 offset, u32 count, u32 *value)
{
	struct vfio_user_region_access access = { offset, region, count };
	int ret = call(s, VFIO_USER_REGION_READ, &access, sizeof(access));

	if (!ret) {
		assert_int_equal(s->header.size, 16 + sizeof(access) + count);
		*value = 0;
		memcpy(value, s->payload + sizeof(access), count < 4 ? count : 4);
	}
	return ret;
}

static inline int region_write(struct session *s, u32 region, u64 offset, u32 count, u32 value)
{
	struct {
		struct vfio_user_region_access access;
		u32 value;
	} message = { { offset, region, count }, value };

	return call(s, VFIO_USER_REGION_WRITE, &message, sizeof(message.access) + count);
}

/* The server is still in step, and the device is still the same. */
static inline void assert_alive(struct session *s)
{
	u32 value;

	assert_int_equal(region_read(s, CONFIG, 0, 4, &value), 0);
	assert_int_equal(value, MODEL_DEVICE_ID << 16 | MODEL_VENDOR_ID);
}

#endif
