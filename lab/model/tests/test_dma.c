// SPDX-License-Identifier: GPL-2.0-only
#include "harness.h"

#include <fcntl.h>

#define RW	(DMA_READ | DMA_WRITE)
#define SIZE	(16 * DMA_PAGE)

struct memory {
	struct dma dma;
	struct dma_result result;
	int fd;			/* the test's own; mappings get duplicates */
	u32 fds_before;
};

static int memory_setup(void **state)
{
	struct memory *m = calloc(1, sizeof(*m));

	m->fds_before = open_fds();
	m->fd = memory_file(SIZE);
	assert_int_equal(dma_init(&m->dma), 0);
	*state = m;
	return 0;
}

static int memory_teardown(void **state)
{
	struct memory *m = *state;

	dma_destroy(&m->dma);
	close(m->fd);
	assert_int_equal(open_fds(), m->fds_before);
	free(m);
	return 0;
}

static int map(struct memory *m, u64 iova, u64 size, u32 flags, u64 offset)
{
	return dma_map(&m->dma, iova, size, flags, dup(m->fd), offset);
}

static u32 copy(struct memory *m, u64 src, u64 dst, u32 len, bool no_snoop)
{
	dma_copy(&m->dma, src, dst, len, no_snoop, &m->result);
	return m->result.status;
}

static void copies(void **state)
{
	struct memory *m = *state;
	u32 i;

	assert_int_equal(map(m, 0x100000, SIZE, RW, 0), 0);
	for (i = 0; i < 5000; i++)
		fill(m->fd, 100 + i, i * 7 + 1, 1);
	assert_int_equal(copy(m, 0x100000 + 100, 0x100000 + 20001, 5000, false),
			 MODEL_STATUS_DONE);
	assert_int_equal(m->result.requests, 2);
	assert_int_equal(m->result.stale_bytes, 0);
	assert_null(m->result.why);
	for (i = 0; i < 5000; i++)
		assert_int_equal(peek(m->fd, 20001 + i), (u8)(i * 7 + 1));
	assert_int_equal(peek(m->fd, 20000), 0);
	assert_int_equal(peek(m->fd, 25001), 0);
}

/* As memmove() would: the read is over before the write begins. */
static void overlapping(void **state)
{
	struct memory *m = *state;

	map(m, 0, SIZE, RW, 0);
	fill(m->fd, 0, 1, 8);
	fill(m->fd, 8, 2, 8);
	assert_int_equal(copy(m, 0, 8, 16, false), MODEL_STATUS_DONE);
	assert_int_equal(peek(m->fd, 8), 1);
	assert_int_equal(peek(m->fd, 15), 1);
	assert_int_equal(peek(m->fd, 16), 2);
	assert_int_equal(peek(m->fd, 23), 2);
}

/* Maps pages in reverse, so that neighbours in IOVA are not neighbours in the file. */
static void straddling_mappings(void **state)
{
	struct memory *m = *state;
	u32 i;

	for (i = 0; i < 4; i++)
		assert_int_equal(map(m, 0x10000 + i * DMA_PAGE, DMA_PAGE, RW,
				     (3 - i) * DMA_PAGE), 0);
	assert_int_equal(map(m, 0x80000, SIZE - 4 * DMA_PAGE, RW, 4 * DMA_PAGE), 0);
	for (i = 0; i < 4; i++)
		fill(m->fd, i * DMA_PAGE, 0x10 + i, DMA_PAGE);
	assert_int_equal(copy(m, 0x10000 + 10, 0x80000, 4 * DMA_PAGE - 20, false),
			 MODEL_STATUS_DONE);
	assert_int_equal(peek(m->fd, 4 * DMA_PAGE), 0x13);
	assert_int_equal(peek(m->fd, 5 * DMA_PAGE - 11), 0x13);
	assert_int_equal(peek(m->fd, 5 * DMA_PAGE - 10), 0x12);
	assert_int_equal(peek(m->fd, 8 * DMA_PAGE - 21), 0x10);
	assert_int_equal(peek(m->fd, 8 * DMA_PAGE - 20), 0);

	/* The mapping is one byte too short. */
	assert_int_equal(copy(m, 0x10000, 0x80000, DMA_PAGE - 1, false), MODEL_STATUS_DONE);
	assert_int_equal(peek(m->fd, 5 * DMA_PAGE - 2), 0x13);
	assert_int_equal(peek(m->fd, 5 * DMA_PAGE - 1), 0x12);

	/* With a hole in the destination, nothing is written. */
	assert_int_equal(dma_unmap(&m->dma, 0x12000, DMA_PAGE), 0);
	assert_int_equal(copy(m, 0x80000, 0x10000, 4 * DMA_PAGE, false),
			 MODEL_STATUS_BAD_ADDRESS);
	assert_int_equal(m->result.requests, 2);
	assert_int_equal(peek(m->fd, 3 * DMA_PAGE), 0x13);
	/* With a hole in the source, the write is never sent. */
	assert_int_equal(copy(m, 0x10000, 0x80000, 4 * DMA_PAGE, false),
			 MODEL_STATUS_BAD_ADDRESS);
	assert_int_equal(m->result.requests, 1);
	assert_string_equal(m->result.why, "not mapped");
}

static void permissions(void **state)
{
	struct memory *m = *state;

	map(m, 0x10000, DMA_PAGE, DMA_READ, 0);
	map(m, 0x20000, DMA_PAGE, DMA_WRITE, DMA_PAGE);
	fill(m->fd, 0, 0xaa, 16);
	assert_int_equal(copy(m, 0x20000, 0x10000, 16, false), MODEL_STATUS_BAD_ADDRESS);
	assert_int_equal(m->result.requests, 1);
	assert_string_equal(m->result.why, "mapped without the permission");
	assert_int_equal(copy(m, 0x10000, 0x10000, 16, false), MODEL_STATUS_BAD_ADDRESS);
	assert_int_equal(m->result.requests, 2);
	assert_int_equal(peek(m->fd, DMA_PAGE), 0);
	assert_int_equal(copy(m, 0x10000, 0x20000, 16, false), MODEL_STATUS_DONE);
	assert_int_equal(peek(m->fd, DMA_PAGE), 0xaa);
}

static void overflowing_addresses(void **state)
{
	struct memory *m = *state;
	const u64 top = 0 - (u64)DMA_PAGE;

	/* The last page of the address space works like others. */
	assert_int_equal(map(m, top, DMA_PAGE, RW, 0), 0);
	assert_int_equal(map(m, 0, DMA_PAGE, RW, DMA_PAGE), 0);
	fill(m->fd, 0, 3, DMA_PAGE);
	assert_int_equal(copy(m, top, 0, DMA_PAGE, false), MODEL_STATUS_DONE);
	assert_int_equal(peek(m->fd, 2 * DMA_PAGE - 1), 3);
	assert_int_equal(copy(m, top, 0, DMA_PAGE + 1, false), MODEL_STATUS_BAD_ADDRESS);
	assert_string_equal(m->result.why, "beyond the end of the address space");
	assert_int_equal(copy(m, 0, ~0ULL, 2, false), MODEL_STATUS_BAD_ADDRESS);

	assert_int_equal(map(m, ~0ULL, 2, RW, 0), -EINVAL);
	assert_int_equal(map(m, 0x10000, 0, RW, 0), -EINVAL);
	assert_int_equal(map(m, 0x10000, ~0ULL, RW, 0), -EINVAL);
	assert_int_equal(map(m, 0x10000, DMA_PAGE, RW, ~0ULL - 5), -EINVAL);
	assert_int_equal(map(m, 0x10000, DMA_PAGE, RW, 1ULL << 63), -EINVAL);
	assert_int_equal(map(m, 0x10000, DMA_PAGE, 0, 0), -EINVAL);
	assert_int_equal(map(m, 0x10000, DMA_PAGE, 4, 0), -EINVAL);
	assert_int_equal(dma_unmap(&m->dma, 0x10000, 0), -EINVAL);
	assert_int_equal(dma_unmap(&m->dma, 0x10000, ~0ULL), -EINVAL);
	assert_int_equal(m->dma.maps_count, 2);
}

static void map_and_unmap(void **state)
{
	struct memory *m = *state;

	assert_int_equal(map(m, 0x10000, 0x3000, RW, 0), 0);
	assert_int_equal(map(m, 0x12000, 0x1000, RW, 0), -EEXIST);
	assert_int_equal(map(m, 0xf000, 0x10000, RW, 0), -EEXIST);
	assert_int_equal(map(m, 0x13000, 0x1000, RW, 0), 0);
	assert_int_equal(m->dma.files_open, 1);

	/* It is no error if there is no mapping, but one if a mapping would be cut. */
	assert_int_equal(dma_unmap(&m->dma, 0x50000, 0x1000), 0);
	assert_int_equal(dma_unmap(&m->dma, 0x10000, 0x1000), -EINVAL);
	assert_int_equal(dma_unmap(&m->dma, 0x11000, 0x3000), -EINVAL);
	assert_int_equal(m->dma.maps_count, 2);
	assert_int_equal(dma_unmap(&m->dma, 0x0, 0x100000), 0);
	assert_int_equal(m->dma.maps_count, 0);
	assert_int_equal(m->dma.files_open, 0);
	assert_int_equal(copy(m, 0x10000, 0x11000, 16, false), MODEL_STATUS_BAD_ADDRESS);
	assert_int_equal(map(m, 0x10000, 0x3000, RW, 0), 0);
	dma_unmap_all(&m->dma);
	assert_int_equal(m->dma.maps_count, 0);
}

static void without_descriptor(void **state)
{
	struct memory *m = *state;

	assert_int_equal(dma_map(&m->dma, 0, DMA_PAGE, RW, -1, 0), 0);
	assert_int_equal(copy(m, 0, 8, 8, false), MODEL_STATUS_BAD_ADDRESS);
	assert_string_equal(m->result.why, "mapped without a file descriptor");
	assert_int_equal(dma_unmap(&m->dma, 0, DMA_PAGE), 0);
}

/* Only regular files are taken, and only those in which an offset has its meaning. */
static void unfit_descriptors(void **state)
{
	struct memory *m = *state;
	char path[64];
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(dma_map(&m->dma, 0, DMA_PAGE, RW, fds[0], 0), -EINVAL);
	assert_int_equal(dma_map(&m->dma, 0, DMA_PAGE, RW, fds[1], 0), -EINVAL);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", m->fd);
	assert_int_equal(dma_map(&m->dma, 0, DMA_PAGE, RW,
				 open(path, O_RDWR | O_APPEND), 0), -EINVAL);
	assert_int_equal(dma_map(&m->dma, 0, DMA_PAGE, RW, 12345, 0), -EINVAL);
	assert_int_equal(m->dma.maps_count, 0);
}

/* There is one descriptor per file. One that can be written replaces a read-only one. */
static void descriptors_are_shared(void **state)
{
	struct memory *m = *state;
	u32 before = open_fds(), i;
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", m->fd);
	assert_int_equal(dma_map(&m->dma, 0, DMA_PAGE, RW, open(path, O_RDONLY), 0), 0);
	assert_int_equal(copy(m, 0, 16, 16, false), MODEL_STATUS_BAD_ADDRESS);
	assert_string_equal(m->result.why, "its file cannot be written");
	for (i = 1; i < 3000; i++)
		assert_int_equal(map(m, i * (u64)DMA_PAGE, DMA_PAGE, RW, 0), 0);
	assert_int_equal(open_fds(), before + 1);
	assert_int_equal(copy(m, 0, 16, 16, false), MODEL_STATUS_DONE);
	assert_int_equal(dma_unmap(&m->dma, 0, 2999ULL * DMA_PAGE), 0);
	assert_int_equal(open_fds(), before + 1);
	assert_int_equal(dma_unmap(&m->dma, 2999ULL * DMA_PAGE, DMA_PAGE), 0);
	assert_int_equal(open_fds(), before);
}

static void too_many_files(void **state)
{
	struct memory *m = *state;
	u32 i;

	for (i = 0; i < DMA_FILES_MAX; i++)
		assert_int_equal(dma_map(&m->dma, i * (u64)DMA_PAGE, DMA_PAGE, RW,
					 memory_file(DMA_PAGE), 0), 0);
	assert_int_equal(dma_map(&m->dma, i * (u64)DMA_PAGE, DMA_PAGE, RW,
				 memory_file(DMA_PAGE), 0), -ENOSPC);
	assert_int_equal(dma_unmap(&m->dma, 0, DMA_PAGE), 0);
	assert_int_equal(dma_map(&m->dma, i * (u64)DMA_PAGE, DMA_PAGE, RW,
				 memory_file(DMA_PAGE), 0), 0);
}

/* A client may cut the file short at any time, and a write must not extend it. */
static void truncated_file(void **state)
{
	struct memory *m = *state;
	struct stat st;

	map(m, 0, SIZE, RW, 0);
	assert_int_equal(ftruncate(m->fd, DMA_PAGE), 0);
	assert_int_equal(copy(m, 2 * DMA_PAGE, 0, 16, false), MODEL_STATUS_BAD_ADDRESS);
	assert_string_equal(m->result.why, "beyond the end of the file behind it");
	assert_int_equal(copy(m, 0, DMA_PAGE - 8, 16, false), MODEL_STATUS_BAD_ADDRESS);
	fstat(m->fd, &st);
	assert_int_equal(st.st_size, DMA_PAGE);
}

/* The simulation: see dma.h. */

static void untouched_dram_is_zero(void **state)
{
	struct memory *m = *state;

	map(m, 0, SIZE, RW, 0);
	fill(m->fd, 0, 0x55, 64);
	fill(m->fd, DMA_PAGE, 0x66, 64);
	assert_int_equal(copy(m, 0, DMA_PAGE, 64, true), MODEL_STATUS_DONE);
	assert_int_equal(m->result.stale_bytes, 64);
	assert_int_equal(peek(m->fd, DMA_PAGE), 0);
	assert_int_equal(peek(m->fd, DMA_PAGE + 63), 0);
	/* A byte that is 0 in both is not stale. */
	fill(m->fd, 3, 0, 1);
	copy(m, 0, DMA_PAGE, 64, true);
	assert_int_equal(m->result.stale_bytes, 63);
}

static void snooped_read_writes_back(void **state)
{
	struct memory *m = *state;

	map(m, 0, SIZE, RW, 0);
	fill(m->fd, 0, 0x55, 64);
	assert_int_equal(copy(m, 0, DMA_PAGE, 32, false), MODEL_STATUS_DONE);
	assert_int_equal(copy(m, 0, DMA_PAGE, 64, true), MODEL_STATUS_DONE);
	assert_int_equal(m->result.stale_bytes, 32);
	assert_int_equal(peek(m->fd, DMA_PAGE + 31), 0x55);
	assert_int_equal(peek(m->fd, DMA_PAGE + 32), 0);

	/* The CPU writes again: DRAM still holds the old bytes. */
	fill(m->fd, 0, 0x77, 32);
	assert_int_equal(copy(m, 0, DMA_PAGE, 32, true), MODEL_STATUS_DONE);
	assert_int_equal(m->result.stale_bytes, 32);
	assert_int_equal(peek(m->fd, DMA_PAGE), 0x55);
	/* Zeros that replace other bytes must be stored, too. */
	fill(m->fd, 0, 0, 32);
	copy(m, 0, DMA_PAGE, 32, false);
	copy(m, 0, DMA_PAGE, 32, true);
	assert_int_equal(m->result.stale_bytes, 0);
}

static void writes_reach_dram(void **state)
{
	struct memory *m = *state;
	u32 no_snoop;

	map(m, 0, SIZE, RW, 0);
	fill(m->fd, 0, 0x55, 64);
	copy(m, 0, DMA_PAGE, 64, false);
	for (no_snoop = 0; no_snoop < 2; no_snoop++) {
		assert_int_equal(copy(m, DMA_PAGE, (2 + no_snoop) * DMA_PAGE, 64, no_snoop),
				 MODEL_STATUS_DONE);
		copy(m, (2 + no_snoop) * DMA_PAGE, 5 * DMA_PAGE, 64, true);
		assert_int_equal(m->result.stale_bytes, 0);
		assert_int_equal(peek(m->fd, 5 * DMA_PAGE), 0x55);
	}
}

static void dram_belongs_to_the_file(void **state)
{
	struct memory *m = *state;
	int other = memory_file(SIZE);

	map(m, 0, SIZE, RW, 0);
	fill(m->fd, DMA_PAGE, 0x11, 16);
	copy(m, DMA_PAGE, 0, 16, false);
	fill(m->fd, DMA_PAGE, 0x22, 16);
	dma_unmap_all(&m->dma);

	/* The same with another IOVA, and with an offset that is not a whole page. */
	map(m, 0x900000, SIZE - 8, RW, 8);
	assert_int_equal(copy(m, 0x900000 + DMA_PAGE - 8, 0x900000, 16, true), MODEL_STATUS_DONE);
	assert_int_equal(m->result.stale_bytes, 16);
	assert_int_equal(peek(m->fd, 8), 0x11);

	/* Another file has DRAM of its own. */
	assert_int_equal(dma_map(&m->dma, 0, SIZE, RW, dup(other), 0), 0);
	fill(other, DMA_PAGE, 0x33, 16);
	copy(m, DMA_PAGE, 0, 16, true);
	assert_int_equal(peek(other, 0), 0);

	/* When a client leaves, its DRAM is forgotten. */
	dma_forget(&m->dma);
	assert_int_equal(m->dma.pages_count, 0);
	assert_null(m->dma.files);
	map(m, 0, SIZE, RW, 0);
	copy(m, DMA_PAGE, 0, 16, true);
	assert_int_equal(peek(m->fd, 0), 0);
	close(other);
}

/* As many 4 KiB mappings as a nested guest has, from the top down, as Linux makes them. */
static void many_mappings(void **state)
{
	struct memory *m = *state;
	const u32 n = 100000;
	u32 i;

	for (i = n; i > 0; i--)
		assert_int_equal(map(m, i * (u64)DMA_PAGE, DMA_PAGE, RW,
				     i % 16 * DMA_PAGE), 0);
	assert_int_equal(m->dma.maps_count, n);
	fill(m->fd, 5 * DMA_PAGE, 9, 16);
	assert_int_equal(copy(m, 16005ULL * DMA_PAGE, 32006ULL * DMA_PAGE, 16, false),
			 MODEL_STATUS_DONE);
	assert_int_equal(peek(m->fd, 6 * DMA_PAGE), 9);
	assert_int_equal(copy(m, DMA_PAGE, 5000ULL * DMA_PAGE, MODEL_DMA_MAX, false),
			 MODEL_STATUS_DONE);
	for (i = 1; i <= n; i += 2)
		assert_int_equal(dma_unmap(&m->dma, i * (u64)DMA_PAGE, DMA_PAGE), 0);
	assert_int_equal(m->dma.maps_count, n / 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, memory_setup, memory_teardown)

static const struct CMUnitTest tests[] = {
	TEST(copies),
	TEST(overlapping),
	TEST(straddling_mappings),
	TEST(permissions),
	TEST(overflowing_addresses),
	TEST(map_and_unmap),
	TEST(without_descriptor),
	TEST(unfit_descriptors),
	TEST(descriptors_are_shared),
	TEST(too_many_files),
	TEST(truncated_file),
	TEST(untouched_dram_is_zero),
	TEST(snooped_read_writes_back),
	TEST(writes_reach_dram),
	TEST(dram_belongs_to_the_file),
	TEST(many_mappings),
};

RUN_TESTS(tests)
