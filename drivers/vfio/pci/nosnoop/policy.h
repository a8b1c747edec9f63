/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the driver decides, as pure functions: which bits of a user's write
 * reach Device Control, what the user reads, and how a write to config space
 * is cut. Nothing here touches a device.
 */
#ifndef NOSNOOP_POLICY_H
#define NOSNOOP_POLICY_H

#include <linux/array_size.h>
#include <linux/minmax.h>
#include <linux/pci_regs.h>
#include <linux/types.h>

/* The upper byte of Device Control, which is the driver's own */
#define NOSNOOP_HI(bits)	((bits) >> 8)
#define NOSNOOP_HI_EN		NOSNOOP_HI(PCI_EXP_DEVCTL_NOSNOOP_EN)
#define NOSNOOP_HI_FLR		NOSNOOP_HI(PCI_EXP_DEVCTL_BCR_FLR)
#define NOSNOOP_HI_READRQ	NOSNOOP_HI(PCI_EXP_DEVCTL_READRQ)
#define NOSNOOP_HI_DIRECT	NOSNOOP_HI(PCI_EXP_DEVCTL_EXT_TAG | \
					   PCI_EXP_DEVCTL_AUX_PME)

/**
 * nosnoop_hi_to_hw() - What a user's write of the owned byte makes of it
 * @hw: the byte in hardware
 * @user: the byte that the user wrote
 *
 * As vfio-pci: MRRS is virtual, FLR a reset by the PCI core, Phantom Functions
 * not writable. And Enable No Snoop is 0.
 *
 * Return: the byte to write to hardware.
 */
static inline u8 nosnoop_hi_to_hw(u8 hw, u8 user)
{
	hw &= ~(NOSNOOP_HI_DIRECT | NOSNOOP_HI_EN | NOSNOOP_HI_FLR);

	return hw | (user & NOSNOOP_HI_DIRECT);
}

/**
 * nosnoop_hi_to_user() - What a user reads of the owned byte
 * @hw: the byte in hardware
 * @virt: a byte with MRRS as the user last wrote it
 *
 * Return: the byte to show.
 */
static inline u8 nosnoop_hi_to_user(u8 hw, u8 virt)
{
	hw &= ~(NOSNOOP_HI_READRQ | NOSNOOP_HI_EN | NOSNOOP_HI_FLR);

	return hw | (virt & NOSNOOP_HI_READRQ);
}

/**
 * nosnoop_readrq() - The maximum read request size that a byte asks for
 * @hi: the owned byte as the user wrote it
 *
 * Return: bytes, 128 to 16384; the values above 4096 are reserved.
 */
static inline int nosnoop_readrq(u8 hi)
{
	return 128 << ((hi & NOSNOOP_HI_READRQ) >> 4);
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
 * nosnoop_meets() - Whether an access touches a dword of config space
 * @pos: where the access starts
 * @count: its length in bytes
 * @dword: the dword's position
 *
 * Return: whether it does.
 */
static inline bool nosnoop_meets(size_t pos, size_t count, size_t dword)
{
	return pos < dword + sizeof(u32) && (pos >= dword || count > dword - pos);
}

/**
 * nosnoop_segment() - How much of a write goes in one piece
 * @pos: where in config space it starts
 * @count: its length in bytes, at least 1
 * @hi_pos: the position of the owned byte, which is the second in its dword
 * @pm_pos: the position of the dword with PCI_PM_CTRL, or 0
 *
 * The dword with PCI_COMMAND, that with PCI_PM_CTRL, the byte below the owned
 * one and the owned byte go alone; the rest goes in as few pieces as that
 * leaves. The core cuts at dwords itself, so that all but the dword with the
 * owned byte reaches it in the same chunks as without us.
 *
 * Return: bytes, at least 1 and at most @count.
 */
static inline size_t nosnoop_segment(size_t pos, size_t count, size_t hi_pos,
				     size_t pm_pos)
{
	const size_t cuts[] = {
		PCI_COMMAND, PCI_COMMAND + sizeof(u32),
		hi_pos - 1, hi_pos, hi_pos + 1,
		pm_pos, pm_pos + sizeof(u32),
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cuts); i++)
		if (cuts[i] > pos)
			count = min(count, cuts[i] - pos);

	return count;
}

/**
 * nosnoop_chunk() - How much the core copies before it acts
 * @count: what is left of a write that goes on at a dword's start, at least 1
 *
 * Return: 4, 2 or 1 bytes.
 */
static inline size_t nosnoop_chunk(size_t count)
{
	return count >= 4 ? 4 : count >= 2 ? 2 : 1;
}

#endif /* NOSNOOP_POLICY_H */
