// SPDX-License-Identifier: GPL-2.0-only
/* What follows from the facts about a function. Nothing is looked up here. */

#include <stddef.h>

#include "verdict.h"

static const struct verdict_words words[VERDICTS] = {
	[VERDICT_GONE] = {
		"no-answer", "does not answer",
		"The function does not answer: its config space reads all ones.",
		STATUS_UNKNOWN },
	[VERDICT_BRIDGE] = {
		"bridge", "bridge: forwards",
		"A bridge forwards what the functions behind it send, whatever its own bit says. Look at those.",
		STATUS_COHERENT },
	[VERDICT_IOMMU] = {
		"coherent-by-iommu", "coherent by IOMMU",
		"The IOMMU enforces snooping, so the function's DMA is coherent in a virtual machine, whatever its own bit says.",
		STATUS_COHERENT },
	[VERDICT_HELD] = {
		"held", "held off by this driver",
		"vfio-pci-nosnoop has the function open and holds No Snoop off: the bit is 0.",
		STATUS_COHERENT },
	[VERDICT_HELD_NO_MASTER] = {
		"held-no-master", "held off, not mastering",
		"vfio-pci-nosnoop has the function open. The bit is set, but the function cannot send anything, because bus mastering is off; the bit is cleared before that is turned on.",
		STATUS_COHERENT },
	[VERDICT_VF_HELD_NO_MASTER] = {
		"vf-held-no-master", "held off, not mastering",
		"vfio-pci-nosnoop has the VF open. The bit of its PF is set, but the VF cannot send anything, because bus mastering is off, and turning that on is refused while the bit is set, unless govern_pf was on when the VF was opened.",
		STATUS_COHERENT },
	[VERDICT_HELD_UNSEEN] = {
		"held-unseen", "held off, bit not seen",
		"vfio-pci-nosnoop has the function open and holds No Snoop off. That the bit is 0 in hardware could not be seen.",
		STATUS_COHERENT },
	[VERDICT_BROKEN] = {
		"not-held", "NOT held off",
		"vfio-pci-nosnoop has the function open, but bus mastering and No Snoop are both on. Did root write its config space, or that of its PF, or a guest by a way around the driver? If not, this is a bug of the driver.",
		STATUS_CAN },
	[VERDICT_WILL_HOLD] = {
		"will-be-held", "held off when open",
		"The function is bound to vfio-pci-nosnoop: No Snoop will be held off from open to close.",
		STATUS_COHERENT },
	[VERDICT_VF_WILL_HOLD] = {
		"vf-will-be-held", "held off when open",
		"The VF is bound to vfio-pci-nosnoop: No Snoop will be held off from open to close, because the bit of its PF is cleared while the VF is open.",
		STATUS_COHERENT },
	[VERDICT_VF_MAY_HOLD] = {
		"vf-held-or-refused", "held off or refused",
		"The VF is bound to vfio-pci-nosnoop, which lets it be opened and master the bus only while the bit of its PF is clear. A reset of the PF, or its driver, may set that bit, and then the VF is refused.",
		STATUS_COHERENT },
	[VERDICT_BACK_DOOR] = {
		"held-back-door", "held off, guest can undo",
		"A guest can turn No Snoop on in a way that is known and that vfio-pci-nosnoop cannot close. Against writes of config space the driver holds No Snoop off from open to close.",
		STATUS_AROUND },
	[VERDICT_PF_IN_THE_WAY] = {
		"pf-set", "open refused: PF's bit",
		"The VF is bound to vfio-pci-nosnoop, but the bit of its PF governs it and is set: opening the VF will be refused with EPERM.",
		STATUS_CAN },
	[VERDICT_NOT_ISOLATED] = {
		"no-iommu", "no IOMMU",
		"No IOMMU isolates the function, so that VFIO does not give it to a virtual machine.",
		STATUS_UNKNOWN },
	[VERDICT_IGD] = {
		"igd", "not governed by the bit",
		"Enable No Snoop does not govern Intel's integrated graphics, so vfio-pci-nosnoop refuses it.",
		STATUS_CAN },
	[VERDICT_DENIED] = {
		"denied", "refused by the driver",
		"vfio-pci-nosnoop refuses the function.",
		STATUS_CAN },
	[VERDICT_NO_BIT] = {
		"no-bit", "no such bit",
		"The function has no PCI Express capability in its list, and so no Enable No Snoop that the driver could hold: it refuses the function. Whether its requests can bypass the CPU caches is not known.",
		STATUS_UNKNOWN },
	[VERDICT_UNKNOWN] = {
		"unknown", "bit not seen",
		"Whether No Snoop is on could not be seen.",
		STATUS_UNKNOWN },
	[VERDICT_CAN] = {
		"can-be-non-coherent", "can be non-coherent",
		"The function may send requests that bypass the CPU caches: No Snoop is on.",
		STATUS_CAN },
	[VERDICT_VF_CAN] = {
		"vf-can-be-non-coherent", "can be non-coherent",
		"The VF may send requests that bypass the CPU caches: No Snoop is on in its PF, whose bit governs it.",
		STATUS_CAN },
	[VERDICT_OFF_NOW] = {
		"off-now", "off now, may be set",
		"No Snoop is off now. A driver or a guest may turn it on, and a reset may: bit 0 now does not mean that it is hardwired to 0.",
		STATUS_CAN },
	[VERDICT_VF_OFF_NOW] = {
		"vf-off-now", "off now, may be set",
		"No Snoop is off now in the PF, whose bit governs the VF. The PF's driver or a reset of the PF may turn it on.",
		STATUS_CAN },
};

/* A driver that lacks govern_pf acts as if it were off, but the verdict says less of it. */
static enum verdict closed_verdict(const struct facts *facts)
{
	if (!facts->vf)
		return VERDICT_WILL_HOLD;
	if (facts->govern_pf == KNOWN_YES)
		return VERDICT_VF_WILL_HOLD;
	if (facts->bit == KNOWN_YES)
		return VERDICT_PF_IN_THE_WAY;
	return facts->govern_pf == KNOWN_NO ? VERDICT_VF_MAY_HOLD : VERDICT_WILL_HOLD;
}

/* The verdict on a function that is bound to the driver, if it had no back door */
static enum verdict held_verdict(const struct facts *facts)
{
	if (facts->open != KNOWN_YES)
		return closed_verdict(facts);
	if (facts->bit == KNOWN_NO)
		return VERDICT_HELD;
	if (facts->master == KNOWN_NO)
		return facts->vf && facts->govern_pf == KNOWN_NO ?
		       VERDICT_VF_HELD_NO_MASTER : VERDICT_HELD_NO_MASTER;
	if (facts->bit == KNOWN_YES && facts->master == KNOWN_YES)
		return VERDICT_BROKEN;
	return VERDICT_HELD_UNSEEN;
}

static enum verdict bound_verdict(const struct facts *facts)
{
	enum verdict verdict = held_verdict(facts);

	return facts->back_door && words[verdict].status == STATUS_COHERENT ?
	       VERDICT_BACK_DOOR : verdict;
}

/**
 * verdict_of() - Judge a function
 * @facts: what is known of it
 *
 * Return: the verdict. Facts that are not known never make it better.
 */
enum verdict verdict_of(const struct facts *facts)
{
	if (facts->bridge)
		return VERDICT_BRIDGE;
	if (!facts->answers)
		return VERDICT_GONE;
	if (facts->enforces == KNOWN_YES)
		return VERDICT_IOMMU;
	if (facts->bound && !facts->igd)
		return bound_verdict(facts);
	if (!facts->isolated)
		return VERDICT_NOT_ISOLATED;
	if (facts->igd)
		return VERDICT_IGD;
	if (facts->pcie == KNOWN_NO)
		return VERDICT_NO_BIT;
	if (facts->denied)
		return VERDICT_DENIED;
	if (facts->bit == NOT_KNOWN)
		return VERDICT_UNKNOWN;
	if (facts->vf)
		return facts->bit == KNOWN_YES ? VERDICT_VF_CAN : VERDICT_VF_OFF_NOW;
	return facts->bit == KNOWN_YES ? VERDICT_CAN : VERDICT_OFF_NOW;
}

/**
 * verdict_words() - What to say about a verdict
 * @verdict: the verdict
 *
 * Return: the words, constant.
 */
const struct verdict_words *verdict_words(enum verdict verdict)
{
	return &words[verdict];
}

/**
 * verdict_severity() - A word for programs to choose by
 * @status: of a verdict
 *
 * Return: the word, constant.
 */
const char *verdict_severity(enum verdict_status status)
{
	switch (status) {
	case STATUS_COHERENT:
		return "coherent";
	case STATUS_CAN:
		return "non-coherent";
	case STATUS_AROUND:
		return "guest-can-undo";
	default:
		return "unknown";
	}
}

/**
 * verdict_is_worse() - Which of two statuses counts
 * @a: one status
 * @b: another
 *
 * Return: true if @a is the worse.
 */
bool verdict_is_worse(enum verdict_status a, enum verdict_status b)
{
	return a != STATUS_COHERENT && (b == STATUS_COHERENT || a < b);
}
