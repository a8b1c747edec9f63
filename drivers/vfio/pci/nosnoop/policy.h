/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the driver decides, as pure functions: which bits of a user's write
 * reach Device Control, what the user reads, and how a write to config space
 * is cut. Nothing here touches a device.
 */
#ifndef NOSNOOP_POLICY_H
#define NOSNOOP_POLICY_H

#include <linux/array_size.h>
#include <linux/limits.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/pci_regs.h>
#include <linux/types.h>

/* The upper byte of Device Control, which has the bit */
#define NOSNOOP_HI(bits)	((bits) >> 8)

/* Bits of Device Control that a user writes as they are */
#define NOSNOOP_DIRECT		(PCI_EXP_DEVCTL_CERE | PCI_EXP_DEVCTL_NFERE | \
				 PCI_EXP_DEVCTL_FERE | PCI_EXP_DEVCTL_URRE | \
				 PCI_EXP_DEVCTL_RELAX_EN | \
				 PCI_EXP_DEVCTL_EXT_TAG | PCI_EXP_DEVCTL_AUX_PME)

/* And those that he reads as he wrote them, whatever is in hardware */
#define NOSNOOP_VIRTUAL		(PCI_EXP_DEVCTL_PAYLOAD | PCI_EXP_DEVCTL_READRQ)

/**
 * nosnoop_written() - Which bits of Device Control a write is about
 * @count: its length in bytes: 1, which is the upper byte, or 2
 *
 * Return: those of the bytes written.
 */
static inline u16 nosnoop_written(size_t count)
{
	return count == 1 ? 0xff00 : 0xffff;
}

/**
 * nosnoop_devctl_to_hw() - What a user's write of Device Control makes of it
 * @hw: the register in hardware
 * @user: what the user wrote
 * @written: the bits of the bytes that he wrote
 *
 * As vfio-pci: MPS and MRRS are virtual, FLR a reset by the PCI core, Phantom
 * Functions not writable. And Enable No Snoop is 0.
 *
 * Return: what to write to hardware.
 */
static inline u16 nosnoop_devctl_to_hw(u16 hw, u16 user, u16 written)
{
	u16 direct = written & NOSNOOP_DIRECT;

	hw &= ~(direct | PCI_EXP_DEVCTL_NOSNOOP_EN | PCI_EXP_DEVCTL_BCR_FLR);

	return hw | (user & direct);
}

/**
 * nosnoop_lo_to_virt() - What the same write makes of vfio-pci's virtual copy
 * of the lower byte
 * @virt: the copy, of which MPS is looked at alone
 * @user: what the user wrote
 *
 * Return: the copy from now on.
 */
static inline u8 nosnoop_lo_to_virt(u8 virt, u8 user)
{
	virt &= ~PCI_EXP_DEVCTL_PAYLOAD;

	return virt | (user & PCI_EXP_DEVCTL_PAYLOAD);
}

/**
 * nosnoop_devctl_to_user() - What a user reads of Device Control
 * @hw: the register in hardware
 * @virt: a value with MPS and MRRS as the user last wrote them
 *
 * Return: the value to show.
 */
static inline u16 nosnoop_devctl_to_user(u16 hw, u16 virt)
{
	hw &= ~(NOSNOOP_VIRTUAL | PCI_EXP_DEVCTL_NOSNOOP_EN |
		PCI_EXP_DEVCTL_BCR_FLR);

	return hw | (virt & NOSNOOP_VIRTUAL);
}

/**
 * nosnoop_readrq() - The maximum read request size that a byte asks for
 * @hi: the upper byte as the user wrote it
 *
 * Return: bytes, 128 to 16384; the values above 4096 are reserved.
 */
static inline int nosnoop_readrq(u8 hi)
{
	return 128 << ((hi & NOSNOOP_HI(PCI_EXP_DEVCTL_READRQ)) >> 4);
}

/**
 * nosnoop_resets() - Whether a user's write of Device Control is a reset
 * @user: what the user wrote
 * @devcap: Device Capabilities
 *
 * Return: whether it is.
 */
static inline bool nosnoop_resets(u16 user, u32 devcap)
{
	return user & PCI_EXP_DEVCTL_BCR_FLR && devcap & PCI_EXP_DEVCAP_FLR;
}

/**
 * nosnoop_covers() - Whether an access touches one byte of config space
 * @pos: where the access starts
 * @count: its length in bytes
 * @byte: the byte's position
 *
 * Return: whether it does.
 */
static inline bool nosnoop_covers(size_t pos, size_t count, size_t byte)
{
	return pos <= byte && count > byte - pos;
}

/**
 * nosnoop_is_ours() - Whether the driver looks after a byte of config space
 * @pos: its position
 * @hi_pos: the position of the byte with the bit
 * @pm_pos: the position of the dword with PCI_PM_CTRL, or 0
 *
 * Return: whether it does.
 */
static inline bool nosnoop_is_ours(size_t pos, size_t hi_pos, size_t pm_pos)
{
	size_t dword = round_down(pos, sizeof(u32));

	return pos == hi_pos || dword == PCI_COMMAND ||
	       (pm_pos && dword == pm_pos);
}

/**
 * nosnoop_reach() - How long a write has to be to reach what is ours
 * @pos: where in config space it starts
 * @next: the same for one that starts a byte further on, U8_MAX for never
 * @hi_pos: as nosnoop_is_ours()
 * @pm_pos: likewise
 *
 * Return: bytes, or U8_MAX for that or more.
 */
static inline u8 nosnoop_reach(size_t pos, u8 next, size_t hi_pos,
			       size_t pm_pos)
{
	if (nosnoop_is_ours(pos, hi_pos, pm_pos))
		return 1;

	return next < U8_MAX ? next + 1 : U8_MAX;
}

/**
 * nosnoop_fill_reach() - The same for each place where capabilities are
 * @reach: gets it
 * @hi_pos: as nosnoop_is_ours()
 * @pm_pos: likewise
 *
 * Capabilities that do not fit there, as no sane function has them, are not to
 * get past us either.
 *
 * Return: the last place that has to be looked at.
 */
static inline int nosnoop_fill_reach(u8 reach[PCI_CFG_SPACE_SIZE], int hi_pos,
				     int pm_pos)
{
	int last = max(hi_pos, pm_pos + 3);
	u8 count = U8_MAX;
	int pos;

	last = max(last, PCI_CFG_SPACE_SIZE - 1);
	for (pos = last; pos >= 0; pos--) {
		count = nosnoop_reach(pos, count, hi_pos, pm_pos);
		if (pos < PCI_CFG_SPACE_SIZE)
			reach[pos] = count;
	}

	return last;
}

/**
 * nosnoop_segment() - How much of a write goes in one piece
 * @pos: where in config space it starts
 * @count: its length in bytes, at least 1
 * @hi_pos: the position of the byte with the bit, the second in its dword
 * @pm_pos: the position of the dword with PCI_PM_CTRL, or 0
 *
 * The dword with PCI_COMMAND, that with PCI_PM_CTRL and Device Control go
 * alone; the rest goes in as few pieces as that leaves. The core cuts at dwords
 * itself, so that all but the dword with Device Control reaches it in the same
 * chunks as without us.
 *
 * Return: bytes, at least 1 and at most @count.
 */
static inline size_t nosnoop_segment(size_t pos, size_t count, size_t hi_pos,
				     size_t pm_pos)
{
	const size_t cuts[] = {
		PCI_COMMAND, PCI_COMMAND + sizeof(u32),
		hi_pos - 1, hi_pos + 1,
		pm_pos, pm_pos + sizeof(u32),
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cuts); i++)
		if (cuts[i] > pos)
			count = min(count, cuts[i] - pos);

	return count;
}

/**
 * nosnoop_splits() - Whether the core would do more than Device Control at once
 * @count: what is left of a write that goes on at Device Control, at least 1
 *
 * Return: whether it would copy all of the dword before it acts.
 */
static inline bool nosnoop_splits(size_t count)
{
	return count >= sizeof(u32);
}

#endif /* NOSNOOP_POLICY_H */
