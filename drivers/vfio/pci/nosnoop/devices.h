/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef NOSNOOP_DEVICES_H
#define NOSNOOP_DEVICES_H

#include <linux/types.h>

struct pci_dev;

/*
 * Mirrors of config space in BAR0, in the order of their offsets. Size 0 ends them. A mirror
 * with @sibling is of another function's config space, which may be another user's.
 */
struct nosnoop_mirror {
	u32 offset;
	u32 size;
	bool sibling;
};

/* No device has more. */
#define NOSNOOP_MIRRORS	3

bool nosnoop_is_integrated_graphics(struct pci_dev *pdev);
bool nosnoop_has_errata(struct pci_dev *pdev);
const char *nosnoop_backdoor(struct pci_dev *pdev);
const struct nosnoop_mirror *nosnoop_mirrors_of(struct pci_dev *pdev);
bool nosnoop_can_vouch(struct pci_dev *pdev, const char *backdoor);

#endif /* NOSNOOP_DEVICES_H */
