// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio-pci-nosnoop: what KVM makes of it. Behind an IOMMU that does not enforce
 * snooping KVM registers non-coherent DMA for a device's file, and from then on
 * emulates the guest's WBINVD. vfio-pci-nosnoop vouches for a device whose bit
 * it holds, and KVM then has no reason to. That is for a device file, which
 * leads to one device. A group's file leads to all devices in the group, so the
 * answer stays the IOMMU's.
 *
 * The witness is a kprobe on KVM's own functions, not an answer of VFIO's.
 *
 * Needs: root, KVM on x86, tracefs, an IOMMU that does not enforce snooping, and
 * a function that is bound to a VFIO driver. It need not be opened for KVM to ask.
 *
 * Run: ./vfio_pci_nosnoop_kvm_test [options] 0000:01:00.0
 *      VFIO_NOSNOOP_VOUCHED=1	its driver is to vouch for it
 *      VFIO_NOSNOOP_BESIDE=bdf	a function in another group, not vouched for
 */
#include <sys/ioctl.h>

#include <linux/kvm.h>

#include "vfio_pci_nosnoop.h"

#include "kselftest_harness.h"

#define TRACEFS		"/sys/kernel/tracing/"

static const char *device_bdf;

FIXTURE(vfio_pci_nosnoop_kvm_test) {
	int vm;
	int vfio;	/* KVM's VFIO device */
	int file;	/* the function's, or its group's */
	long registered;
	long unregistered;
	bool vouched;
};

FIXTURE_VARIANT(vfio_pci_nosnoop_kvm_test) {
	bool cdev;
};

FIXTURE_VARIANT_ADD(vfio_pci_nosnoop_kvm_test, group) {
	.cdev = false,
};

FIXTURE_VARIANT_ADD(vfio_pci_nosnoop_kvm_test, cdev) {
	.cdev = true,
};

static int open_file(const char *bdf, bool cdev)
{
	const char *cdev_path = NULL;
	char path[PATH_MAX];
	int fd;

	if (cdev)
		cdev_path = vfio_pci_get_cdev_path(bdf);
	else
		snprintf_assert(path, PATH_MAX, "/dev/vfio/%u", sysfs_iommu_group_get(bdf));
	fd = open(cdev_path ?: path, O_RDWR | O_CLOEXEC);
	VFIO_ASSERT_GE(fd, 0, "open(%s)\n", cdev_path ?: path);
	free((void *)cdev_path);

	return fd;
}

/* How often a kprobe was hit: "  NAME  HITS  MISSES" in each line */
static long hits(const char *name)
{
	FILE *profile = fopen(TRACEFS "kprobe_profile", "r");
	char event[64];
	long count, found = -1;

	VFIO_ASSERT_NOT_NULL(profile);
	while (fscanf(profile, "%63s %ld %*d", event, &count) == 2)
		if (!strcmp(event, name))
			found = count;
	fclose(profile);
	VFIO_ASSERT_GE(found, 0, "no kprobe %s\n", name);

	return found;
}

FIXTURE_SETUP(vfio_pci_nosnoop_kvm_test)
{
	struct kvm_create_device create = { .type = KVM_DEV_TYPE_VFIO };
	const char *env = getenv("VFIO_NOSNOOP_VOUCHED");
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	ASSERT_GE(kvm, 0);
	self->vm = ioctl(kvm, KVM_CREATE_VM, 0);
	ASSERT_GE(self->vm, 0);
	ASSERT_EQ(0, ioctl(self->vm, KVM_CREATE_DEVICE, &create));
	ASSERT_EQ(0, close(kvm));
	self->vfio = create.fd;
	self->registered = hits("register");
	self->unregistered = hits("unregister");
	self->file = open_file(device_bdf, variant->cdev);
	self->vouched = variant->cdev && env && atoi(env);
}

FIXTURE_TEARDOWN(vfio_pci_nosnoop_kvm_test)
{
	VFIO_ASSERT_EQ(close(self->file), 0);
	VFIO_ASSERT_EQ(close(self->vfio), 0);
	VFIO_ASSERT_EQ(close(self->vm), 0);
}

static void set_file(int vfio, u64 attr, int file)
{
	struct kvm_device_attr a = {
		.group = KVM_DEV_VFIO_FILE,
		.attr = attr,
		.addr = (u64)(unsigned long)&file,
	};

	ioctl_assert(vfio, KVM_SET_DEVICE_ATTR, &a);
}

#define add(_file)	set_file(self->vfio, KVM_DEV_VFIO_FILE_ADD, _file)
#define del(_file)	set_file(self->vfio, KVM_DEV_VFIO_FILE_DEL, _file)

/* How often it was registered since set-up, and whether it is */
#define ever()		(hits("register") - self->registered)
#define noncoherent()	(ever() - (hits("unregister") - self->unregistered))

/* KVM asks each time that a file comes or goes. */
TEST_F(vfio_pci_nosnoop_kvm_test, is_told)
{
	for (int i = 1; i <= 2; i++) {
		add(self->file);
		ASSERT_EQ(!self->vouched, noncoherent());
		del(self->file);
		ASSERT_EQ(0, noncoherent());
		ASSERT_EQ(self->vouched ? 0 : i, ever());
	}
}

/* One device that nobody vouches for is enough, for as long as it is there. */
TEST_F(vfio_pci_nosnoop_kvm_test, is_told_beside_another)
{
	const char *bdf = getenv("VFIO_NOSNOOP_BESIDE");
	int other;

	if (!bdf)
		SKIP(return, "VFIO_NOSNOOP_BESIDE names no other function");

	other = open_file(bdf, variant->cdev);
	add(self->file);
	ASSERT_EQ(!self->vouched, noncoherent());
	add(other);
	ASSERT_EQ(1, noncoherent());
	del(other);
	ASSERT_EQ(!self->vouched, noncoherent());
	add(other);
	del(self->file);
	ASSERT_EQ(1, noncoherent());
	del(other);
	ASSERT_EQ(0, noncoherent());
	ASSERT_EQ(0, close(other));
}

int main(int argc, char *argv[])
{
	device_bdf = vfio_selftests_get_bdf(&argc, argv);

	return test_harness_run(argc, argv);
}
