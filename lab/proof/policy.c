// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is proved of policy.h alone. CBMC calls each function prove_*() with parameters that
 * may have any value. It shows that no assertion can fail, or for which values one fails.
 * lab/proof/proofs.sh says what each function proves.
 */
#include "core.h"
#include "policy.h"

void prove_written_clear(u8 hw, u8 user)
{
	assert(!(nosnoop_hi_to_hw(hw, user) & EN));
}

void prove_written_without_flr(u8 hw, u8 user)
{
	assert(!(nosnoop_hi_to_hw(hw, user) & FLR));
}

void prove_shown_clear(u8 core, u8 hi)
{
	assert(!(nosnoop_hi_to_user(core, hi) & EN));
}

/* MRRS is shown as it was written. */
void prove_shown_as_core(u8 core, u8 hi)
{
	assert(nosnoop_hi_to_user(core, hi) == ((core & (u8)~(EN | MRRS)) | (hi & MRRS)));
}

void prove_readrq(u8 hi)
{
	int readrq = nosnoop_readrq(hi);

	assert(readrq >= 128 && readrq <= 16384);
	assert(!(readrq & (readrq - 1)));
}

/*
 * nosnoop_covers() is called before the range is checked, so @pos and @count may have any
 * value, and their sum may overflow. If the answer is yes, @i is the byte that was asked
 * for; if not, @i is any byte of the access.
 */
void prove_covers(size_t pos, size_t count, size_t byte, size_t i)
{
	if (nosnoop_covers(pos, count, byte)) {
		i = byte - pos;
		assert(pos <= byte && i < count);
	} else {
		assume(i < count && i <= SIZE_MAX - pos);
		assert(pos + i != byte);
	}
}

void prove_registers(size_t pos, size_t pm_pos)
{
	assume(pm_pos % 4 == 0 && pm_pos < PCI_CFG_SPACE_SIZE);
	assert(nosnoop_is_command(pos) == (pos / 2 == PCI_COMMAND / 2));
	assert(nosnoop_is_pm(pos, pm_pos) == (pm_pos && pos / 4 == pm_pos / 4));
}

/*
 * If a dword is left to the core, the driver does not care for any byte @at of it. If not,
 * it has such a byte: one of PCI_COMMAND, of PM_CTRL's dword, or the one with the bit.
 */
void prove_core(size_t pos, u8 exp_cap, size_t pm_pos, size_t at)
{
	size_t hi_pos = exp_cap + HI;

	assume(exp_cap >= PCI_STD_HEADER_SIZEOF && exp_cap % 4 == 0);
	assume(pm_pos % 4 == 0 && pm_pos < PCI_CFG_SPACE_SIZE);
	if (nosnoop_is_core(pos, hi_pos, pm_pos)) {
		assume(at / 4 == pos / 4);
		assert(at != PCI_COMMAND && at != PCI_COMMAND + 1 && at != hi_pos);
		assert(!nosnoop_is_command(at) && !nosnoop_is_pm(at, pm_pos));
	} else {
		assert(pos - pos % 4 == PCI_COMMAND || pos - pos % 4 == hi_pos - 1 ||
		       (pm_pos && pos - pos % 4 == pm_pos));
	}
}

/* A write that nosnoop_config_write() cuts, and where the device has its capability */
struct request {
	u8 exp_cap;
	u16 pos;
	u16 count;
};

static size_t hi_pos_of(struct request rq)
{
	assume(rq.exp_cap >= PCI_STD_HEADER_SIZEOF && rq.exp_cap % 4 == 0);
	return rq.exp_cap + HI;
}

/* The first segment */
static size_t segment_of(struct request rq)
{
	assume(rq.pos < PCI_CFG_SPACE_EXP_SIZE && rq.count >= 1 &&
	       rq.count <= PCI_CFG_SPACE_EXP_SIZE - rq.pos);

	return nosnoop_segment(rq.pos, rq.count, hi_pos_of(rq));
}

void prove_segment(struct request rq)
{
	size_t segment = segment_of(rq);

	assert(segment <= rq.count);
	assert(segment == 1 || segment == 2 || segment == 4);
	assert(rq.pos % segment == 0);
	/* The byte with the bit is written alone, and so is the one before it. */
	if (nosnoop_covers(rq.pos, segment, hi_pos_of(rq)) ||
	    nosnoop_covers(rq.pos, segment, hi_pos_of(rq) - 1))
		assert(segment == 1);
}

/* config.c tells by a segment's start whether it has a byte of one of these registers. */
void prove_segment_start(struct request rq, u16 at, size_t pm_pos)
{
	size_t segment = segment_of(rq);

	assume(pm_pos % 4 == 0 && pm_pos < PCI_CFG_SPACE_SIZE);
	assume(at >= rq.pos && at < rq.pos + segment);
	if (at == hi_pos_of(rq))
		assert(rq.pos == at);
	if (at == PCI_COMMAND || at == PCI_COMMAND + 1)
		assert(nosnoop_is_command(rq.pos));
	assert(nosnoop_is_pm(rq.pos, pm_pos) == nosnoop_is_pm(at, pm_pos));
}

/*
 * If a segment is all in one capability, the core does it in one chunk, which it copies at
 * once.
 */
void prove_segment_at_once(struct request rq, u8 cap)
{
	size_t segment = segment_of(rq);

	assert(core_takes(cap * 0x01010101U, rq.pos, segment) == segment);
}

/*
 * From any byte of a segment on, the core takes as much of the segment as it would take of
 * the whole request, whichever capability each byte of the dword, in @map, belongs to. The
 * dword with Device Control is the exception.
 */
void prove_segment_chunks(struct request rq, u32 map, u16 passed)
{
	size_t segment = segment_of(rq);

	assume(passed < segment && rq.pos / 4 != hi_pos_of(rq) / 4);
	assert(core_takes(map, rq.pos + passed, segment - passed) ==
	       core_takes(map, rq.pos + passed, rq.count - passed));
}

/* Up to three mirrors in order, anywhere below 4 GB except in its last page */
struct list {
	struct nosnoop_mirror mirrors[4];
	u8 last;
};

static void assume_list(const struct list *list)
{
	u64 end = 0;

	assume(list->last <= 3);
	for (int i = 0; i < 4; i++) {
		const struct nosnoop_mirror *m = &list->mirrors[i];

		assume(!m->size == (i >= list->last));
		if (i >= list->last)
			break;
		assume(m->offset >= end);
		end = (u64)m->offset + m->size;
		assume(end <= U32_MAX - PAGE_SIZE);
	}
}

static const struct nosnoop_mirror *mirror_at(const struct list *list, u64 pos)
{
	for (int i = 0; i < list->last; i++)
		if (pos >= list->mirrors[i].offset &&
		    pos - list->mirrors[i].offset < list->mirrors[i].size)
			return &list->mirrors[i];

	return NULL;
}

/* A segment is all in the mirror that is returned, or in none, and as long as possible. */
void prove_mirror_segment(struct list list, u32 low, u8 high, u32 count)
{
	u64 pos = (u64)high << 32 | low, start, end, to;
	const struct nosnoop_mirror *mirror;
	bool ends = false;

	assume_list(&list);
	assume(count);
	to = pos + nosnoop_mirror_segment(list.mirrors, pos, count, &mirror);
	assert(to <= pos + count);
	for (int i = 0; i < list.last; i++) {
		start = list.mirrors[i].offset;
		end = start + list.mirrors[i].size;
		if (mirror == &list.mirrors[i]) {
			assert(pos >= start && to <= end);
			ends = to == end;
		} else {
			assert(to <= start || pos >= end);
			ends = ends || (!mirror && to == start);
		}
	}
	assert(!mirror || (mirror >= list.mirrors && mirror < list.mirrors + list.last));
	assert(ends || to == pos + count);
}

void prove_mirror_segment_moves(struct list list, u64 pos, size_t count)
{
	const struct nosnoop_mirror *mirror;

	assume_list(&list);
	assume(count);
	assert(nosnoop_mirror_segment(list.mirrors, pos, count, &mirror) >= 1);
}

void prove_mirror_pages(struct list list)
{
	const struct nosnoop_mirror *m = list.mirrors;

	assume_list(&list);
	assume(list.last == 1);
	assert(nosnoop_mirror_start(m) / PAGE_SIZE == m->offset / PAGE_SIZE);
	assert(nosnoop_mirror_end(m) / PAGE_SIZE ==
	       (m->offset + m->size - 1) / PAGE_SIZE + 1);
	assert(nosnoop_mirror_start(m) % PAGE_SIZE == 0);
	assert(nosnoop_mirror_end(m) % PAGE_SIZE == 0);
}

static bool same_page(u64 a, u64 b)
{
	return a / PAGE_SIZE == b / PAGE_SIZE;
}

/* If the answer is no, no byte @at of the range shares a page with a byte of a mirror. */
void prove_mirror_in_no_page(struct list list, u64 pos, u64 count, u64 at, u64 byte)
{
	assume_list(&list);
	assume(count && !nosnoop_mirror_shares_page(list.mirrors, pos, count));
	assume(at >= pos && at - pos < count);
	assume(mirror_at(&list, byte));
	assert(!same_page(at, byte));
}

/* If the answer is yes, two such bytes exist; one is the range's first in those pages. */
void prove_mirror_in_page(struct list list, u64 pos, u64 count)
{
	bool found = false;

	assume_list(&list);
	assume(count && nosnoop_mirror_shares_page(list.mirrors, pos, count));
	for (int i = 0; i < list.last; i++) {
		const struct nosnoop_mirror *m = &list.mirrors[i];
		u64 at = max(pos, m->offset - m->offset % PAGE_SIZE);
		u64 byte = max(at - at % PAGE_SIZE, m->offset);

		if (at - pos < count && same_page(at, byte) &&
		    byte < (u64)m->offset + m->size)
			found = true;
	}
	assert(found);
}

/* An acknowledgement has one or both of the two read-only bytes, and no other. */
void prove_msi_ack(u32 pos, u32 count, u8 msi_cap, u32 i)
{
	assume(i < count);
	if (nosnoop_is_msi_ack(pos, count, msi_cap))
		assert(msi_cap && ((size_t)pos + i == msi_cap ||
				   (size_t)pos + i == msi_cap + 1U));
	else if (msi_cap)
		assert(pos < msi_cap || (size_t)pos + count > msi_cap + 2U);
}
