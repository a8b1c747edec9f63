// SPDX-License-Identifier: GPL-2.0-only
/*
 * The user's access to BARs with config space in them: what he writes there is
 * treated as a write of config space, pages that have it are not mapped, and
 * the rest of the BAR is as with vfio-pci.
 */
#include <linux/mm.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/vfio.h>
#include <linux/vfio_pci_core.h>

#include "mirror.h"
#include "nosnoop.h"

/*
 * With MSI that is acknowledged there (nouveau nvkm/subdev/pci/nv40.c; QEMU
 * passes it on, too): ID and next pointer of the capability, both read-only.
 */
static bool is_msi_ack(struct pci_dev *pdev, size_t pos, size_t count)
{
	return pdev->msi_cap && pos >= pdev->msi_cap &&
	       pos + count <= pdev->msi_cap + PCI_MSI_FLAGS;
}

/*
 * A write that is all in @mirror. Where the kernel has no config space, as
 * without extended config access, nothing of it leads to Device Control.
 */
static ssize_t nosnoop_mirror_write(struct nosnoop_vfio_pci_device *nosnoop,
				    const struct nosnoop_mirror *mirror,
				    const char __user *buf, size_t count,
				    loff_t ppos)
{
	struct pci_dev *pdev = nosnoop->core.pdev;
	size_t pos = (ppos & VFIO_PCI_OFFSET_MASK) - mirror->offset;
	bool enabled;

	/* The user has that function's own config space, if it is his. */
	if (mirror->sibling)
		return count;
	if (pos >= pdev->cfg_size || is_msi_ack(pdev, pos, count))
		return vfio_pci_core_write(&nosnoop->core.vdev, buf, count,
					   &ppos);

	/* As any BAR, it answers only while memory is enabled. */
	down_read(&nosnoop->core.memory_lock);
	enabled = __vfio_pci_memory_enabled(&nosnoop->core);
	up_read(&nosnoop->core.memory_lock);
	if (!enabled)
		return -EIO;

	count = min(count, pdev->cfg_size - pos);
	ppos = VFIO_PCI_INDEX_TO_OFFSET(VFIO_PCI_CONFIG_REGION_INDEX) + pos;

	return nosnoop_config_write(nosnoop, buf, count, &ppos);
}

/**
 * nosnoop_bar_write() - A user's write of a BAR that may have mirrors
 * @nosnoop: the device
 * @buf: the user's buffer
 * @count: bytes
 * @ppos: where, with the BAR's index; moves on success only
 *
 * Context: as nosnoop_config_write()
 * Return: bytes written or a negative errno: that of vfio_pci_core_write() or
 * nosnoop_config_write().
 */
ssize_t nosnoop_bar_write(struct nosnoop_vfio_pci_device *nosnoop,
			  const char __user *buf, size_t count, loff_t *ppos)
{
	unsigned int bar = VFIO_PCI_OFFSET_TO_INDEX(*ppos);
	const struct nosnoop_mirror *mirror;
	size_t done = 0, segment;
	loff_t part;
	ssize_t ret;

	while (done < count) {
		part = *ppos + done;
		segment = nosnoop_mirror_segment(&nosnoop->mirrors, bar,
						 part & VFIO_PCI_OFFSET_MASK,
						 count - done, &mirror);
		if (mirror)
			ret = nosnoop_mirror_write(nosnoop, mirror, buf + done,
						   segment, part);
		else
			ret = vfio_pci_core_write(&nosnoop->core.vdev,
						  buf + done, segment, &part);
		if (ret < 0)
			return ret;
		done += ret;
		/* The core cuts what goes beyond the BAR's end. */
		if (!mirror && ret < segment)
			break;
	}
	*ppos += done;

	return done;
}

static bool nosnoop_maps_mirror(struct vm_fault *vmf, unsigned int order)
{
	struct vm_area_struct *vma = vmf->vma;
	struct nosnoop_vfio_pci_device *nosnoop =
		core_to_nosnoop(vma->vm_private_data);
	unsigned long size = PAGE_SIZE << order;
	unsigned long addr = vmf->address & ~(size - 1);
	loff_t pos;

	/* More than is mapped, which the core finds itself */
	if (addr < vma->vm_start)
		return false;

	pos = ((loff_t)vma->vm_pgoff << PAGE_SHIFT) + (addr - vma->vm_start);

	return nosnoop_mirror_shares_page(&nosnoop->mirrors,
					  VFIO_PCI_OFFSET_TO_INDEX(pos),
					  pos & VFIO_PCI_OFFSET_MASK, size);
}

static const struct vm_operations_struct *
nosnoop_core_vm_ops(struct vm_fault *vmf)
{
	return READ_ONCE(core_to_nosnoop(vmf->vma->vm_private_data)->vm_ops);
}

static vm_fault_t nosnoop_bar_fault(struct vm_fault *vmf)
{
	if (nosnoop_maps_mirror(vmf, 0))
		return VM_FAULT_SIGBUS;

	return nosnoop_core_vm_ops(vmf)->fault(vmf);
}

#ifdef CONFIG_ARCH_SUPPORTS_HUGE_PFNMAP
static vm_fault_t nosnoop_bar_huge_fault(struct vm_fault *vmf,
					 unsigned int order)
{
	if (nosnoop_maps_mirror(vmf, order))
		return order ? VM_FAULT_FALLBACK : VM_FAULT_SIGBUS;

	return nosnoop_core_vm_ops(vmf)->huge_fault(vmf, order);
}
#endif

static const struct vm_operations_struct nosnoop_bar_vm_ops = {
	.fault = nosnoop_bar_fault,
#ifdef CONFIG_ARCH_SUPPORTS_HUGE_PFNMAP
	.huge_fault = nosnoop_bar_huge_fault,
#endif
};

/**
 * nosnoop_bar_mmap() - Map a BAR that may have mirrors
 * @nosnoop: the device
 * @vma: what is to be mapped
 *
 * For the sake of programs that map whole BARs, a mapping may have a mirror in
 * it, and whoever touches a page of that gets SIGBUS.
 *
 * Context: mmap() of the device's file.
 * Return: that of vfio_pci_core_mmap().
 */
int nosnoop_bar_mmap(struct nosnoop_vfio_pci_device *nosnoop,
		     struct vm_area_struct *vma)
{
	loff_t pos = (loff_t)vma->vm_pgoff << PAGE_SHIFT;
	int ret;

	ret = vfio_pci_core_mmap(&nosnoop->core.vdev, vma);
	if (ret || !nosnoop_mirror_shares_page(&nosnoop->mirrors,
					       VFIO_PCI_OFFSET_TO_INDEX(pos),
					       pos & VFIO_PCI_OFFSET_MASK,
					       vma->vm_end - vma->vm_start))
		return ret;

	/* The same for each BAR */
	WRITE_ONCE(nosnoop->vm_ops, vma->vm_ops);
	vma->vm_ops = &nosnoop_bar_vm_ops;

	return 0;
}

/**
 * nosnoop_bar_region_info() - Say which parts of a BAR can be mapped
 * @nosnoop: the device
 * @info: the core's answer for a BAR
 * @caps: gets VFIO_REGION_INFO_CAP_SPARSE_MMAP if the BAR has mirrors
 *
 * A BAR with a window is as one that the function does not have.
 *
 * Return: 0 or -ENOMEM.
 */
int nosnoop_bar_region_info(struct nosnoop_vfio_pci_device *nosnoop,
			    struct vfio_region_info *info,
			    struct vfio_info_cap *caps)
{
	const struct nosnoop_mirrors *mirrors = &nosnoop->mirrors;
	struct vfio_region_info_cap_sparse_mmap *sparse;
	u64 pos = 0, start, end;
	int ret = 0;

	if (mirrors->windows & BIT(info->index)) {
		info->size = 0;
		info->flags = 0;
		return 0;
	}
	if (!(info->flags & VFIO_REGION_INFO_FLAG_MMAP) ||
	    !nosnoop_mirror_pages(mirrors, info->index, 0, &start, &end))
		return 0;

	sparse = kzalloc(struct_size(sparse, areas, mirrors->count + 1),
			 GFP_KERNEL);
	if (!sparse)
		return -ENOMEM;

	sparse->header.id = VFIO_REGION_INFO_CAP_SPARSE_MMAP;
	sparse->header.version = 1;
	while (pos < info->size) {
		if (!nosnoop_mirror_pages(mirrors, info->index, pos, &start,
					  &end)) {
			start = info->size;
			end = info->size;
		}
		if (start > pos) {
			sparse->areas[sparse->nr_areas].offset = pos;
			sparse->areas[sparse->nr_areas].size = start - pos;
			sparse->nr_areas++;
		}
		pos = end;
	}

	if (sparse->nr_areas)
		ret = vfio_info_add_capability(caps, &sparse->header,
					       struct_size(sparse, areas,
							   sparse->nr_areas));
	else
		info->flags &= ~VFIO_REGION_INFO_FLAG_MMAP;
	kfree(sparse);

	return ret;
}

/**
 * nosnoop_bar_get_dmabuf_phys() - Give a peer a part of a BAR, but no mirror
 * @core: the device
 * @provider: as vfio_pci_core_get_dmabuf_phys()
 * @region_index: likewise
 * @phys_vec: likewise
 * @dma_ranges: likewise
 * @nr_ranges: likewise
 *
 * Return: that of vfio_pci_core_get_dmabuf_phys(), or -EINVAL for a range that
 * shares a page with a mirror.
 */
int nosnoop_bar_get_dmabuf_phys(struct vfio_pci_core_device *core,
				struct p2pdma_provider **provider,
				unsigned int region_index,
				struct phys_vec *phys_vec,
				struct vfio_region_dma_range *dma_ranges,
				size_t nr_ranges)
{
	struct nosnoop_vfio_pci_device *nosnoop = core_to_nosnoop(core);
	size_t i;

	for (i = 0; i < nr_ranges; i++)
		if (nosnoop_mirror_shares_page(&nosnoop->mirrors, region_index,
					       dma_ranges[i].offset,
					       dma_ranges[i].length))
			return -EINVAL;

	return vfio_pci_core_get_dmabuf_phys(core, provider, region_index,
					     phys_vec, dma_ranges, nr_ranges);
}
