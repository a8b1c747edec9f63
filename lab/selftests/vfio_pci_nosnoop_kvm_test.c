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
 * a function that is bound to a VFIO driver.
 *
 * Run: ./vfio_pci_nosnoop_kvm_test [options] 0000:01:00.0
 *      VFIO_NOSNOOP_VOUCHED=1	its driver is to vouch for it
 *      VFIO_NOSNOOP_BESIDE=bdf	a function in another group, not vouched for
 */
#include <sys/ioctl.h>

#include <linux/kvm.h>

#include "nosnoop_lab.h"

#include "kselftest_harness.h"

#define TRACEFS		"/sys/kernel/tracing/"

static const char *device_bdf;

FIXTURE(vfio_pci_nosnoop_kvm_test) {
	struct nosnoop n;
	int vm;
	int vfio;	/* KVM's VFIO device */
	long registered;
	long unregistered;
};

FIXTURE_VARIANT(vfio_pci_nosnoop_kvm_test) {
	const char *iommu_mode;
};

#define FIXTURE_VARIANT_ADD_IOMMU_MODE(_iommu_mode)			\
FIXTURE_VARIANT_ADD(vfio_pci_nosnoop_kvm_test, _iommu_mode) {		\
	.iommu_mode = #_iommu_mode,					\
}

FIXTURE_VARIANT_ADD_ALL_IOMMU_MODES();

#undef FIXTURE_VARIANT_ADD_IOMMU_MODE

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
	const char *missing = iommu_mode_missing(device_bdf, variant->iommu_mode);
	int kvm;

	if (missing)
		SKIP(return, "%s", missing);

	kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	ASSERT_GE(kvm, 0);
	self->vm = ioctl(kvm, KVM_CREATE_VM, 0);
	ASSERT_GE(self->vm, 0);
	ASSERT_EQ(0, ioctl(self->vm, KVM_CREATE_DEVICE, &create));
	self->vfio = create.fd;
	self->registered = hits("register");
	self->unregistered = hits("unregister");
	ASSERT_EQ(0, close(kvm));

	self->n.bdf = device_bdf;
	nosnoop_open(&self->n, variant->iommu_mode);
}

FIXTURE_TEARDOWN(vfio_pci_nosnoop_kvm_test)
{
	if (!self->n.device)
		return;
	nosnoop_close(&self->n);
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

static bool is_cdev(struct nosnoop *n)
{
	return !n->iommu->mode->container_path;
}

static int file_of(struct nosnoop *n)
{
	return is_cdev(n) ? n->device->fd : n->device->group_fd;
}

static bool vouched(struct nosnoop *n)
{
	const char *env = getenv("VFIO_NOSNOOP_VOUCHED");

	return is_cdev(n) && env && atoi(env);
}

/* KVM asks each time that a file comes or goes. */
TEST_F(vfio_pci_nosnoop_kvm_test, is_told)
{
	int file = file_of(&self->n);

	for (int i = 1; i <= 2; i++) {
		add(file);
		ASSERT_EQ(!vouched(&self->n), noncoherent());
		del(file);
		ASSERT_EQ(0, noncoherent());
		ASSERT_EQ(vouched(&self->n) ? 0 : i, ever());
	}
}

/* One device that nobody vouches for is enough, for as long as it is there. */
TEST_F(vfio_pci_nosnoop_kvm_test, is_told_beside_another)
{
	struct nosnoop other = { .bdf = getenv("VFIO_NOSNOOP_BESIDE") };
	int file = file_of(&self->n);

	if (!other.bdf)
		SKIP(return, "VFIO_NOSNOOP_BESIDE names no other function");

	nosnoop_open(&other, variant->iommu_mode);
	add(file);
	ASSERT_EQ(!vouched(&self->n), noncoherent());
	add(file_of(&other));
	ASSERT_EQ(1, noncoherent());
	del(file_of(&other));
	ASSERT_EQ(!vouched(&self->n), noncoherent());
	add(file_of(&other));
	del(file);
	ASSERT_EQ(1, noncoherent());
	del(file_of(&other));
	ASSERT_EQ(0, noncoherent());
	nosnoop_close(&other);
}

int main(int argc, char *argv[])
{
	device_bdf = vfio_selftests_get_bdf(&argc, argv);

	return test_harness_run(argc, argv);
}
