/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What older kernels lack outside of VFIO, as far as the driver uses it. Each
 * part is there only where compat/probe found it missing. Included before all
 * else in each file.
 */
#ifndef COMPAT_KERNEL_H
#define COMPAT_KERNEL_H

/* As in the files that have it: a header that is included here must not differ */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#ifdef COMPAT_LACKS_MIXED_MIN
#include <linux/minmax.h>

/* The driver's are lengths, unsigned but not of one type. */
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
