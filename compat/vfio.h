/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What other kernels lack of VFIO. Each part is there only where compat/probe
 * found it missing. Included before all else in each file.
 *
 * The driver is written for the newest kernel, whose structures have members
 * that older ones do not. For those it gets structures that have them, and here
 * is what they mean to the older core.
 */
#ifndef COMPAT_VFIO_H
#define COMPAT_VFIO_H

/*
 * Without the change to VFIO's core in patches/core/ the driver keeps its promise,
 * but nobody asks it: KVM takes the device's DMA for non-coherent if the IOMMU does
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

/* The driver's operations; the kernel gets its own, made of them. */
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
	/* Where the user wants it, until the core has put its own there */
	unsigned long arg;
	bool has_caps;
};

/*
 * The core's part in it, called by the driver: the first time it answers the
 * user, the second time that answer is at hand.
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

	/* The only capability that a BAR has from the core */
	if (region->has_caps)
		return vfio_info_add_capability(caps, &msix, sizeof(msix));

	return 0;
}

/* What the driver has changed in the core's answer, if anything */
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
 * This core reads from user memory itself which region is meant, and what was
 * looked at here may have changed by then. So the driver takes each for the
 * ROM's, with which it takes care. Afterwards it gets to see what the core says
 * of a BAR; who changes that meanwhile deceives himself only.
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

/* The kernel's table of the driver's only one, made by who comes first */
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

/*
 * Before devices had parameters of their own, the core had those that vfio-pci
 * set last, for all drivers. They are not to be set here for vfio-pci's devices;
 * so let the core do as it does, and then put this device right.
 */
#ifdef COMPAT_LACKS_DEVICE_PARAMS
#include <linux/mm.h>
#include <linux/pci.h>
#include <linux/pm_runtime.h>
#include <linux/vfio_pci_core.h>

struct vfio_pci_device_ops;

/* All that the core's has, by -fms-extensions, and what it does not */
struct compat_vfio_pci_core_device {
	struct vfio_pci_core_device;
	/* Nobody asks: no dma-buf on this kernel, as with its vfio-pci */
	const struct vfio_pci_device_ops *pci_ops;
	bool nointxmask;
	bool disable_vga;
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

/*
 * Without a flag for each device, one that is not to be in D3 while it is idle
 * is kept from it by a reference, held while it is not open.
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

/* A function whose INTx this core hides for its errata stays without it. */
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

	/* Before there are any */
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

struct p2pdma_provider;
struct phys_vec;

struct vfio_region_dma_range {
	__u64	offset;
	__u64	length;
};

struct vfio_pci_device_ops {
	int (*get_dmabuf_phys)(struct vfio_pci_core_device *vdev,
			       struct p2pdma_provider **provider,
			       unsigned int region_index,
			       struct phys_vec *phys_vec,
			       struct vfio_region_dma_range *dma_ranges,
			       size_t nr_ranges);
};

static inline int
vfio_pci_core_get_dmabuf_phys(struct vfio_pci_core_device *vdev,
			      struct p2pdma_provider **provider,
			      unsigned int region_index,
			      struct phys_vec *phys_vec,
			      struct vfio_region_dma_range *dma_ranges,
			      size_t nr_ranges)
{
	return -EOPNOTSUPP;
}
#endif /* COMPAT_LACKS_DEVICE_PARAMS */

#endif /* COMPAT_VFIO_H */
