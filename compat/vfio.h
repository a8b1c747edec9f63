/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the driver uses of VFIO and other kernels lack. Each part is used only
 * where compat/probe found that the kernel lacks it. This is included before
 * everything else in each file.
 *
 * The driver is written for the newest kernel, whose structures have members
 * that older kernels lack. For an older kernel the driver gets structures that
 * have them, and the code here carries out on the older core what they mean.
 */
#ifndef COMPAT_VFIO_H
#define COMPAT_VFIO_H

/*
 * Without the change to VFIO's core in patches/core/ the driver keeps its promise,
 * but nobody asks it: KVM treats the device's DMA as non-coherent if the IOMMU does
 * not enforce snooping.
 */
#ifdef COMPAT_LACKS_ENFORCES_COHERENCY
#define vfio_device_set_enforces_coherency(device)	((void)(device))
#endif

#ifdef COMPAT_LACKS_REGION_INFO
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/uuid.h>
#include <linux/vfio.h>
#include <linux/vfio_pci_core.h>

struct iommufd_ctx;

/* The driver's operations. The kernel gets a table of its own type, made from them. */
struct compat_vfio_device_ops {
	char	*name;
	int	(*init)(struct vfio_device *vdev);
	void	(*release)(struct vfio_device *vdev);
	int	(*bind_iommufd)(struct vfio_device *vdev,
				struct iommufd_ctx *ictx, u32 *out_device_id);
	void	(*unbind_iommufd)(struct vfio_device *vdev);
	int	(*attach_ioas)(struct vfio_device *vdev, u32 *pt_id);
	void	(*detach_ioas)(struct vfio_device *vdev);
	int	(*pasid_attach_ioas)(struct vfio_device *vdev, u32 pasid,
				     u32 *pt_id);
	void	(*pasid_detach_ioas)(struct vfio_device *vdev, u32 pasid);
	int	(*open_device)(struct vfio_device *vdev);
	void	(*close_device)(struct vfio_device *vdev);
	ssize_t	(*read)(struct vfio_device *vdev, char __user *buf,
			size_t count, loff_t *ppos);
	ssize_t	(*write)(struct vfio_device *vdev, const char __user *buf,
			 size_t count, loff_t *size);
	long	(*ioctl)(struct vfio_device *vdev, unsigned int cmd,
			 unsigned long arg);
	int	(*get_region_info_caps)(struct vfio_device *vdev,
					struct vfio_region_info *info,
					struct vfio_info_cap *caps);
	int	(*mmap)(struct vfio_device *vdev, struct vm_area_struct *vma);
	void	(*request)(struct vfio_device *vdev, unsigned int count);
	int	(*match)(struct vfio_device *vdev, char *buf);
	int	(*match_token_uuid)(struct vfio_device *vdev,
				    const uuid_t *uuid);
	int	(*device_feature)(struct vfio_device *device, u32 flags,
				  void __user *arg, size_t argsz);
};

struct compat_vfio_table {
	struct vfio_device_ops ops;
	const struct compat_vfio_device_ops *own;
};

/* One answer to VFIO_DEVICE_GET_REGION_INFO */
struct compat_region_info {
	struct vfio_region_info info;
	/* Where the user wants the answer; 0 once the core has put its own there */
	unsigned long arg;
	bool has_caps;
};

/*
 * The driver calls this as if it were the core's function. The first call has the
 * core answer the user. In the second call that answer is already in @info.
 */
static inline int
compat_vfio_pci_ioctl_get_region_info(struct vfio_device *core_vdev,
				      struct vfio_region_info *info,
				      struct vfio_info_cap *caps)
{
	struct compat_region_info *region =
		container_of(info, struct compat_region_info, info);
	struct vfio_info_cap_header msix = {
		.id = VFIO_REGION_INFO_CAP_MSIX_MAPPABLE,
		.version = 1,
	};

	if (region->arg)
		return vfio_pci_core_ioctl(core_vdev,
					   VFIO_DEVICE_GET_REGION_INFO,
					   region->arg);

	/* The only capability that the core gives a BAR */
	if (region->has_caps)
		return vfio_info_add_capability(caps, &msix, sizeof(msix));

	return 0;
}

/* If the driver changes something in the core's answer, write that to the user. */
static inline int
compat_amend_region_info(struct vfio_device *core_vdev,
			 const struct compat_vfio_device_ops *own,
			 struct compat_region_info *region, void __user *arg,
			 struct vfio_info_cap *caps)
{
	const size_t size = offsetofend(struct vfio_region_info, offset);
	struct vfio_region_info *info = &region->info;
	struct vfio_region_info before = *info;
	int ret;

	ret = own->get_region_info_caps(core_vdev, info, caps);
	if (ret)
		return ret;
	if (info->flags == before.flags && info->size == before.size &&
	    caps->size == (region->has_caps ?
			   sizeof(struct vfio_info_cap_header) : 0))
		return 0;

	if (caps->size) {
		info->flags |= VFIO_REGION_INFO_FLAG_CAPS;
		if (info->argsz < sizeof(*info) + caps->size) {
			info->argsz = sizeof(*info) + caps->size;
		} else {
			info->cap_offset = sizeof(*info);
			vfio_info_cap_shift(caps, sizeof(*info));
			if (copy_to_user(arg + sizeof(*info), caps->buf,
					 caps->size))
				return -EFAULT;
		}
	}

	return copy_to_user(arg, info, size) ? -EFAULT : 0;
}

/*
 * This core itself reads from the user's memory which region is meant, and the
 * user may change that after it was read here. So the driver treats each call as
 * one about the ROM, after which it checks the bit. Then it gets the core's
 * answer about a BAR. Users who change that meanwhile deceive only themselves.
 */
static inline long
compat_get_region_info(struct vfio_device *core_vdev,
		       const struct compat_vfio_device_ops *own,
		       unsigned long arg)
{
	const size_t size = offsetofend(struct vfio_region_info, offset);
	struct compat_region_info region = {
		.info.index = VFIO_PCI_ROM_REGION_INDEX,
		.arg = arg,
	};
	struct vfio_info_cap caps = {};
	u32 argsz;
	int ret;

	if (get_user(argsz, (u32 __user *)arg))
		return -EFAULT;

	ret = own->get_region_info_caps(core_vdev, &region.info, &caps);
	if (ret)
		return ret;

	if (copy_from_user(&region.info, (void __user *)arg, size))
		return -EFAULT;
	if (region.info.index >= PCI_STD_NUM_BARS)
		return 0;

	region.has_caps = region.info.flags & VFIO_REGION_INFO_FLAG_CAPS;
	region.info.flags &= ~VFIO_REGION_INFO_FLAG_CAPS;
	region.info.argsz = argsz;
	region.info.cap_offset = 0;
	region.arg = 0;
	ret = compat_amend_region_info(core_vdev, own, &region,
				       (void __user *)arg, &caps);
	kfree(caps.buf);

	return ret;
}

static inline long compat_vfio_ioctl(struct vfio_device *core_vdev,
				     unsigned int cmd, unsigned long arg)
{
	const struct compat_vfio_device_ops *own =
		container_of(core_vdev->ops, struct compat_vfio_table,
			     ops)->own;

	if (cmd == VFIO_DEVICE_GET_REGION_INFO)
		return compat_get_region_info(core_vdev, own, arg);

	return own->ioctl(core_vdev, cmd, arg);
}

/* The kernel's table. The first caller makes it from the driver's table, of which there is one. */
static inline const struct vfio_device_ops *
compat_vfio_ops(const struct compat_vfio_device_ops *own)
{
	static struct compat_vfio_table table;
	static DEFINE_MUTEX(lock);
	struct vfio_device_ops *ops = &table.ops;

	mutex_lock(&lock);
	if (!table.own) {
		table.own = own;
		ops->name = own->name;
		ops->init = own->init;
		ops->release = own->release;
		ops->open_device = own->open_device;
		ops->close_device = own->close_device;
		ops->ioctl = compat_vfio_ioctl;
		ops->device_feature = own->device_feature;
		ops->read = own->read;
		ops->write = own->write;
		ops->mmap = own->mmap;
		ops->request = own->request;
		ops->match = own->match;
#ifndef COMPAT_LACKS_TOKEN_UUID
		ops->match_token_uuid = own->match_token_uuid;
#endif
#ifndef COMPAT_LACKS_IOMMUFD
		ops->bind_iommufd = own->bind_iommufd;
		ops->unbind_iommufd = own->unbind_iommufd;
		ops->attach_ioas = own->attach_ioas;
#endif
#ifndef COMPAT_LACKS_DETACH_IOAS
		ops->detach_ioas = own->detach_ioas;
#endif
#ifndef COMPAT_LACKS_PASID
		ops->pasid_attach_ioas = own->pasid_attach_ioas;
		ops->pasid_detach_ioas = own->pasid_detach_ioas;
#endif
	}
	mutex_unlock(&lock);

	return ops;
}

#ifdef COMPAT_LACKS_TOKEN_UUID
#define vfio_pci_core_match_token_uuid		NULL
#endif
#ifdef COMPAT_LACKS_IOMMUFD
#define vfio_iommufd_physical_bind		NULL
#define vfio_iommufd_physical_unbind		NULL
#define vfio_iommufd_physical_attach_ioas	NULL
#endif
#ifdef COMPAT_LACKS_DETACH_IOAS
#undef vfio_iommufd_physical_detach_ioas
#define vfio_iommufd_physical_detach_ioas	NULL
#endif
#ifdef COMPAT_LACKS_PASID
#define vfio_iommufd_physical_pasid_attach_ioas	NULL
#define vfio_iommufd_physical_pasid_detach_ioas	NULL
#endif

#undef vfio_alloc_device
#define vfio_alloc_device(dev_struct, member, dev, ops)			\
	container_of(_vfio_alloc_device(sizeof(struct dev_struct) +		\
					BUILD_BUG_ON_ZERO(offsetof(		\
						struct dev_struct, member)),	\
					dev, compat_vfio_ops(ops)),		\
		     struct dev_struct, member)

#define vfio_pci_ioctl_get_region_info	compat_vfio_pci_ioctl_get_region_info
#define vfio_device_ops			compat_vfio_device_ops
#endif /* COMPAT_LACKS_REGION_INFO */

/* When this structure was new, it had another name. */
#ifdef COMPAT_LACKS_PHYS_VEC
#include <linux/vfio_pci_core.h>

#define phys_vec	dma_buf_phys_vec
#endif

/*
 * Before devices had parameters of their own, the core had one set for the devices
 * of all drivers, as vfio-pci set it last. This driver must not change that for
 * vfio-pci's devices. So let the core use it, and then correct this device.
 */
#if defined(COMPAT_LACKS_PCI_OPS) || defined(COMPAT_LACKS_NOINTXMASK) || \
	defined(COMPAT_LACKS_DISABLE_VGA) || defined(COMPAT_LACKS_IDLE_D3) || \
	defined(COMPAT_LACKS_SRIOV_ACTIVE)
#include <linux/mm.h>
#include <linux/pci.h>
#include <linux/pm_runtime.h>
#include <linux/vfio_pci_core.h>

#ifdef COMPAT_LACKS_PCI_OPS
#define VFIO_DEVICE_FEATURE_DMA_BUF	11

struct p2pdma_provider;
struct phys_vec;

struct vfio_region_dma_range {
	__u64	offset;
	__u64	length;
};
#endif

struct compat_vfio_pci_core_device;

struct compat_vfio_pci_device_ops {
	int (*get_dmabuf_phys)(struct compat_vfio_pci_core_device *core,
			       struct p2pdma_provider **provider,
			       unsigned int region_index,
			       struct phys_vec *phys_vec,
			       struct vfio_region_dma_range *dma_ranges,
			       size_t nr_ranges);
};

/* All members of the core's structure, by -fms-extensions, and those that it lacks */
struct compat_vfio_pci_core_device {
	struct vfio_pci_core_device;
	/* The driver's. A core that has no such table never calls it: it has no dma-buf. */
	const struct compat_vfio_pci_device_ops *compat_pci_ops;
#ifdef COMPAT_LACKS_NOINTXMASK
	bool nointxmask;
#endif
#ifdef COMPAT_LACKS_DISABLE_VGA
	bool disable_vga;
#endif
#ifdef COMPAT_LACKS_IDLE_D3
	bool disable_idle_d3;
#endif
#ifdef COMPAT_LACKS_SRIOV_ACTIVE
	bool sriov_active;
#endif
};

static inline struct vfio_pci_core_device *
compat_core(struct compat_vfio_pci_core_device *core)
{
	return container_of(&core->vdev, struct vfio_pci_core_device, vdev);
}

static inline int
compat_vfio_pci_core_get_dmabuf_phys(struct compat_vfio_pci_core_device *core,
				     struct p2pdma_provider **provider,
				     unsigned int region_index,
				     struct phys_vec *phys_vec,
				     struct vfio_region_dma_range *dma_ranges,
				     size_t nr_ranges)
{
#ifdef COMPAT_LACKS_PCI_OPS
	return -EOPNOTSUPP;
#else
	return vfio_pci_core_get_dmabuf_phys(compat_core(core), provider,
					     region_index, phys_vec, dma_ranges,
					     nr_ranges);
#endif
}

#ifndef COMPAT_LACKS_PCI_OPS
static inline int compat_get_dmabuf_phys(struct vfio_pci_core_device *vdev,
					 struct p2pdma_provider **provider,
					 unsigned int region_index,
					 struct phys_vec *phys_vec,
					 struct vfio_region_dma_range *dma_ranges,
					 size_t nr_ranges)
{
	struct compat_vfio_pci_core_device *core =
		container_of(&vdev->vdev, struct compat_vfio_pci_core_device,
			     vdev);

	return core->compat_pci_ops->get_dmabuf_phys(core, provider,
						     region_index, phys_vec,
						     dma_ranges, nr_ranges);
}
#endif

/* The core gets a table of its own type, which leads to the driver's. */
static inline void compat_set_pci_ops(struct compat_vfio_pci_core_device *core)
{
#ifndef COMPAT_LACKS_PCI_OPS
	static const struct vfio_pci_device_ops ops = {
		.get_dmabuf_phys = compat_get_dmabuf_phys,
	};

	core->pci_ops = &ops;
#endif
}

/*
 * This core has no flag for each device. A device that must not be in D3 while it
 * is idle is kept in D0 by a reference, which is held while it is not open.
 */
static inline void compat_idle(struct compat_vfio_pci_core_device *core)
{
#ifdef COMPAT_LACKS_IDLE_D3
	if (core->disable_idle_d3)
		pm_runtime_get_noresume(&core->pdev->dev);
#endif
}

static inline void compat_busy(struct compat_vfio_pci_core_device *core)
{
#ifdef COMPAT_LACKS_IDLE_D3
	if (core->disable_idle_d3)
		pm_runtime_put_noidle(&core->pdev->dev);
#endif
}

static inline void compat_sriov_is(struct compat_vfio_pci_core_device *core,
				   bool active)
{
#ifdef COMPAT_LACKS_SRIOV_ACTIVE
	core->sriov_active = active;
#endif
}

static inline int compat_vfio_pci_core_init_dev(struct vfio_device *core_vdev)
{
	struct compat_vfio_pci_core_device *core =
		container_of(core_vdev, struct compat_vfio_pci_core_device,
			     vdev);
	bool disable_idle_d3 = core->disable_idle_d3;
	int ret = vfio_pci_core_init_dev(core_vdev);

	core->disable_idle_d3 = disable_idle_d3;

	return ret;
}

static inline int
compat_vfio_pci_core_register_device(struct compat_vfio_pci_core_device *core)
{
	int ret;

	compat_set_pci_ops(core);
	compat_idle(core);
	ret = vfio_pci_core_register_device(compat_core(core));
	if (ret)
		compat_busy(core);

	return ret;
}

static inline void
compat_vfio_pci_core_unregister_device(struct compat_vfio_pci_core_device *core)
{
	vfio_pci_core_unregister_device(compat_core(core));
	compat_sriov_is(core, false);
	compat_busy(core);
}

/* If this core hides the INTx of a function because of errata, it stays hidden. */
static inline int
compat_vfio_pci_core_enable(struct compat_vfio_pci_core_device *core)
{
	int ret = vfio_pci_core_enable(compat_core(core));

	if (ret)
		return ret;

	compat_busy(core);
	if (core->nointxmask)
		core->pci_2_3 = false;
	if (core->disable_vga)
		core->has_vga = false;

	return 0;
}

static inline void
compat_vfio_pci_core_finish_enable(struct compat_vfio_pci_core_device *core)
{
	vfio_pci_core_finish_enable(compat_core(core));
}

static inline void
compat_vfio_pci_core_disable(struct compat_vfio_pci_core_device *core)
{
	compat_idle(core);
	vfio_pci_core_disable(compat_core(core));
}

static inline void
compat_vfio_pci_core_close_device(struct vfio_device *core_vdev)
{
	compat_idle(container_of(core_vdev, struct compat_vfio_pci_core_device,
				 vdev));
	vfio_pci_core_close_device(core_vdev);
}

static inline int
compat_vfio_pci_core_sriov_configure(struct compat_vfio_pci_core_device *core,
				     int nr_virtfn)
{
	int ret;

	/* This must be set before there are VFs. */
	if (nr_virtfn)
		compat_sriov_is(core, true);
	ret = vfio_pci_core_sriov_configure(compat_core(core), nr_virtfn);
	if (ret <= 0)
		compat_sriov_is(core, pci_num_vf(core->pdev));

	return ret;
}

static inline bool
compat_vfio_pci_memory_enabled(struct compat_vfio_pci_core_device *core)
{
	u16 command = le16_to_cpu(*(__le16 *)&core->vconfig[PCI_COMMAND]);

	return core->pdev->current_state < PCI_D3hot &&
	       (core->pdev->no_command_memory || command & PCI_COMMAND_MEMORY);
}

#define vfio_pci_core_device		compat_vfio_pci_core_device
#define vfio_pci_core_init_dev		compat_vfio_pci_core_init_dev
#define vfio_pci_core_register_device	compat_vfio_pci_core_register_device
#define vfio_pci_core_unregister_device	compat_vfio_pci_core_unregister_device
#define vfio_pci_core_enable		compat_vfio_pci_core_enable
#define vfio_pci_core_finish_enable	compat_vfio_pci_core_finish_enable
#define vfio_pci_core_disable		compat_vfio_pci_core_disable
#define vfio_pci_core_close_device	compat_vfio_pci_core_close_device
#define vfio_pci_core_sriov_configure	compat_vfio_pci_core_sriov_configure
#define __vfio_pci_memory_enabled	compat_vfio_pci_memory_enabled
#define vfio_pci_core_get_dmabuf_phys	compat_vfio_pci_core_get_dmabuf_phys
#define vfio_pci_device_ops		compat_vfio_pci_device_ops
#define pci_ops				compat_pci_ops
#endif

#endif /* COMPAT_VFIO_H */
