/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the driver uses outside of VFIO and older kernels lack. Each part is used
 * only where compat/probe found that the kernel lacks it. This is included before
 * everything else in each file.
 */
#ifndef COMPAT_KERNEL_H
#define COMPAT_KERNEL_H

/* The headers that are included here must see the same definition as in the driver's files. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#ifdef COMPAT_LACKS_MIXED_MIN
#include <linux/minmax.h>

/* The driver compares lengths, which are unsigned but not of one type. */
#undef min
#define min(a, b)	min_t(u64, a, b)
#endif

#ifdef COMPAT_LACKS_PCI_IS_DISPLAY
#include <linux/pci.h>

static inline bool pci_is_display(struct pci_dev *pdev)
{
	return pdev->class >> 16 == PCI_BASE_CLASS_DISPLAY;
}
#endif

#endif /* COMPAT_KERNEL_H */
