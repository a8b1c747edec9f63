/* SPDX-License-Identifier: GPL-2.0-only */
/* One device, and what the driver's files offer each other; see main.c. */
#ifndef NOSNOOP_H
#define NOSNOOP_H

#include <linux/list.h>
#include <linux/pci.h>
#include <linux/vfio_pci_core.h>

#include "devices.h"

struct nosnoop_device {
	struct vfio_pci_core_device core;
	/* Where Device Control's upper byte is, and where PCI_PM_CTRL is, or 0 without one */
	u16 hi_pos;
	u16 pm_pos;
	/* Mirrors of config space in BAR0, or NULL */
	const struct nosnoop_mirror *mirrors;
	/* Accesses below this offset, to BARs without mirrors, go straight to the core. */
	loff_t ours;

	/* Written with config access locked: the user's upper byte of Device Control */
	u8 hi;
	/* The parameter, as it was at open */
	bool govern_pf;
	/*
	 * Written with nosnoop_lock held, see hold.c: whether mastering is off until the
	 * device is reopened, whether the bit is to be set at close, and the entry in the
	 * list of open functions, whose bit is held at 0.
	 */
	bool quarantined;
	bool restore;
	struct list_head opened;
};

static inline struct nosnoop_device *to_nosnoop(struct vfio_device *core_vdev)
{
	return container_of(core_vdev, struct nosnoop_device, core.vdev);
}

/* hold.c */
int nosnoop_hold(struct nosnoop_device *nosnoop, const char *cause);
int nosnoop_hold_locked(struct nosnoop_device *nosnoop, const char *cause);
int nosnoop_begin(struct nosnoop_device *nosnoop);
void nosnoop_end(struct nosnoop_device *nosnoop);

/* config.c */
ssize_t nosnoop_config_read(struct nosnoop_device *nosnoop, char __user *buf,
			    size_t count, loff_t *ppos);
ssize_t nosnoop_config_write(struct nosnoop_device *nosnoop, const char __user *buf,
			     size_t count, loff_t *ppos);

/* mirror.c */
extern const struct vfio_pci_device_ops nosnoop_mirror_ops;
ssize_t nosnoop_bar_read(struct nosnoop_device *nosnoop, char __user *buf,
			 size_t count, loff_t *ppos);
ssize_t nosnoop_bar_write(struct nosnoop_device *nosnoop, const char __user *buf,
			  size_t count, loff_t *ppos);
int nosnoop_bar_mmap(struct vfio_device *core_vdev, struct vm_area_struct *vma);
int nosnoop_bar_region_info(struct nosnoop_device *nosnoop,
			    struct vfio_region_info *info, struct vfio_info_cap *caps);

#endif /* NOSNOOP_H */
