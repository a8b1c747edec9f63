// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is proved of policy.h. CBMC calls each function prove_*() with
 * parameters that may have any value and shows that no assertion can fail, or
 * for which values one does. lab/prove says what each of them is about.
 */
#include "core.h"
#include "policy.h"

#define assert(condition)	__CPROVER_assert(condition, #condition)
#define assume(condition)	__CPROVER_assume(condition)

/* Where the byte with the bit is in the PCI Express capability */
#define HI	(PCI_EXP_DEVCTL + 1)
#define EN	PCI_EXP_DEVCTL_NOSNOOP_EN
#define FLR	PCI_EXP_DEVCTL_BCR_FLR

/* The capability in hardware and as vfio-pci virtualizes it */
struct function {
	struct pci_dev dev;
	u8 vconfig[CAP_SIZE];
};

/* The aligned access of 1, 2 or 4 bytes with that byte in it */
static int start_of(int width)
{
	return HI & ~(width - 1);
}

/* What nosnoop_write_devctl() makes of it: the register, and which bits of it */
static u16 devctl_of(int width, u32 value)
{
	assume(width == 1 || width == 2 || width == 4);
	return width == 1 ? (u8)value << 8 : value;
}

static u16 devctl_in(const u8 *config)
{
	return config[PCI_EXP_DEVCTL] | config[HI] << 8;
}

static void core_write_width(struct function *fn, int width, u32 value)
{
	struct vfio_pci_core_device vdev = { &fn->dev, fn->vconfig };
	struct perm_bits perm;
	int pos = start_of(width);

	fn->dev.resets = 0;
	fn->dev.readrq_calls = 0;
	init_pci_cap_exp_perm(&perm);
	perm.writefn(&vdev, pos, width, &perm, pos, cpu_to_le32(value));
}

/* With each width as a constant, for the proof not to take minutes */
static void core_write(struct function *fn, int width, u32 value)
{
	if (width == 1)
		core_write_width(fn, 1, value);
	else if (width == 2)
		core_write_width(fn, 2, value);
	else
		core_write_width(fn, 4, value);
}

static u16 core_read(struct function *fn)
{
	struct vfio_pci_core_device vdev = { &fn->dev, fn->vconfig };
	struct perm_bits perm;
	__le32 value = 0;

	init_pci_cap_exp_perm(&perm);
	perm.readfn(&vdev, PCI_EXP_DEVCTL, 2, &perm, PCI_EXP_DEVCTL, &value);

	return le32_to_cpu(value);
}

void prove_written_clear(u16 hw, u16 user, u16 written)
{
	assert(!(nosnoop_devctl_to_hw(hw, user, written) & EN));
}

void prove_written_without_flr(u16 hw, u16 user, u16 written)
{
	assert(!(nosnoop_devctl_to_hw(hw, user, written) & FLR));
}

/* FLR reads as 0 in hardware; if it did not, vfio-pci would write it back. */
void prove_written_as_vfio_pci(struct function fn, int width, u32 value)
{
	u16 hw = devctl_in(fn.dev.config);
	u16 ours = nosnoop_devctl_to_hw(hw, devctl_of(width, value), nosnoop_written(min(width, 2)));

	core_write(&fn, width, value);
	assert(!((ours ^ devctl_in(fn.dev.config)) & ~(EN | FLR)));
	if (!(hw & FLR))
		assert(ours == (devctl_in(fn.dev.config) & ~EN));
}

/* MPS, in the lower byte, is shown from the core's copy. */
void prove_virtual_as_vfio_pci(struct function fn, int width, u32 value)
{
	u8 ours = fn.vconfig[PCI_EXP_DEVCTL];

	if (nosnoop_written(min(width, 2)) & 0xff)
		ours = nosnoop_lo_to_virt(ours, devctl_of(width, value));

	core_write(&fn, width, value);
	assert(ours == fn.vconfig[PCI_EXP_DEVCTL]);
}

void prove_read_clear(u16 hw, u16 virt)
{
	assert(!(nosnoop_devctl_to_user(hw, virt) & (EN | FLR)));
}

/*
 * After a write of any value, whatever hardware has made of it; the lower byte
 * of what is virtual is from the core's copy.
 */
void prove_read_as_vfio_pci(struct function fn, u16 user, u16 hw)
{
	u16 ours;

	ours = nosnoop_devctl_to_user(hw, (user & 0xff00) |
				      nosnoop_lo_to_virt(fn.vconfig[PCI_EXP_DEVCTL], user));

	core_write(&fn, 2, user);
	fn.dev.config[PCI_EXP_DEVCTL] = hw;
	fn.dev.config[HI] = hw >> 8;
	assert(ours == (core_read(&fn) & ~EN));
}

void prove_reset_as_vfio_pci(struct function fn, int width, u32 value)
{
	u32 devcap = fn.dev.config[PCI_EXP_DEVCAP + 3] * (1U << 24);
	u16 user = devctl_of(width, value);

	core_write(&fn, width, value);
	assert(fn.dev.resets == nosnoop_resets(user, devcap));
}

void prove_readrq(u8 hi)
{
	int readrq = nosnoop_readrq(hi);

	assert(readrq >= 128 && readrq <= 16384);
	assert(!(readrq & (readrq - 1)));
}

void prove_readrq_as_vfio_pci(struct function fn, int width, u32 value)
{
	int old = nosnoop_readrq(fn.vconfig[HI]);
	int new = nosnoop_readrq(NOSNOOP_HI(devctl_of(width, value)));

	core_write(&fn, width, value);
	assert(fn.dev.readrq_calls == (new != old));
	if (new != old)
		assert(fn.dev.readrq == max(new, fn.dev.mps));
}

/*
 * It is asked before the range is checked: for any @pos and @count, which may
 * reach behind the end of all addresses. @i is any byte of the access; if the
 * answer is yes, the one that is named.
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

void prove_is_ours(u16 pos, u16 hi_pos, u16 pm_pos)
{
	assume(pm_pos % 4 == 0);
	assert(nosnoop_is_ours(pos, hi_pos, pm_pos) ==
	       (pos == hi_pos || (pos >= PCI_COMMAND && pos < PCI_COMMAND + 4) ||
		(pm_pos && pos >= pm_pos && pos < pm_pos + 4)));
}

/*
 * What @reach says of a write at @pos: a shorter one does not touch the place
 * @at, if that is ours, and one so long does touch one.
 */
static bool tells(u8 reach, u16 pos, u16 at, u16 hi_pos, u16 pm_pos)
{
	if (nosnoop_is_ours(at, hi_pos, pm_pos) && at >= pos && at < pos + reach - 1)
		return false;

	return reach == U8_MAX || nosnoop_is_ours(pos + reach - 1, hi_pos, pm_pos);
}

/*
 * The loop of nosnoop_fill_reach(), by induction from the last place that is
 * looked after: if the table is right one byte further on, it is right here.
 */
void prove_reach(u16 hi_pos, u16 pm_pos, u16 pos, u16 at, u8 next)
{
	assume(hi_pos < PCI_CFG_SPACE_EXP_SIZE && pm_pos < PCI_CFG_SPACE_EXP_SIZE);
	assume(pm_pos % 4 == 0 && pos < PCI_CFG_SPACE_EXP_SIZE);

	if (pos >= PCI_CFG_SPACE_SIZE && pos > hi_pos && pos > pm_pos + 3) {
		assert(tells(U8_MAX, pos, at, hi_pos, pm_pos));
		return;
	}
	assume(next && tells(next, pos + 1, at, hi_pos, pm_pos));
	assert(tells(nosnoop_reach(pos, next, hi_pos, pm_pos), pos, at, hi_pos,
		     pm_pos));
}

/*
 * Where a device has its capabilities, which may even lie one in another, and
 * a write that nosnoop_config_write() lets pass; @pm_cap 0 for none. The small
 * types are what makes the proofs short.
 */
struct request {
	u8 exp_cap;
	u8 pm_cap;
	u16 pos;
	u16 count;
};

struct cut {
	size_t hi_pos;
	size_t pm_pos;
	size_t segment;
};

static bool is_cap(u8 cap)
{
	return cap >= PCI_STD_HEADER_SIZEOF && !(cap % 4);
}

/* The first segment, with what nosnoop_vfio_pci_probe() makes of the device */
static struct cut cut(struct request rq)
{
	struct cut cut = { .hi_pos = rq.exp_cap + PCI_EXP_DEVCTL + 1 };

	assume(is_cap(rq.exp_cap) && (!rq.pm_cap || is_cap(rq.pm_cap)));
	assume(rq.pos < PCI_CFG_SPACE_EXP_SIZE && rq.count >= 1 &&
	       rq.count <= PCI_CFG_SPACE_EXP_SIZE - rq.pos);

	if (rq.pm_cap)
		cut.pm_pos = rq.pm_cap + PCI_PM_CTRL;
	cut.segment = nosnoop_segment(rq.pos, rq.count, cut.hi_pos, cut.pm_pos);

	return cut;
}

/* Either all of a segment is between two places or nothing */
static bool apart(size_t pos, size_t segment, size_t from, size_t to)
{
	return pos + segment <= from || pos >= to ||
	       (pos >= from && pos + segment <= to);
}

static bool is_cut(size_t at, struct cut c)
{
	return at == PCI_COMMAND || at == PCI_COMMAND + 4 ||
	       at == c.hi_pos - 1 || at == c.hi_pos + 1 ||
	       (c.pm_pos && (at == c.pm_pos || at == c.pm_pos + 4));
}

void prove_segment(struct request rq)
{
	struct cut c = cut(rq);

	assert(c.segment >= 1 && c.segment <= rq.count);
	assert(apart(rq.pos, c.segment, PCI_COMMAND, PCI_COMMAND + 4));
	assert(!c.pm_pos || apart(rq.pos, c.segment, c.pm_pos, c.pm_pos + 4));
	assert(apart(rq.pos, c.segment, c.hi_pos - 1, c.hi_pos + 1));
	/* As few as that leaves */
	assert(c.segment == rq.count || is_cut(rq.pos + c.segment, c));
}

/* How nosnoop_write_segment() knows what a segment has in it */
void prove_segment_start(struct request rq, u16 at)
{
	struct cut c = cut(rq);

	assume(at >= rq.pos && at < rq.pos + c.segment);

	/* With Device Control's end, as nosnoop_write_devctl() takes it */
	if (at == c.hi_pos)
		assert(rq.pos + c.segment == c.hi_pos + 1 &&
		       (c.segment == 1 || c.segment == 2));
	if (at == PCI_COMMAND || at == PCI_COMMAND + 1)
		assert(rq.pos == PCI_COMMAND || rq.pos == PCI_COMMAND + 1);
	if (c.pm_pos && at / 4 == c.pm_pos / 4)
		assert(rq.pos / 4 == c.pm_pos / 4);
}

/* How many of the six cuts are inside what is left */
static int cuts_in(size_t pos, size_t end, struct cut c)
{
	return (pos < PCI_COMMAND && PCI_COMMAND < end) +
	       (pos < PCI_COMMAND + 4 && PCI_COMMAND + 4 < end) +
	       (pos < c.hi_pos - 1 && c.hi_pos - 1 < end) +
	       (pos < c.hi_pos + 1 && c.hi_pos + 1 < end) +
	       (c.pm_pos && pos < c.pm_pos && c.pm_pos < end) +
	       (c.pm_pos && pos < c.pm_pos + 4 && c.pm_pos + 4 < end);
}

/*
 * The loop of nosnoop_config_write(), by induction: before a pass @rq is left,
 * and @pieces were handed over, @times with the byte @at of the request in it.
 * What is assumed holds before the first pass, where both are 0, and holds
 * again after each; so the loop ends, after seven passes at the most.
 */
void prove_partition(struct request rq, u16 at, u8 pieces, u8 times)
{
	u16 end = rq.pos + rq.count;
	struct cut c = cut(rq);

	assume(at < end && times == (at < rq.pos));
	assume(pieces + cuts_in(rq.pos, end, c) <= 6);

	times += at >= rq.pos && at < rq.pos + c.segment;
	pieces++;
	rq.pos += c.segment;
	rq.count -= c.segment;

	assert(rq.pos + rq.count == end);
	assert(times == (at < rq.pos));
	if (rq.count)
		assert(pieces + cuts_in(rq.pos, end, c) <= 6);
	else
		assert(rq.pos == end && times == 1 && pieces <= 7);
}

/*
 * How much the core takes of @count bytes at @pos: that depends on the place in
 * the dword and on which capability each of its bytes belongs to.
 */
static size_t core_takes(u32 map, size_t pos, size_t count)
{
	struct vfio_pci_core_device vdev = { .pci_config_map = (u8 *)&map };

	return core_chunk(&vdev, pos % 4, count);
}

void prove_segment_chunks(struct request rq, u32 map)
{
	struct cut c = cut(rq);

	if (rq.pos / 4 != c.hi_pos / 4)
		assert(core_takes(map, rq.pos, c.segment) ==
		       core_takes(map, rq.pos, rq.count));
}

/*
 * The dword with Device Control is all in one capability. What the core would
 * take at once of less than that is all in one segment.
 */
void prove_splits(size_t count)
{
	assume(count);
	assert(nosnoop_splits(count) == (core_takes(0, 0, count) == 4));
	assert(nosnoop_splits(count) || core_takes(0, 0, count) <= 2);
}
