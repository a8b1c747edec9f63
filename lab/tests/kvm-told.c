// SPDX-License-Identifier: GPL-2.0-only
/*
 * kvm-told BDF: gives the function's VFIO group to a KVM virtual machine, and
 * exits. What KVM did is for a kprobe to tell.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/ioctl.h>

#include <linux/kvm.h>

static int give(int group)
{
	struct kvm_create_device create = { .type = KVM_DEV_TYPE_VFIO };
	struct kvm_device_attr attr = {
		.group = KVM_DEV_VFIO_FILE,
		.attr = KVM_DEV_VFIO_FILE_ADD,
		.addr = (unsigned long)&group,
	};
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	int vm = kvm < 0 ? -1 : ioctl(kvm, KVM_CREATE_VM, 0);

	return vm < 0 || ioctl(vm, KVM_CREATE_DEVICE, &create) ||
	       ioctl(create.fd, KVM_SET_DEVICE_ATTR, &attr);
}

int main(int argc, char **argv)
{
	char path[PATH_MAX], real[PATH_MAX];
	int group;

	if (argc != 2) {
		fputs("usage: kvm-told BDF\n", stderr);
		return 2;
	}
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group", argv[1]);
	if (!realpath(path, real)) {
		perror(path);
		return 1;
	}
	snprintf(path, sizeof(path), "/dev/vfio/%.32s", strrchr(real, '/') + 1);
	group = open(path, O_RDWR | O_CLOEXEC);
	if (group < 0 || give(group)) {
		perror(path);
		return 1;
	}
	return 0;
}
