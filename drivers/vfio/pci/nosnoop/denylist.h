/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef NOSNOOP_DENYLIST_H
#define NOSNOOP_DENYLIST_H

struct pci_dev;

const char *nosnoop_denied(struct pci_dev *pdev);

#endif /* NOSNOOP_DENYLIST_H */
