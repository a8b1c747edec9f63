/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Config space in BARs: which functions have it where, and how an access to
 * such a BAR is cut.
 */
#ifndef NOSNOOP_MIRROR_H
#define NOSNOOP_MIRROR_H

#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/types.h>

struct pci_dev;

/* Those of the table and those named by hand, for one function */
#define NOSNOOP_MIRRORS_MAX	8

/**
 * struct nosnoop_mirror - where config space is in a BAR
 * @offset: bytes from the BAR's start
 * @size: bytes, from the start of config space
 * @bar: the BAR's number, which is a memory BAR
 * @sibling: it is the config space of another function, which may be another
 *	     user's, or the host's
 */
struct nosnoop_mirror {
	u64 offset;
	u32 size;
	u8 bar;
	bool sibling;
};

/**
 * struct nosnoop_mirrors - all ways to config space in a function's BARs
 * @list: mirrors
 * @count: how many
 * @windows: I/O BARs with an index and its data, a bit for each
 */
struct nosnoop_mirrors {
	struct nosnoop_mirror list[NOSNOOP_MIRRORS_MAX];
	unsigned int count;
	u8 windows;
};

/**
 * nosnoop_mirror_segment() - How much of an access is all in a mirror, or none
 * @mirrors: the function's
 * @bar: which BAR
 * @pos: where in it the access starts
 * @count: its length in bytes, at least 1
 * @mirror: the mirror that the first bytes are in, or NULL
 *
 * Return: bytes, at least 1 and at most @count.
 */
static inline size_t
nosnoop_mirror_segment(const struct nosnoop_mirrors *mirrors, unsigned int bar,
		       u64 pos, size_t count,
		       const struct nosnoop_mirror **mirror)
{
	const struct nosnoop_mirror *each;
	unsigned int i;

	*mirror = NULL;
	for (i = 0; i < mirrors->count; i++) {
		each = &mirrors->list[i];
		if (each->bar != bar || pos >= each->offset + each->size)
			continue;
		if (pos >= each->offset) {
			*mirror = each;
			return min(count, each->offset + each->size - pos);
		}
		count = min(count, each->offset - pos);
	}

	return count;
}

/**
 * nosnoop_mirror_pages() - The next pages of a BAR that a mirror is in
 * @mirrors: the function's
 * @bar: which BAR
 * @pos: where in it to start; pages that end behind this are found
 * @start: where they start, maybe before @pos
 * @end: where they end
 *
 * Return: whether there are any.
 */
static inline bool nosnoop_mirror_pages(const struct nosnoop_mirrors *mirrors,
					unsigned int bar, u64 pos, u64 *start,
					u64 *end)
{
	const struct nosnoop_mirror *each;
	u64 each_start, each_end;
	bool found = false;
	unsigned int i;

	for (i = 0; i < mirrors->count; i++) {
		each = &mirrors->list[i];
		each_start = round_down(each->offset, PAGE_SIZE);
		each_end = round_up(each->offset + each->size, PAGE_SIZE);
		if (each->bar != bar || each_end <= pos ||
		    (found && each_start >= *start))
			continue;
		*start = each_start;
		*end = each_end;
		found = true;
	}

	return found;
}

/**
 * nosnoop_mirror_shares_page() - Whether a range has a page with a mirror in it
 * @mirrors: the function's
 * @bar: which BAR
 * @pos: where in it the range starts
 * @count: its length in bytes, at least 1
 *
 * Return: whether it does.
 */
static inline bool
nosnoop_mirror_shares_page(const struct nosnoop_mirrors *mirrors,
			   unsigned int bar, u64 pos, u64 count)
{
	u64 start, end;

	/* No sum of @pos and @count, which a user may have chosen */
	return nosnoop_mirror_pages(mirrors, bar, pos, &start, &end) &&
	       (start <= pos || start - pos < count);
}

int nosnoop_mirrors_parse(char *text);
int nosnoop_mirrors_find(struct pci_dev *pdev, struct nosnoop_mirrors *mirrors);

#endif /* NOSNOOP_MIRROR_H */
