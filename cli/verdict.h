/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VERDICT_H
#define VERDICT_H

#include <stdbool.h>

#include "know.h"

/* All that the verdict on a function rests on */
struct facts {
	bool answers;		/* its config space is not all ones */
	bool bridge;
	bool igd;
	bool denied;		/* the driver refuses it, as its parameters are */
	bool back_door;		/* known to lead around the driver */
	bool vf;
	bool isolated;		/* there is an IOMMU, or nobody knows */
	bool bound;		/* to vfio-pci-nosnoop */
	enum know open;
	enum know enforces;	/* its IOMMU */
	enum know pcie;		/* the capability is there */
	enum know bit;		/* Enable No Snoop; for a VF its PF's */
	enum know master;
};

enum verdict {
	VERDICT_GONE,
	VERDICT_BRIDGE,
	VERDICT_IOMMU,
	VERDICT_HELD,
	VERDICT_HELD_NO_MASTER,
	VERDICT_HELD_UNSEEN,
	VERDICT_BROKEN,
	VERDICT_WILL_HOLD,
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
 * What the program's exit status says of it, see the manual. Of several functions
 * the worst counts: STATUS_CAN, then STATUS_UNKNOWN, of which nothing is promised,
 * then STATUS_AROUND, where an honest guest is held.
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
