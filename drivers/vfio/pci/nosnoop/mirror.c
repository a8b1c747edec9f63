// SPDX-License-Identifier: GPL-2.0-only
/*
 * NVIDIA's GPUs and NVSwitch have config space in BAR0, too, and their drivers write it
 * there. Such a write is treated as a write of config space, and no page with it is mapped.
 */
#include <linux/mm.h>
#include <linux/pci.h>

#include "nosnoop.h"
#include "policy.h"

/* BAR5 of GPUs has index and data registers that lead there (QEMU hw/vfio/pci-quirks.c). */
static bool nosnoop_bar_is_closed(struct nosnoop_device *nosnoop, unsigned int index)
{
	return nosnoop->mirrors && index < PCI_STD_NUM_BARS &&
	       pci_resource_flags(nosnoop->core.pdev, index) & IORESOURCE_IO;
}

static bool nosnoop_has_mirror(struct nosnoop_device *nosnoop, unsigned int index,
			       u64 pos, u64 count)
{
	return nosnoop->mirrors && index == VFIO_PCI_BAR0_REGION_INDEX &&
	       nosnoop_mirror_shares_page(nosnoop->mirrors, pos, count);
}

/* A write that is all in @mirror */
static ssize_t nosnoop_mirror_write(struct nosnoop_device *nosnoop,
				    const struct nosnoop_mirror *mirror,
				    const char __user *buf, size_t count, loff_t *ppos)
{
	struct pci_dev *pdev = nosnoop->core.pdev;
	size_t pos = (*ppos & VFIO_PCI_OFFSET_MASK) - mirror->offset;
	loff_t config = VFIO_PCI_INDEX_TO_OFFSET(VFIO_PCI_CONFIG_REGION_INDEX) + pos;
	bool enabled;
	ssize_t ret;

	/* Without extended config access, what is beyond cfg_size has no Device Control. */
	if (!mirror->sibling && (pos >= pdev->cfg_size ||
				 nosnoop_is_msi_ack(pos, count, pdev->msi_cap)))
		return vfio_pci_core_write(&nosnoop->core.vdev, buf, count, ppos);

	/* Like any BAR, it answers only while memory is enabled. */
	down_read(&nosnoop->core.memory_lock);
	enabled = __vfio_pci_memory_enabled(&nosnoop->core);
	up_read(&nosnoop->core.memory_lock);
	if (!enabled)
		return -EIO;

	/* Drop it: a user who has the sibling, too, can write its own config space. */
	ret = mirror->sibling ? count :
	      nosnoop_config_write(nosnoop, buf, min(count, pdev->cfg_size - pos), &config);
	if (ret > 0)
		*ppos += ret;

	return ret;
}

ssize_t nosnoop_bar_read(struct nosnoop_device *nosnoop, char __user *buf,
			 size_t count, loff_t *ppos)
{
	if (nosnoop_bar_is_closed(nosnoop, VFIO_PCI_OFFSET_TO_INDEX(*ppos)))
		return -EINVAL;

	return vfio_pci_core_read(&nosnoop->core.vdev, buf, count, ppos);
}

/* A write ends at a mirror's start or end. The rest is left to the user's next write. */
ssize_t nosnoop_bar_write(struct nosnoop_device *nosnoop, const char __user *buf,
			  size_t count, loff_t *ppos)
{
	unsigned int index = VFIO_PCI_OFFSET_TO_INDEX(*ppos);
	const struct nosnoop_mirror *mirror = NULL;

	if (nosnoop_bar_is_closed(nosnoop, index))
		return -EINVAL;
	if (nosnoop->mirrors && index == VFIO_PCI_BAR0_REGION_INDEX)
		count = nosnoop_mirror_segment(nosnoop->mirrors,
					       *ppos & VFIO_PCI_OFFSET_MASK, count, &mirror);
	if (mirror)
		return nosnoop_mirror_write(nosnoop, mirror, buf, count, ppos);

	return vfio_pci_core_write(&nosnoop->core.vdev, buf, count, ppos);
}

int nosnoop_bar_mmap(struct vfio_device *core_vdev, struct vm_area_struct *vma)
{
	loff_t pos = (loff_t)vma->vm_pgoff << PAGE_SHIFT;

	if (nosnoop_has_mirror(to_nosnoop(core_vdev), VFIO_PCI_OFFSET_TO_INDEX(pos),
			       pos & VFIO_PCI_OFFSET_MASK, vma->vm_end - vma->vm_start))
		return -EINVAL;

	return vfio_pci_core_mmap(core_vdev, vma);
}

/* Correct the core's answer: which BARs there are, and which parts of BAR0 can be mapped */
int nosnoop_bar_region_info(struct nosnoop_device *nosnoop,
			    struct vfio_region_info *info, struct vfio_info_cap *caps)
{
	struct vfio_region_info_cap_sparse_mmap *sparse;
	const struct nosnoop_mirror *each = nosnoop->mirrors;
	struct vfio_region_sparse_mmap_area *area;
	struct vfio_info_cap_header *header;
	u64 pos = 0, end;

	if (nosnoop_bar_is_closed(nosnoop, info->index)) {
		info->size = 0;
		info->flags = 0;
	}
	if (!each || info->index != VFIO_PCI_BAR0_REGION_INDEX ||
	    !(info->flags & VFIO_REGION_INFO_FLAG_MMAP))
		return 0;

	/* One area before each mirror, and one after the last */
	header = vfio_info_cap_add(caps, struct_size(sparse, areas, NOSNOOP_MIRRORS + 1),
				   VFIO_REGION_INFO_CAP_SPARSE_MMAP, 1);
	if (IS_ERR(header))
		return PTR_ERR(header);

	sparse = container_of(header, struct vfio_region_info_cap_sparse_mmap, header);
	while (pos < info->size) {
		end = each->size ? nosnoop_mirror_start(each) : info->size;
		if (pos < end) {
			area = &sparse->areas[sparse->nr_areas++];
			area->offset = pos;
			area->size = min(end, info->size) - pos;
		}
		pos = each->size ? nosnoop_mirror_end(each++) : end;
	}

	return 0;
}

/* A peer gets no page with a mirror in it either. */
static int nosnoop_get_dmabuf_phys(struct vfio_pci_core_device *core,
				   struct p2pdma_provider **provider,
				   unsigned int region_index, struct phys_vec *phys_vec,
				   struct vfio_region_dma_range *dma_ranges,
				   size_t nr_ranges)
{
	size_t i;

	for (i = 0; i < nr_ranges; i++)
		if (nosnoop_has_mirror(to_nosnoop(&core->vdev), region_index,
				       dma_ranges[i].offset, dma_ranges[i].length))
			return -EINVAL;

	return vfio_pci_core_get_dmabuf_phys(core, provider, region_index, phys_vec,
					     dma_ranges, nr_ranges);
}

const struct vfio_pci_device_ops nosnoop_mirror_ops = {
	.get_dmabuf_phys = nosnoop_get_dmabuf_phys,
};
