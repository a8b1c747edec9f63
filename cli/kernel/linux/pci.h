/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the driver's devices.c needs from the kernel. With this it is compiled here
 * unchanged, so that the driver and the command share one table. The test
 * "identifiers" compares the numbers with the kernel's pci_ids.h.
 */
#ifndef KERNEL_LINUX_PCI_H
#define KERNEL_LINUX_PCI_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#define PCI_VENDOR_ID_NVIDIA		0x10de
#define PCI_VENDOR_ID_CHELSIO		0x1425
#define PCI_VENDOR_ID_INTEL		0x8086

#define PCI_DEVICE_ID_INTEL_QAT_DH895XCC	0x0435
#define PCI_DEVICE_ID_INTEL_QAT_DH895XCC_VF	0x0443
#define PCI_DEVICE_ID_INTEL_QAT_C3XXX		0x19e2
#define PCI_DEVICE_ID_INTEL_QAT_C3XXX_VF	0x19e3
#define PCI_DEVICE_ID_INTEL_QAT_C62X		0x37c8
#define PCI_DEVICE_ID_INTEL_QAT_C62X_VF		0x37c9

#define PCI_ANY_ID	(~0)

#define PCI_DEVICE(vend, dev)						\
	.vendor = (vend), .device = (dev),				\
	.subvendor = PCI_ANY_ID, .subdevice = PCI_ANY_ID

#define PCI_BASE_CLASS_BRIDGE	0x06
#define PCI_CLASS_BRIDGE_OTHER	0x0680

typedef __u16 u16;
typedef __u32 u32;

struct pci_device_id {
	__u32 vendor, device;
	__u32 subvendor, subdevice;
	__u32 class, class_mask;
	unsigned long driver_data;
};

struct pci_bus {
	bool is_root;
};

struct pci_dev {
	u16 vendor;
	u16 device;
	u16 subsystem_vendor;
	u16 subsystem_device;
	unsigned int class;	/* with the programming interface */
	struct pci_bus *bus;
	bool is_virtfn;
};

static inline bool pci_is_display(struct pci_dev *pdev)
{
	return pdev->class >> 16 == 0x03;
}

static inline bool pci_is_root_bus(struct pci_bus *bus)
{
	return bus->is_root;
}

static inline bool pci_id_matches(__u32 wanted, __u32 id)
{
	return wanted == (__u32)PCI_ANY_ID || wanted == id;
}

static inline const struct pci_device_id *
pci_match_id(const struct pci_device_id *ids, struct pci_dev *pdev)
{
	for (; ids->vendor || ids->subvendor || ids->class_mask; ids++)
		if (pci_id_matches(ids->vendor, pdev->vendor) &&
		    pci_id_matches(ids->device, pdev->device) &&
		    pci_id_matches(ids->subvendor, pdev->subsystem_vendor) &&
		    pci_id_matches(ids->subdevice, pdev->subsystem_device) &&
		    !((ids->class ^ pdev->class) & ids->class_mask))
			return ids;

	return NULL;
}

#endif /* KERNEL_LINUX_PCI_H */
