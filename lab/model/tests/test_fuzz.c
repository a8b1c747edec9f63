// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random messages, the same in every run unless FUZZ_SEED is set. The sanitizers check
 * memory. The test itself checks that the server stays in step, that the log is well
 * formed, that its totals can be recomputed from its events, and that no descriptor is
 * left.
 */
#include "client.h"

#include <fcntl.h>
#include <sys/eventfd.h>

#define MESSAGES	20000

static u64 random_state;

/* xorshift64* */
static u32 rnd(u32 below)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (random_state * 0x2545f4914f6cdd1dULL >> 32) % below;
}

static u64 rnd_value(void)
{
	switch (rnd(6)) {
	case 0:
		return rnd(16);
	case 1:
		return rnd(256) * 4096ULL;
	case 2:
		return ~0ULL - rnd(5000);
	case 3:
		return 1ULL << rnd(64);
	case 4:
		return (u64)rnd(~0U) << 32 | rnd(~0U);
	default:
		return rnd(5000);
	}
}

static u32 fuzz_region_write(u8 *p)
{
	static const u32 offsets[] = { PCI_COMMAND, DEVCTL, PMCSR, DEVCTL + 1, DEVCTL - 2, 0 };
	struct vfio_user_region_access *access = (void *)p;
	u32 count = 1 + rnd(8);

	access->region = rnd(4) ? (rnd(2) ? CONFIG : BAR0) : rnd(10);
	access->offset = access->region == CONFIG ? offsets[rnd(6)] + rnd(2) * rnd(256) :
			 rnd(12) * 4;
	access->count = rnd(50) ? count : rnd_value();
	*(u64 *)access->data = rnd_value();
	/* Often a value that has an effect */
	if (access->offset == MODEL_REG_CTRL || access->offset == PCI_COMMAND)
		access->data[0] = rnd(2) ? 7 : rnd(8);
	if (access->region == BAR0 && access->offset == MODEL_REG_RESET && rnd(2))
		put32(access->data, MODEL_RESET_MAGIC);
	if (access->region == BAR0 && rnd(4)) {
		access->count = 4;
		count = 4;
	}
	return sizeof(*access) + count;
}

static u32 fuzz_version(u8 *p)
{
	static const char json[] = "{\"capabilities\":{\"max_msg_fds\":8,\"a\":[1,\"\\u1234\"]}}";
	u32 i, n = rnd(4);

	memset(p, 0, 4);
	p[2] = rnd(3);
	memcpy(p + 4, json, sizeof(json));
	for (i = 0; i < n; i++)
		p[4 + rnd(sizeof(json))] = rnd(256);
	return 4 + rnd(sizeof(json) + 1);
}

/* Makes a payload that is nearly right; returns its size, and in @fds how many to send. */
static u32 fuzz_payload(u16 command, u8 *p, u32 *fds)
{
	struct vfio_user_dma_map *map = (void *)p;
	struct vfio_irq_set *set = (void *)p;
	struct vfio_user_region_access *access = (void *)p;

	switch (command) {
	case VFIO_USER_VERSION:
		return fuzz_version(p);
	case VFIO_USER_DMA_MAP:
		*map = (struct vfio_user_dma_map){ 32, rnd(8) ? 3 : rnd(8), rnd(16) * 4096,
						   rnd(64) * 4096, rnd(16) * 4096 };
		if (!rnd(8))
			map->iova = rnd_value();
		if (!rnd(8))
			map->size = rnd_value();
		*fds = rnd(8) ? 1 : rnd(3);
		return 32;
	case VFIO_USER_DMA_UNMAP:
		*(struct vfio_user_dma_unmap *)p = (struct vfio_user_dma_unmap){
			24, rnd(8) ? 0 : rnd(4), rnd(64) * 4096, rnd(32) * 4096 };
		return 24;
	case VFIO_USER_DEVICE_GET_REGION_INFO:
	case VFIO_USER_DEVICE_GET_IRQ_INFO:
		memset(p, 0, 32);
		put32(p, 32);
		put32(p + 8, rnd(12));
		return command == VFIO_USER_DEVICE_GET_REGION_INFO ? 32 : 16;
	case VFIO_USER_DEVICE_SET_IRQS:
		*set = (struct vfio_irq_set){ 20, rnd(2) ? 0x24 : rnd(64), rnd(4) ? 2 : rnd(7),
					      rnd(5), rnd(6) };
		*fds = rnd(2) ? set->count : rnd(12);
		return 20 + (rnd(4) ? 0 : rnd(6));
	case VFIO_USER_REGION_READ:
		access->region = rnd(3) ? CONFIG : rnd(10);
		access->offset = rnd(4) ? rnd(4096) : rnd_value();
		access->count = rnd(4) ? rnd(9) : rnd(5000);
		return 16;
	case VFIO_USER_REGION_WRITE:
		return fuzz_region_write(p);
	default:
		return rnd(2) ? 0 : 16;
	}
}

struct fuzz {
	struct session *s;
	int memory;
	int junk[64];
	u32 sent;
	u32 answered;
	u32 succeeded;
};

static void reconnect(struct fuzz *z)
{
	session_disconnect(z->s);
	session_connect(z->s);
	if (rnd(8))
		negotiate(z->s);
}

/* Random messages alone would hardly ever start a job that finds its memory. */
static void run_random_job(struct fuzz *z)
{
	const u32 registers[][2] = {
		{ MODEL_REG_SRC, rnd(64) * 4096 + rnd(4096) },
		{ MODEL_REG_SRC + 4, 0 },
		{ MODEL_REG_DST, rnd(64) * 4096 + rnd(4096) },
		{ MODEL_REG_DST + 4, 0 },
		{ MODEL_REG_LEN, rnd(20000) },
		{ MODEL_REG_CTRL, MODEL_CTRL_GO | rnd(8) },
	};
	struct session *s = z->s;
	u32 i;

	region_write(s, CONFIG, PMCSR, 2, 0);
	region_write(s, CONFIG, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	for (i = 0; i < ARRAY_SIZE(registers); i++)
		region_write(s, BAR0, registers[i][0], 4, registers[i][1]);
	z->sent += 2 + ARRAY_SIZE(registers);
}

/* Returns true if the server must have closed the connection. */
static bool send_random(struct fuzz *z)
{
	static u8 message[16 + 8192];
	struct vfio_user_header header = { .id = 0x1234 };
	int fds[64];
	u32 count = 0, i;
	bool lost;

	header.command = rnd(3) ? VFIO_USER_REGION_WRITE : rnd(30) ? 1 + rnd(15) : rnd(65536);
	header.size = 16 + fuzz_payload(header.command, message + 16, &count);
	if (!rnd(20))
		count = rnd(20);
	if (!rnd(20))
		header.size = 16 + rnd(4096);
	if (!rnd(50))
		header.flags = rnd(64);
	for (i = 0; i < count; i++)
		fds[i] = rnd(8) ? z->memory : z->junk[rnd(ARRAY_SIZE(z->junk))];
	i = header.size;
	if (!rnd(300))
		header.size = rnd(2) ? rnd(16) : ~0U - rnd(1000);
	lost = header.size != i;
	memcpy(message, &header, 16);
	send_raw(z->s, message, lost ? 16 : i, fds, count);
	z->sent++;
	if (lost)
		return true;
	if (header.flags & VFIO_USER_FLAGS_NO_REPLY || (header.flags & 0xf) == 1)
		return false;
	z->succeeded += !reply(z->s, header.command);
	z->answered++;
	return false;
}

static void count_events(const char *text, u64 *lines, u64 *moments)
{
	for (; *text; text = strchr(text, '\n') + 1) {
		const char *end = strchr(text, '\n');
		const char *totals = strstr(text, ",\"requests\":");
		unsigned long long r, x, m;

		assert_non_null(end);
		assert_memory_equal(text, "{\"seq\":", 7);
		assert_int_equal(strtoull(text + 7, NULL, 10), *lines);
		++*lines;
		assert_true(totals && totals < end);
		assert_int_equal(sscanf(totals, ",\"requests\":%llu,\"no_snoop_requests\":%llu,"
					"\"moments\":%llu}", &r, &x, &m), 3);
		assert_true(x <= r);
		if (!strncmp(strstr(text, "\"event\":"), "\"event\":\"moment\"", 16))
			++*moments;
		assert_int_equal(m, *moments);
	}
}

static void random_messages(void **state)
{
	struct session *s = *state;
	struct fuzz z = { .s = s, .memory = memory_file(64 * 4096) };
	const char *seed = getenv("FUZZ_SEED");
	u64 lines = 0, moments = 0;
	u32 i, value;

	random_state = seed ? strtoull(seed, NULL, 0) | 1 : 20250101;
	for (i = 0; i < ARRAY_SIZE(z.junk); i++)
		z.junk[i] = i % 2 ? eventfd(0, 0) : open("/dev/null", O_RDWR | O_CLOEXEC);
	negotiate(s);
	while (z.sent < MESSAGES) {
		if (send_random(&z)) {
			assert_true(closed(s));
			reconnect(&z);
		} else if (!rnd(500)) {
			reconnect(&z);
		} else if (!rnd(20)) {
			run_random_job(&z);
		}
		if (rnd(500))
			continue;
		/* When this is answered, whatever the answer is, no line of the log is being written. */
		region_read(s, CONFIG, 0, 4, &value);
		count_events(take_log(s->f), &lines, &moments);
	}
	session_disconnect(s);
	count_events(take_log(s->f), &lines, &moments);
	print_message("# %u messages: %u answered, %u of them without error; "
		      "%llu requests, %llu moments\n", z.sent, z.answered, z.succeeded,
		      s->f->log.totals.requests, s->f->log.totals.moments);

	/* The messages must have reached every part, or the run has proved nothing. */
	assert_in_range(z.succeeded, MESSAGES / 5, z.answered - MESSAGES / 10);
	assert_in_range(s->f->log.totals.requests, 50, MESSAGES);
	assert_in_range(s->f->log.totals.no_snoop_requests, 10, s->f->log.totals.requests - 10);
	assert_int_equal(s->f->log.totals.moments, moments);
	assert_in_range(moments, 50, MESSAGES);

	close(z.memory);
	for (i = 0; i < ARRAY_SIZE(z.junk); i++)
		close(z.junk[i]);
	session_connect(s);
	negotiate(s);
	assert_int_equal(call(s, VFIO_USER_DEVICE_RESET, NULL, 0), 0);
	assert_alive(s);
}

/* Only random bytes on the socket */
static void random_bytes(void **state)
{
	struct session *s = *state;
	u32 i, j;
	u8 noise[256];

	random_state = 7;
	for (i = 0; i < 300; i++) {
		for (j = 0; j < sizeof(noise); j++)
			noise[j] = rnd(256);
		if (i % 3 == 0)
			put32(noise + 4, 16 + rnd(300));
		send_raw(s, noise, 1 + rnd(sizeof(noise)), NULL, 0);
		session_disconnect(s);
		session_connect(s);
	}
	negotiate(s);
	assert_alive(s);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test_setup_teardown(random_messages, session_setup, session_teardown),
	cmocka_unit_test_setup_teardown(random_bytes, session_setup, session_teardown),
};

RUN_TESTS(tests)
