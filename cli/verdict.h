/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VERDICT_H
#define VERDICT_H

#include <stdbool.h>

#include "tristate.h"

/* All that the verdict on a function rests on */
struct facts {
	bool answers;		/* its config space is not all ones */
	bool bridge;
	bool igd;
	bool denied;		/* the driver refuses it with its present parameters */
	bool back_door;		/* there is a known way around the driver */
	bool vf;
	bool isolated;		/* there is an IOMMU, or it is not known */
	bool bound;		/* it is bound to vfio-pci-nosnoop */
	enum tristate open;
	enum tristate enforces;	/* its IOMMU enforces snooping */
	enum tristate pcie;		/* it has the PCI Express capability */
	enum tristate bit;		/* Enable No Snoop; for a VF, that of its PF */
	enum tristate master;
	enum tristate govern_pf;	/* the driver clears the bit of a VF's PF */
};

enum verdict {
	VERDICT_GONE,
	VERDICT_BRIDGE,
	VERDICT_IOMMU,
	VERDICT_HELD,
	VERDICT_HELD_NO_MASTER,
	VERDICT_VF_HELD_NO_MASTER,
	VERDICT_HELD_UNSEEN,
	VERDICT_BROKEN,
	VERDICT_WILL_HOLD,
	VERDICT_VF_WILL_HOLD,
	VERDICT_VF_MAY_HOLD,
	VERDICT_BACK_DOOR,
	VERDICT_PF_IN_THE_WAY,
	VERDICT_NOT_ISOLATED,
	VERDICT_IGD,
	VERDICT_DENIED,
	VERDICT_NO_BIT,
	VERDICT_UNKNOWN,
	VERDICT_CAN,
	VERDICT_VF_CAN,
	VERDICT_OFF_NOW,
	VERDICT_VF_OFF_NOW,
	VERDICTS
};

/*
 * The program's exit status, see the manual. If there are several functions, the worst
 * status counts. STATUS_CAN is the worst. Next is STATUS_UNKNOWN, because nothing is
 * promised then, and next STATUS_AROUND, because the driver still holds No Snoop off for
 * an honest guest.
 */
enum verdict_status {
	STATUS_COHERENT = 0,
	STATUS_CAN = 3,
	STATUS_UNKNOWN = 4,
	STATUS_AROUND = 5,
};

struct verdict_words {
	const char *code;	/* for programs */
	const char *brief;	/* for the table */
	const char *sentence;	/* for people */
	enum verdict_status status;
};

enum verdict verdict_of(const struct facts *facts);
const struct verdict_words *verdict_words(enum verdict verdict);
const char *verdict_severity(enum verdict_status status);
bool verdict_is_worse(enum verdict_status a, enum verdict_status b);

#endif /* VERDICT_H */
