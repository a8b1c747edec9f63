/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What vfio-pci's rule for the PCI Express capability needs about it: a
 * function that has only that capability, at position 0. The rule itself is
 * the kernel's own text: lab/prove cuts it out of vfio_pci_config.c.
 */
#ifndef PROOF_CORE_H
#define PROOF_CORE_H

#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/pci_regs.h>
#include <linux/types.h>
#include <asm/byteorder.h>

#define __init

#define CAP_SIZE	PCI_CAP_EXP_ENDPOINT_SIZEOF_V2

void *memcpy(void *to, const void *from, size_t count);

struct pci_dev {
	u8 config[CAP_SIZE];
	int mps;
	/* What the PCI core was asked for */
	int resets;
	int readrq_calls;
	int readrq;
};

struct vfio_pci_core_device {
	struct pci_dev *pdev;
	u8 *vconfig;
	u8 *pci_config_map;
	int memory_lock;
};

static int vfio_user_config_read(struct pci_dev *pdev, int offset, __le32 *val,
				 int count)
{
	*val = 0;
	memcpy(val, pdev->config + offset, count);
	return 0;
}

static int vfio_user_config_write(struct pci_dev *pdev, int offset, __le32 val,
				  int count)
{
	memcpy(pdev->config + offset, &val, count);
	return 0;
}

static int pci_user_read_config_dword(struct pci_dev *pdev, int pos, u32 *val)
{
	__le32 raw;
	int ret = vfio_user_config_read(pdev, pos, &raw, 4);

	*val = le32_to_cpu(raw);
	return ret;
}

static int pci_try_reset_function(struct pci_dev *pdev)
{
	pdev->resets++;
	return 0;
}

static int pcie_get_mps(struct pci_dev *pdev)
{
	return pdev->mps;
}

static int pcie_set_readrq(struct pci_dev *pdev, int readrq)
{
	pdev->readrq_calls++;
	pdev->readrq = readrq;
	return 0;
}

/* Nothing to lock or to unmap */
#define vfio_pci_zap_and_down_write_memory_lock(vdev)	do { } while (0)
#define vfio_pci_dma_buf_move(vdev, revoked)		do { } while (0)
#define __vfio_pci_memory_enabled(vdev)			true
#define up_write(lock)					do { } while (0)

struct perm_bits;
static int alloc_perm_bits(struct perm_bits *perm, int size);

#include "vfio_pci_config.h"

static int alloc_perm_bits(struct perm_bits *perm, int size)
{
	static u8 virt[CAP_SIZE], write[CAP_SIZE];

	perm->virt = virt;
	perm->write = write;
	perm->readfn = vfio_default_config_read;
	perm->writefn = vfio_default_config_write;
	return 0;
}

#endif /* PROOF_CORE_H */
