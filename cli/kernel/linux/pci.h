/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the driver's denylist.c takes from the kernel, for it to be compiled
 * here as it is: one list for both. The test "identifiers" compares the numbers
 * with the kernel's pci_ids.h.
 */
#ifndef KERNEL_LINUX_PCI_H
#define KERNEL_LINUX_PCI_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#define PCI_VENDOR_ID_ATI		0x1002
#define PCI_VENDOR_ID_APPLE		0x106b
#define PCI_VENDOR_ID_QLOGIC		0x1077
#define PCI_VENDOR_ID_REALTEK		0x10ec
#define PCI_VENDOR_ID_NCUBE		0x10ff
#define PCI_VENDOR_ID_SYSKONNECT	0x1148
#define PCI_VENDOR_ID_DLINK		0x1186
#define PCI_VENDOR_ID_MARVELL		0x11ab
#define PCI_VENDOR_ID_AT		0x1259
#define PCI_VENDOR_ID_CHELSIO		0x1425
#define PCI_VENDOR_ID_BROADCOM		0x14e4
#define PCI_VENDOR_ID_USR		0x16ec
#define PCI_VENDOR_ID_LINKSYS		0x1737
#define PCI_VENDOR_ID_ALTIMA		0x173b
#define PCI_VENDOR_ID_ATTANSIC		0x1969
#define PCI_VENDOR_ID_INTEL		0x8086

#define PCI_DEVICE_ID_INTEL_QAT_DH895XCC	0x0435
#define PCI_DEVICE_ID_INTEL_QAT_DH895XCC_VF	0x0443
#define PCI_DEVICE_ID_INTEL_DSA_SPR0		0x0b25
#define PCI_DEVICE_ID_INTEL_IAX_SPR0		0x0cfe
#define PCI_DEVICE_ID_INTEL_QAT_C3XXX		0x19e2
#define PCI_DEVICE_ID_INTEL_QAT_C3XXX_VF	0x19e3
#define PCI_DEVICE_ID_INTEL_QAT_C62X		0x37c8
#define PCI_DEVICE_ID_INTEL_QAT_C62X_VF		0x37c9

typedef __u16 u16;

struct pci_bus {
	bool is_root;
};

struct pci_dev {
	u16 vendor;
	u16 device;
	unsigned int class;	/* with the programming interface */
	struct pci_bus *bus;
};

static inline bool pci_is_display(struct pci_dev *pdev)
{
	return pdev->class >> 16 == 0x03;
}

static inline bool pci_is_root_bus(struct pci_bus *bus)
{
	return bus->is_root;
}

#endif /* KERNEL_LINUX_PCI_H */
