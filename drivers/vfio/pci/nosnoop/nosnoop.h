/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One device, and what the driver's parts do with it: devctl.c, config.c, bar.c
 * and main.c, in which the whole is explained.
 */
#ifndef NOSNOOP_H
#define NOSNOOP_H

#include <linux/atomic.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/pm_runtime.h>
#include <linux/types.h>
#include <linux/vfio_pci_core.h>

#include "mirror.h"

struct phys_vec;

struct nosnoop_vfio_pci_device {
	struct vfio_pci_core_device core;
	/*
	 * Accesses that start further than that from the start of config space,
	 * as those to BARs do, are the core's.
	 */
	u64 watched;
	/* Positions of Device Control's upper byte, of the dword of PCI_PM_CTRL */
	u16 hi_pos;
	u16 pm_pos;
	/* A byte with MRRS as the user wrote it; not the core's: see write_devctl */
	u8 virt;
	/*
	 * Set while the promise is given. Written with config access locked,
	 * and so stable in the reset handlers, which run with it locked.
	 */
	bool enforcing;
	/* The bit was set before open and is to be so again after close. */
	bool restore;
	/* The bit came back behind a check: no mastering until reopened. */
	bool quarantined;
	/* How many error recoveries, which may reset the link, are under way */
	atomic_t recovering;
	/* Being unbound: whoever does that keeps resets out, and waits for us. */
	bool removing;
	/* Protects what is checked before a write until it is written. */
	struct mutex gate;
	/* The core asked at the last write of PCI_COMMAND. Protected by gate */
	bool asked;
	/* Config space in BARs; constant once the device is registered */
	struct nosnoop_mirrors mirrors;
	/* How long writes have to be to be ours, for one comparison to tell */
	u8 reach[PCI_CFG_SPACE_SIZE];
	/* Of the core's mappings of BARs */
	const struct vm_operations_struct *vm_ops;
	/* For debugfs: events since the device was bound */
	atomic_t masked;
	atomic_t cleared;
	atomic_t refused;
	atomic_t found;
};

static inline struct nosnoop_vfio_pci_device *
core_to_nosnoop(struct vfio_pci_core_device *core)
{
	return container_of(core, struct nosnoop_vfio_pci_device, core);
}

static inline int nosnoop_pm_get(struct nosnoop_vfio_pci_device *nosnoop)
{
	return pm_runtime_resume_and_get(&nosnoop->core.pdev->dev) ? -EIO : 0;
}

static inline void nosnoop_pm_put(struct nosnoop_vfio_pci_device *nosnoop)
{
	pm_runtime_put(&nosnoop->core.pdev->dev);
}

/* devctl.c */
int nosnoop_get(struct pci_dev *pdev, int pos, u16 *value);
void nosnoop_set(struct pci_dev *pdev, int pos, u16 value);
int nosnoop_get_devctl(struct pci_dev *pdev, u16 *devctl);
int nosnoop_clear_locked(struct nosnoop_vfio_pci_device *nosnoop,
			 const char *cause);
int nosnoop_clear(struct nosnoop_vfio_pci_device *nosnoop, const char *cause);
void nosnoop_check(struct nosnoop_vfio_pci_device *nosnoop, bool clear,
		   const char *cause);
void nosnoop_quarantine_locked(struct nosnoop_vfio_pci_device *nosnoop,
			       const char *cause);
int nosnoop_lock_resets(struct nosnoop_vfio_pci_device *nosnoop, bool *locked);
void nosnoop_unlock_resets(struct nosnoop_vfio_pci_device *nosnoop,
			   bool locked);

/* config.c */
ssize_t nosnoop_config_read(struct nosnoop_vfio_pci_device *nosnoop,
			    char __user *buf, size_t count, loff_t *ppos);
ssize_t nosnoop_config_write(struct nosnoop_vfio_pci_device *nosnoop,
			     const char __user *buf, size_t count,
			     loff_t *ppos);
int nosnoop_master_gate(struct vfio_pci_core_device *core);

/* bar.c */
ssize_t nosnoop_bar_write(struct nosnoop_vfio_pci_device *nosnoop,
			  const char __user *buf, size_t count, loff_t *ppos);
int nosnoop_bar_mmap(struct nosnoop_vfio_pci_device *nosnoop,
		     struct vm_area_struct *vma);
int nosnoop_bar_region_info(struct nosnoop_vfio_pci_device *nosnoop,
			    struct vfio_region_info *info,
			    struct vfio_info_cap *caps);
int nosnoop_bar_get_dmabuf_phys(struct vfio_pci_core_device *core,
				struct p2pdma_provider **provider,
				unsigned int region_index,
				struct phys_vec *phys_vec,
				struct vfio_region_dma_range *dma_ranges,
				size_t nr_ranges);

#endif /* NOSNOOP_H */
