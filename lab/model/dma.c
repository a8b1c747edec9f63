// SPDX-License-Identifier: GPL-2.0-only
#include "dma.h"

#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "registers.h"

/*
 * A file is known while it is mapped, or while DRAM holds something of it. It is open only
 * while it is mapped, so that guest memory can be freed.
 */
struct dma_file {
	struct dma_file *next;
	dev_t dev;
	ino_t ino;
	int fd;			/* -1 while not mapped */
	bool writable;
	u32 maps;
	u32 pages;
};

struct dma_page {
	struct dma_page *next;
	struct dma_file *file;
	u64 index;
	u8 data[DMA_PAGE];
};

struct dma_range {
	u64 first;		/* IOVA */
	u64 last;		/* inclusive: a range may end at 2^64 */
	u64 offset;
	struct dma_file *file;	/* NULL: cannot be reached */
	u32 flags;
};

/* Ranges in the tree never overlap, so a range that overlaps counts as equal. */
static int compare(const void *left, const void *right)
{
	const struct dma_range *l = left, *r = right;

	if (l->last < r->first)
		return -1;
	return l->first > r->last;
}

static struct dma_range *find(struct dma *dma, u64 first, u64 last)
{
	struct dma_range key = { .first = first, .last = last };
	struct dma_range **node = tfind(&key, &dma->maps, compare);

	return node ? *node : NULL;
}

int dma_init(struct dma *dma)
{
	memset(dma, 0, sizeof(*dma));
	dma->seen = malloc(MODEL_DMA_MAX);
	dma->data = malloc(MODEL_DMA_MAX);
	if (!dma->seen || !dma->data) {
		dma_destroy(dma);
		return -ENOMEM;
	}
	return 0;
}

void dma_destroy(struct dma *dma)
{
	dma_forget(dma);
	free(dma->seen);
	free(dma->data);
	dma->seen = NULL;
	dma->data = NULL;
}

/* Files */

static void free_file_if_unused(struct dma *dma, struct dma_file *file)
{
	struct dma_file **link = &dma->files;

	if (file->maps || file->pages)
		return;
	while (*link != file)
		link = &(*link)->next;
	*link = file->next;
	free(file);
}

static void put_file(struct dma *dma, struct dma_file *file)
{
	if (!file || --file->maps)
		return;
	close(file->fd);
	file->fd = -1;
	dma->files_open--;
	free_file_if_unused(dma, file);
}

static struct dma_file *known_file(struct dma *dma, const struct stat *st)
{
	struct dma_file *file;

	for (file = dma->files; file; file = file->next)
		if (file->dev == st->st_dev && file->ino == st->st_ino)
			return file;
	file = calloc(1, sizeof(*file));
	if (!file)
		return NULL;
	file->dev = st->st_dev;
	file->ino = st->st_ino;
	file->fd = -1;
	file->next = dma->files;
	dma->files = file;
	return file;
}

/*
 * Keeps one descriptor per file, however often the file is mapped: the first one, until
 * one comes that can do more. Takes @fd.
 */
static int get_file(struct dma *dma, int fd, struct dma_file **result)
{
	int mode = fcntl(fd, F_GETFL), ret = -EINVAL;
	struct dma_file *file;
	struct stat st;
	bool writable;

	/* Only files on which pread() cannot block; O_APPEND ignores offsets. */
	if (mode < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode) || mode & O_APPEND)
		goto out_close;
	ret = -ENOMEM;
	file = known_file(dma, &st);
	if (!file)
		goto out_close;
	ret = -ENOSPC;
	if (file->fd < 0 && dma->files_open >= DMA_FILES_MAX) {
		free_file_if_unused(dma, file);
		goto out_close;
	}

	writable = (mode & O_ACCMODE) == O_RDWR;
	file->maps++;
	*result = file;
	ret = 0;
	if (file->fd >= 0 && (file->writable || !writable))
		goto out_close;
	if (file->fd >= 0)
		close(file->fd);
	else
		dma->files_open++;
	file->fd = fd;
	file->writable = writable;
	return 0;

out_close:
	close(fd);
	return ret;
}

/* Mappings */

static bool bad_range(u64 start, u64 size)
{
	return !size || start + (size - 1) < start;
}

int dma_map(struct dma *dma, u64 iova, u64 size, u32 flags, int fd, u64 offset)
{
	struct dma_range *range = NULL;
	int ret = -EINVAL;

	if (bad_range(iova, size) || !flags || flags & ~(DMA_READ | DMA_WRITE))
		goto err_close;
	if (fd >= 0 && (bad_range(offset, size) || (offset + (size - 1)) >> 62))
		goto err_close;
	ret = -EEXIST;
	if (find(dma, iova, iova + (size - 1)))
		goto err_close;
	ret = -ENOSPC;
	if (dma->maps_count >= DMA_MAPS_MAX)
		goto err_close;

	ret = -ENOMEM;
	range = calloc(1, sizeof(*range));
	if (!range)
		goto err_close;
	range->first = iova;
	range->last = iova + (size - 1);
	range->offset = offset;
	range->flags = flags;
	if (fd >= 0) {
		ret = get_file(dma, fd, &range->file);
		fd = -1;
		if (ret)
			goto err_close;
	}
	if (!tsearch(range, &dma->maps, compare)) {
		put_file(dma, range->file);
		ret = -ENOMEM;
		goto err_close;
	}
	dma->maps_count++;
	return 0;

err_close:
	free(range);
	if (fd >= 0)
		close(fd);
	return ret;
}

static void unmap_one(struct dma *dma, struct dma_range *range)
{
	tdelete(range, &dma->maps, compare);
	put_file(dma, range->file);
	free(range);
	dma->maps_count--;
}

static void unmap_inside(struct dma *dma, u64 first, u64 last)
{
	struct dma_range *range;

	while ((range = find(dma, first, last)))
		unmap_one(dma, range);
}

int dma_unmap(struct dma *dma, u64 iova, u64 size)
{
	struct dma_range *range;
	u64 last;

	if (bad_range(iova, size))
		return -EINVAL;
	last = iova + (size - 1);
	range = find(dma, iova, iova);
	if (range && range->first < iova)
		return -EINVAL;
	range = find(dma, last, last);
	if (range && range->last > last)
		return -EINVAL;
	unmap_inside(dma, iova, last);
	return 0;
}

void dma_unmap_all(struct dma *dma)
{
	unmap_inside(dma, 0, ~0ULL);
}

void dma_forget(struct dma *dma)
{
	struct dma_page *page;
	u32 i;

	dma_unmap_all(dma);
	for (i = 0; i < DMA_BUCKETS; i++) {
		while ((page = dma->pages[i])) {
			dma->pages[i] = page->next;
			page->file->pages--;
			free_file_if_unused(dma, page->file);
			free(page);
		}
	}
	dma->pages_count = 0;
}

/* What DRAM holds */

static struct dma_page **bucket(struct dma *dma, struct dma_file *file, u64 index)
{
	u64 hash = (index + 1) * 0x9e3779b97f4a7c15ULL ^ (u64)file->ino << 16;

	return &dma->pages[(hash >> 32) % DMA_BUCKETS];
}

static struct dma_page *find_page(struct dma *dma, struct dma_file *file, u64 index)
{
	struct dma_page *page = *bucket(dma, file, index);

	while (page && (page->file != file || page->index != index))
		page = page->next;
	return page;
}

static struct dma_page *add_page(struct dma *dma, struct dma_file *file, u64 index)
{
	struct dma_page **head = bucket(dma, file, index);
	struct dma_page *page;

	if (dma->pages_count >= DMA_PAGES_MAX)
		return NULL;
	page = calloc(1, sizeof(*page));
	if (!page)
		return NULL;
	page->file = file;
	page->index = index;
	page->next = *head;
	*head = page;
	file->pages++;
	dma->pages_count++;
	return page;
}

static bool all_zero(const u8 *data, u32 count)
{
	while (count--)
		if (*data++)
			return false;
	return true;
}

static u32 within_page(u64 offset, u32 count)
{
	u32 room = DMA_PAGE - offset % DMA_PAGE;

	return count < room ? count : room;
}

static bool dram_write(struct dma *dma, struct dma_file *file, u64 offset,
		       const u8 *data, u32 count)
{
	while (count) {
		u32 n = within_page(offset, count);
		struct dma_page *page = find_page(dma, file, offset / DMA_PAGE);

		/* A page that is not stored holds zeros already. */
		if (!page && !all_zero(data, n)) {
			page = add_page(dma, file, offset / DMA_PAGE);
			if (!page)
				return false;
		}
		if (page)
			memcpy(page->data + offset % DMA_PAGE, data, n);
		offset += n;
		data += n;
		count -= n;
	}
	return true;
}

static void dram_read(struct dma *dma, struct dma_file *file, u64 offset,
		      u8 *data, u32 count)
{
	while (count) {
		u32 n = within_page(offset, count);
		struct dma_page *page = find_page(dma, file, offset / DMA_PAGE);

		if (page)
			memcpy(data, page->data + offset % DMA_PAGE, n);
		else
			memset(data, 0, n);
		offset += n;
		data += n;
		count -= n;
	}
}

/* A job */

/* All of it, by pread() or pwrite(). Not by mmap(), because a file may be cut short. */
static bool file_io(int fd, u64 offset, u8 *data, u32 count, bool write)
{
	while (count) {
		ssize_t n = write ? pwrite(fd, data, count, offset) :
				    pread(fd, data, count, offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		offset += n;
		data += n;
		count -= n;
	}
	return true;
}

/* The part of a request that is in one mapping */
struct piece {
	struct dma_file *file;
	u64 offset;
	u32 count;
};

static const char *next_piece(struct dma *dma, u64 addr, u32 len, u32 flag,
			      struct piece *piece)
{
	struct dma_range *range = find(dma, addr, addr);

	if (!range)
		return "not mapped";
	if (!(range->flags & flag))
		return "mapped without the permission";
	if (!range->file)
		return "mapped without a file descriptor";
	piece->file = range->file;
	piece->offset = range->offset + (addr - range->first);
	piece->count = range->last - addr < len ? range->last - addr + 1 : len;
	return NULL;
}

/* A request is done whole or not at all, so this is asked before the first byte moves. */
static const char *check(struct dma *dma, u64 addr, u32 len, u32 flag)
{
	struct piece piece;
	const char *why;
	struct stat st;

	if (addr + (len - 1) < addr)
		return "beyond the end of the address space";
	for (; len; addr += piece.count, len -= piece.count) {
		why = next_piece(dma, addr, len, flag, &piece);
		if (why)
			return why;
		/* A write past the end would make the file grow. */
		if (fstat(piece.file->fd, &st) ||
		    piece.offset + piece.count > (u64)st.st_size)
			return "beyond the end of the file behind it";
	}
	return NULL;
}

static const char *read_request(struct dma *dma, u64 addr, u32 len,
				bool no_snoop, u32 *stale)
{
	const char *why = check(dma, addr, len, DMA_READ);
	u8 *seen = dma->seen, *data = dma->data;
	struct piece piece;
	u32 i;

	for (; !why && len; addr += piece.count, len -= piece.count) {
		why = next_piece(dma, addr, len, DMA_READ, &piece);
		if (why)
			break;
		if (!file_io(piece.file->fd, piece.offset, seen, piece.count, false))
			return "its file cannot be read";
		if (no_snoop) {
			dram_read(dma, piece.file, piece.offset, data, piece.count);
			for (i = 0; i < piece.count; i++)
				*stale += data[i] != seen[i];
		} else {
			memcpy(data, seen, piece.count);
			if (!dram_write(dma, piece.file, piece.offset, data,
					piece.count))
				return "too much memory touched for the simulation";
		}
		seen += piece.count;
		data += piece.count;
	}
	return why;
}

static const char *write_request(struct dma *dma, u64 addr, u32 len)
{
	const char *why = check(dma, addr, len, DMA_WRITE);
	u8 *data = dma->data;
	struct piece piece;

	for (; !why && len; addr += piece.count, len -= piece.count) {
		why = next_piece(dma, addr, len, DMA_WRITE, &piece);
		if (why)
			break;
		if (!file_io(piece.file->fd, piece.offset, data, piece.count, true))
			return "its file cannot be written";
		if (!dram_write(dma, piece.file, piece.offset, data, piece.count))
			return "too much memory touched for the simulation";
		data += piece.count;
	}
	return why;
}

void dma_copy(struct dma *dma, u64 src, u64 dst, u32 len, bool no_snoop,
	      struct dma_result *result)
{
	memset(result, 0, sizeof(*result));
	result->requests = 1;
	result->status = MODEL_STATUS_BAD_ADDRESS;
	result->why = read_request(dma, src, len, no_snoop, &result->stale_bytes);
	if (result->why)
		return;
	result->requests = 2;
	result->why = write_request(dma, dst, len);
	if (!result->why)
		result->status = MODEL_STATUS_DONE;
}
