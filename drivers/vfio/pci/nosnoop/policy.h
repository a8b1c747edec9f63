/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the driver decides, as functions that touch no device: which bits of Device
 * Control a user writes and reads, and how accesses are cut. Positions are bytes
 * from the start of config space or of BAR0, lengths are bytes and at least 1.
 */
#ifndef NOSNOOP_POLICY_H
#define NOSNOOP_POLICY_H

#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/pci_regs.h>
#include <linux/types.h>
#include <asm/page.h>
#include "devices.h"

/* The bits of Device Control that are in its upper byte, which has No Snoop */
#define NOSNOOP_HI(bits)	((bits) >> 8)

/* Those that reach hardware as the user writes them */
#define NOSNOOP_DIRECT		NOSNOOP_HI(PCI_EXP_DEVCTL_EXT_TAG | \
					   PCI_EXP_DEVCTL_AUX_PME)

/*
 * What a user's write makes of the byte @hw in hardware. As with vfio-pci, Phantom
 * Functions cannot be written, MRRS is virtual, and FLR is a reset by the PCI core.
 */
static inline u8 nosnoop_hi_to_hw(u8 hw, u8 user)
{
	hw &= ~(NOSNOOP_DIRECT | NOSNOOP_HI(PCI_EXP_DEVCTL_NOSNOOP_EN |
					    PCI_EXP_DEVCTL_BCR_FLR));

	return hw | (user & NOSNOOP_DIRECT);
}

/* What the user reads, where the core shows @core and the user last wrote @hi */
static inline u8 nosnoop_hi_to_user(u8 core, u8 hi)
{
	core &= ~NOSNOOP_HI(PCI_EXP_DEVCTL_READRQ | PCI_EXP_DEVCTL_NOSNOOP_EN);

	return core | (hi & NOSNOOP_HI(PCI_EXP_DEVCTL_READRQ));
}

/* MRRS in bytes: 128 to 16384, of which those above 4096 are reserved */
static inline int nosnoop_readrq(u8 hi)
{
	return 128 << ((hi & NOSNOOP_HI(PCI_EXP_DEVCTL_READRQ)) >> 4);
}

/* Does an access touch that byte? The sum of @pos and @count may overflow. */
static inline bool nosnoop_covers(size_t pos, size_t count, size_t byte)
{
	return pos <= byte && count > byte - pos;
}

/* For a write of the upper byte, too, the core writes all of PCI_COMMAND, to mask INTx. */
static inline bool nosnoop_is_command(size_t pos)
{
	return pos == PCI_COMMAND || pos == PCI_COMMAND + 1;
}

/* Is @pos in the dword with PCI_PM_CTRL? That is at @pm_pos, which is 0 without one. */
static inline bool nosnoop_is_pm(size_t pos, size_t pm_pos)
{
	return pm_pos && round_down(pos, sizeof(u32)) == pm_pos;
}

/* Is the dword with @pos all the core's, with no byte that the driver cares about? */
static inline bool nosnoop_is_core(size_t pos, size_t hi_pos, size_t pm_pos)
{
	return pos / sizeof(u32) != PCI_COMMAND / sizeof(u32) &&
	       pos / sizeof(u32) != hi_pos / sizeof(u32) && !nosnoop_is_pm(pos, pm_pos);
}

/*
 * How much of a write to config space is done in one piece: what the core copies
 * and writes at once, as vfio_pci_config_rw_single() has it inside of a capability.
 * Each byte of Device Control, whose upper one is at @hi_pos, is a piece of its own.
 */
static inline size_t nosnoop_segment(size_t pos, size_t count, size_t hi_pos)
{
	size_t chunk = 1;

	if (count >= 4 && pos % 4 == 0)
		chunk = 4;
	else if (count >= 2 && pos % 2 == 0)
		chunk = 2;

	return nosnoop_covers(pos, chunk, hi_pos) ? 1 : chunk;
}

/* How much of a write to BAR0 is all in one mirror, or in none: then *@mirror is NULL */
static inline size_t
nosnoop_mirror_segment(const struct nosnoop_mirror *mirrors, u64 pos, size_t count,
		       const struct nosnoop_mirror **mirror)
{
	while (mirrors->size && pos >= mirrors->offset + mirrors->size)
		mirrors++;

	*mirror = NULL;
	if (!mirrors->size)
		return count;
	if (pos < mirrors->offset)
		return min(count, mirrors->offset - pos);

	*mirror = mirrors;
	return min(count, mirrors->offset + mirrors->size - pos);
}

/* Where the pages with a mirror in them start and end */
static inline u64 nosnoop_mirror_start(const struct nosnoop_mirror *mirror)
{
	return round_down(mirror->offset, PAGE_SIZE);
}

static inline u64 nosnoop_mirror_end(const struct nosnoop_mirror *mirror)
{
	return round_up(mirror->offset + mirror->size, PAGE_SIZE);
}

/* Has a range of BAR0 such a page? The sum of @pos and @count may overflow. */
static inline bool
nosnoop_mirror_shares_page(const struct nosnoop_mirror *mirrors, u64 pos, u64 count)
{
	for (; mirrors->size; mirrors++)
		if (pos < nosnoop_mirror_end(mirrors) &&
		    (nosnoop_mirror_start(mirrors) <= pos ||
		     nosnoop_mirror_start(mirrors) - pos < count))
			return true;

	return false;
}

/* nouveau (nvkm/subdev/pci/nv40.c) acknowledges MSI by a write of these read-only bytes. */
static inline bool nosnoop_is_msi_ack(size_t pos, size_t count, size_t msi_cap)
{
	return msi_cap && pos >= msi_cap && pos + count <= msi_cap + PCI_MSI_FLAGS;
}

#endif /* NOSNOOP_POLICY_H */
