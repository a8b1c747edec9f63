// SPDX-License-Identifier: GPL-2.0-only
/*
 * NVIDIA's GPUs and NVSwitch have config space in BAR0, too, and their drivers write it
 * there. Such a write is treated as one of config space, and pages with it are not mapped.
 */
#include <linux/array_size.h>
#include <linux/mm.h>
#include <linux/pci.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "nosnoop.h"
#include "policy.h"

/*
 * 0x1800: nouveau nvkm/subdev/pci/nv04.c. 0x88000: nv40.c and later. QEMU knows both
 * (hw/vfio/pci-quirks.c), but for VGA only. 0x8a000: the sound function's, since GT215
 * (envytools, PPCI_HDA). 0x92000: nvhw/ref/gh100/dev_xtl_ep_pri.h. NVSwitch LR10: lr10/
 * of NVIDIA's open-gpu-kernel-modules.
 */
static const struct nosnoop_mirror nvidia[] = {
	{ .offset = 0x1800, .size = SZ_256 },
	{ .offset = 0x88000, .size = SZ_4K },
	{ .offset = 0x8a000, .size = SZ_4K, .sibling = true },
	{}
}, nvidia_gh100[] = {
	{ .offset = 0x1800, .size = SZ_256 },
	{ .offset = 0x88000, .size = SZ_4K },
	{ .offset = 0x92000, .size = SZ_4K },
	{}
}, nvswitch[] = {
	{ .offset = 0x88000, .size = SZ_4K },
	{}
};

/* GH100 is 2300 to 23ff, GB100 starts at 2900 (pci.ids). For LS10 see devices.c. */
const struct nosnoop_mirror *nosnoop_mirrors_of(struct pci_dev *pdev)
{
	if (pdev->vendor != PCI_VENDOR_ID_NVIDIA)
		return NULL;
	if (pdev->class >> 8 == PCI_CLASS_BRIDGE_OTHER)
		return (pdev->device & 0xfff0) == 0x22a0 ? NULL : nvswitch;
	if (!pci_is_display(pdev))
		return NULL;

	return (pdev->device & 0xff00) == 0x2300 || pdev->device >= 0x2900 ?
	       nvidia_gh100 : nvidia;
}

/* BAR5 of GPUs is an index and its data, which lead there (QEMU hw/vfio/pci-quirks.c). */
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
				    const char __user *buf, size_t count, loff_t ppos)
{
	struct pci_dev *pdev = nosnoop->core.pdev;
	size_t pos = (ppos & VFIO_PCI_OFFSET_MASK) - mirror->offset;
	bool enabled;

	/* The user has that function's own config space, if it is theirs. */
	if (mirror->sibling)
		return count;
	/* Without extended config access, what is behind leads to no Device Control. */
	if (pos >= pdev->cfg_size || nosnoop_is_msi_ack(pos, count, pdev->msi_cap))
		return vfio_pci_core_write(&nosnoop->core.vdev, buf, count, &ppos);

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

ssize_t nosnoop_bar_read(struct nosnoop_device *nosnoop, char __user *buf,
			 size_t count, loff_t *ppos)
{
	if (nosnoop_bar_is_closed(nosnoop, VFIO_PCI_OFFSET_TO_INDEX(*ppos)))
		return -EINVAL;

	return vfio_pci_core_read(&nosnoop->core.vdev, buf, count, ppos);
}

ssize_t nosnoop_bar_write(struct nosnoop_device *nosnoop, const char __user *buf,
			  size_t count, loff_t *ppos)
{
	unsigned int index = VFIO_PCI_OFFSET_TO_INDEX(*ppos);
	const struct nosnoop_mirror *mirror = NULL;
	size_t done = 0, segment;
	loff_t part;
	ssize_t ret;

	if (nosnoop_bar_is_closed(nosnoop, index))
		return -EINVAL;

	while (done < count) {
		part = *ppos + done;
		segment = count - done;
		if (nosnoop->mirrors && index == VFIO_PCI_BAR0_REGION_INDEX)
			segment = nosnoop_mirror_segment(nosnoop->mirrors,
							 part & VFIO_PCI_OFFSET_MASK,
							 segment, &mirror);
		if (mirror)
			ret = nosnoop_mirror_write(nosnoop, mirror, buf + done, segment,
						   part);
		else
			ret = vfio_pci_core_write(&nosnoop->core.vdev, buf + done,
						  segment, &part);
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

int nosnoop_bar_mmap(struct vfio_device *core_vdev, struct vm_area_struct *vma)
{
	loff_t pos = (loff_t)vma->vm_pgoff << PAGE_SHIFT;

	if (nosnoop_has_mirror(to_nosnoop(core_vdev), VFIO_PCI_OFFSET_TO_INDEX(pos),
			       pos & VFIO_PCI_OFFSET_MASK,
			       vma->vm_end - vma->vm_start))
		return -EINVAL;

	return vfio_pci_core_mmap(core_vdev, vma);
}

/* Amends the core's answer: which parts of a BAR are there and can be mapped */
int nosnoop_bar_region_info(struct nosnoop_device *nosnoop,
			    struct vfio_region_info *info, struct vfio_info_cap *caps)
{
	struct vfio_region_info_cap_sparse_mmap *sparse;
	const struct nosnoop_mirror *each = nosnoop->mirrors;
	struct vfio_region_sparse_mmap_area *area;
	u64 pos = 0, end;
	int ret;

	if (nosnoop_bar_is_closed(nosnoop, info->index)) {
		info->size = 0;
		info->flags = 0;
	}
	if (!each || info->index != VFIO_PCI_BAR0_REGION_INDEX ||
	    !(info->flags & VFIO_REGION_INFO_FLAG_MMAP))
		return 0;

	/* One area before each mirror, and one behind the last */
	sparse = kzalloc(struct_size(sparse, areas, ARRAY_SIZE(nvidia)), GFP_KERNEL);
	if (!sparse)
		return -ENOMEM;

	sparse->header.id = VFIO_REGION_INFO_CAP_SPARSE_MMAP;
	sparse->header.version = 1;
	while (pos < info->size) {
		end = each->size ? nosnoop_mirror_start(each) : info->size;
		if (pos < end) {
			area = &sparse->areas[sparse->nr_areas++];
			area->offset = pos;
			area->size = min(end, info->size) - pos;
		}
		pos = each->size ? nosnoop_mirror_end(each++) : end;
	}

	ret = vfio_info_add_capability(caps, &sparse->header,
				       struct_size(sparse, areas, sparse->nr_areas));
	kfree(sparse);

	return ret;
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
