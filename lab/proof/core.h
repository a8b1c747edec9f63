/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The surroundings of the code that is proved. vfio-pci's rule for the PCI Express
 * capability, and a few macros, are the kernel's own source: lab/inside/prove cuts them out
 * of vfio_pci_config.c and of headers. This file has what they need, for a function that
 * has only that capability, at position 0. It also declares what config.c calls; each file
 * of proofs defines these functions in its own way.
 */
#ifndef PROOF_CORE_H
#define PROOF_CORE_H

#include <linux/container_of.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/pci_regs.h>
#include <linux/types.h>
#include <asm/byteorder.h>
#include <uapi/linux/vfio.h>

#define assert(condition)	__CPROVER_assert(condition, #condition)
#define assume(condition)	__CPROVER_assume(condition)

/* The code that is proved takes no spinlock. */
typedef int spinlock_t;

/* There is no section for functions that are called once. */
#undef __init
#define __init

#define CAP_SIZE	PCI_CAP_EXP_ENDPOINT_SIZEOF_V2

/* Device Control's upper byte, and bits of it */
#define HI	(PCI_EXP_DEVCTL + 1)
#define EN	(PCI_EXP_DEVCTL_NOSNOOP_EN >> 8)
#define FLR	(PCI_EXP_DEVCTL_BCR_FLR >> 8)
#define MRRS	(PCI_EXP_DEVCTL_READRQ >> 8)

void *memcpy(void *to, const void *from, size_t count);

struct device {
	/* Number of runtime PM references */
	int usage;
};

struct pci_bus;

struct pci_dev {
	struct device dev;
	struct pci_bus *bus;
	unsigned int devfn;
	int cfg_size;
	u32 devcap;

	u8 config[CAP_SIZE];
	/* How often config was written */
	int writes;
	int mps;
	/* What the PCI core was asked to do */
	int resets;
	int readrq_calls;
	int readrq;
};

struct vfio_device {
	int unused;
};

struct vfio_pci_core_device {
	struct vfio_device vdev;
	struct pci_dev *pdev;
	u8 *vconfig;
	u8 *pci_config_map;
	int memory_lock;
};

struct vfio_info_cap;
struct vfio_pci_device_ops;
struct vm_area_struct;

/* Any errno, or 0 */
int nondet_int(void);

static int any_errno(void)
{
	int err = nondet_int();

	assume(err <= 0 && err >= -4095);

	return err;
}

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
	pdev->writes++;
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

int pcie_set_readrq(struct pci_dev *pdev, int readrq);

/* There is nothing to lock or to unmap here. */
#define vfio_pci_zap_and_down_write_memory_lock(vdev)	do { } while (0)
#define vfio_pci_dma_buf_move(vdev, revoked)		do { } while (0)
#define __vfio_pci_memory_enabled(vdev)			true
#define up_write(lock)					do { } while (0)

struct perm_bits;
static int alloc_perm_bits(struct perm_bits *perm, int size);

#include "kernel.h"

static int alloc_perm_bits(struct perm_bits *perm, int size)
{
	static u8 virt[CAP_SIZE], write[CAP_SIZE];

	perm->virt = virt;
	perm->write = write;
	perm->readfn = vfio_default_config_read;
	perm->writefn = vfio_default_config_write;
	return 0;
}

/*
 * How many of @count bytes at @pos the core takes at once. That depends on the place in the
 * dword, and on the capability to which each of the dword's four bytes belongs, in @map.
 */
static size_t core_takes(u32 map, size_t pos, size_t count)
{
	struct vfio_pci_core_device vdev = { .pci_config_map = (u8 *)&map };

	return core_chunk(&vdev, pos % 4, count);
}

/* What else config.c calls */
#define get_user(x, from)	get_user_byte(&(x), from)
#define put_user(x, to)		put_user_byte(x, to)

int get_user_byte(u8 *to, const u8 __user *from);
int put_user_byte(u8 value, u8 __user *to);
size_t fault_in_readable(const char __user *buf, size_t count);
void pci_cfg_access_lock(struct pci_dev *pdev);
void pci_cfg_access_unlock(struct pci_dev *pdev);
int pci_bus_read_config_byte(struct pci_bus *bus, unsigned int devfn, int pos,
			     u8 *value);
int pci_bus_write_config_byte(struct pci_bus *bus, unsigned int devfn, int pos,
			      u8 value);
int pm_runtime_resume_and_get(struct device *dev);
int pm_runtime_put(struct device *dev);
ssize_t vfio_pci_core_read(struct vfio_device *vdev, char __user *buf,
			   size_t count, loff_t *ppos);
ssize_t vfio_pci_core_write(struct vfio_device *vdev, const char __user *buf,
			    size_t count, loff_t *ppos);
long vfio_pci_core_ioctl(struct vfio_device *vdev, unsigned int cmd,
			 unsigned long arg);
void trace_nosnoop_masked(struct pci_dev *pdev, const char *cause);
void trace_nosnoop_refused(struct pci_dev *pdev, const char *cause);

#endif /* PROOF_CORE_H */
