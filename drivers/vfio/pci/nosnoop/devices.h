/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef NOSNOOP_DEVICES_H
#define NOSNOOP_DEVICES_H

struct pci_dev;

bool nosnoop_is_integrated_graphics(struct pci_dev *pdev);
bool nosnoop_has_errata(struct pci_dev *pdev);
const char *nosnoop_backdoor(struct pci_dev *pdev);

#endif /* NOSNOOP_DEVICES_H */
