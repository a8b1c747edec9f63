/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For the tree's libvfio, which maps whole BARs: where the driver refuses that,
 * as vfio-pci-nosnoop does for a BAR with config space in it, map the areas that
 * it offers.
 */
#include <errno.h>
#include <string.h>
#include <linux/vfio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

static void *lab_mmap(void *vaddr, size_t size, int prot, int flags, int fd,
		      off_t offset)
{
	unsigned char buf[4096] = {};
	struct vfio_region_info *info = (void *)buf;
	struct vfio_region_info_cap_sparse_mmap *sparse;
	void *map = mmap(vaddr, size, prot, flags, fd, offset);

	if (map != MAP_FAILED || errno != EINVAL || fd < 0)
		return map;

	info->argsz = sizeof(buf);
	info->index = offset >> 40;
	if (ioctl(fd, VFIO_DEVICE_GET_REGION_INFO, info) || !info->cap_offset)
		return MAP_FAILED;
	sparse = (void *)(buf + info->cap_offset);
	while (sparse->header.id != VFIO_REGION_INFO_CAP_SPARSE_MMAP) {
		if (!sparse->header.next)
			return MAP_FAILED;
		sparse = (void *)(buf + sparse->header.next);
	}

	if (mmap(vaddr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		 -1, 0) == MAP_FAILED)
		return MAP_FAILED;
	for (unsigned int i = 0; i < sparse->nr_areas; i++)
		if (mmap(vaddr + sparse->areas[i].offset, sparse->areas[i].size,
			 prot, MAP_SHARED | MAP_FIXED, fd,
			 offset + sparse->areas[i].offset) == MAP_FAILED)
			return MAP_FAILED;

	return vaddr;
}

#define mmap lab_mmap
