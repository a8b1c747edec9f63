// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio-pci-nosnoop: what KVM makes of it. With vfio-pci, behind an IOMMU that
 * does not enforce snooping, KVM registers non-coherent DMA and from then on
 * emulates the guest's WBINVD; with vfio-pci-nosnoop it has no reason to.
 *
 * The witness is a kprobe on KVM's own functions, not an answer of VFIO's.
 *
 * Needs: root, KVM on x86, tracefs, vfio-pci and vfio-pci-nosnoop loaded, and
 * one or more PCI Express functions, which are bound to both drivers in turn,
 * and to their own in the end. With a second in another IOMMU group, and with a
 * second in the same group, there is more to test.
 *
 * Run: ./vfio_pci_nosnoop_kvm_test [options] 0000:01:00.0 0000:02:00.0 0000:01:00.1
 */
#include <limits.h>

#include <sys/ioctl.h>

#include <linux/kvm.h>

#include "vfio_pci_nosnoop.h"

#include "kselftest_harness.h"

#define TRACEFS		"/sys/kernel/tracing/"
#define VFIO_PCI	"vfio-pci"
#define NOSNOOP		"vfio-pci-nosnoop"

static char **bdfs;
static int nr_bdfs;

struct guest {
	struct iommu *iommu;
	bool cdev;	/* opens devices by these, not by groups */
	int vm;
	int vfio;	/* KVM's VFIO device */
	long registered;
	long unregistered;
};

FIXTURE(vfio_pci_nosnoop_kvm_test) {
	const char *bdf;
	const char *sibling;	/* in its group, or NULL */
	const char *elsewhere;	/* in another group, or NULL */
	struct guest g;
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

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC), ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);

	return ret;
}

/* Drivers */

static void detach(const char *bdf)
{
	char path[PATH_MAX];

	snprintf_assert(path, PATH_MAX, "/sys/bus/pci/devices/%s/driver/unbind", bdf);
	if (!access(path, W_OK))
		VFIO_ASSERT_EQ(write_text(path, bdf), 0);
}

/* Its name, or an empty string */
static void driver_of(const char *bdf, char *name)
{
	char path[PATH_MAX], link[PATH_MAX] = "/";

	snprintf_assert(path, PATH_MAX, "/sys/bus/pci/devices/%s/driver", bdf);
	if (readlink(path, link, sizeof(link) - 1) < 0)
		strcpy(link, "/");
	snprintf_assert(name, NAME_MAX, "%s", strrchr(link, '/') + 1);
}

/* Returns 0 or a negative errno, that of the driver's probe */
static int attach(const char *bdf, const char *driver)
{
	char path[PATH_MAX];

	detach(bdf);
	snprintf_assert(path, PATH_MAX, "/sys/bus/pci/devices/%s/driver_override", bdf);
	VFIO_ASSERT_EQ(write_text(path, driver), 0);
	snprintf_assert(path, PATH_MAX, "/sys/bus/pci/drivers/%s/bind", driver);

	return write_text(path, bdf);
}

/* Files of VFIO, and the devices behind them */

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

/* Opens the device for good; with a cdev that is the same file. */
static int open_device(struct guest *g, int file, const char *bdf)
{
	int fd;

	if (g->cdev) {
		VFIO_ASSERT_EQ(__vfio_device_bind_iommufd(file, g->iommu->iommufd, NULL), 0);
		return file;
	}

	ioctl_assert(file, VFIO_GROUP_SET_CONTAINER, &g->iommu->container_fd);
	ioctl_assert(g->iommu->container_fd, VFIO_SET_IOMMU,
		     (void *)g->iommu->mode->iommu_type);
	fd = ioctl(file, VFIO_GROUP_GET_DEVICE_FD, bdf);
	VFIO_ASSERT_GE(fd, 0);

	return fd;
}

static void close_device(int file, int device)
{
	if (device != file)
		VFIO_ASSERT_EQ(close(device), 0);
	VFIO_ASSERT_EQ(close(file), 0);
}

/* KVM */

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

static int file_attr(int vfio, u64 attr, int file)
{
	struct kvm_device_attr a = {
		.group = KVM_DEV_VFIO_FILE,
		.attr = attr,
		.addr = (u64)(unsigned long)&file,
	};

	return ioctl(vfio, KVM_SET_DEVICE_ATTR, &a) ? -errno : 0;
}

#define add(file)	ASSERT_EQ(file_attr(self->g.vfio, KVM_DEV_VFIO_FILE_ADD, file), 0)
#define del(file)	ASSERT_EQ(file_attr(self->g.vfio, KVM_DEV_VFIO_FILE_DEL, file), 0)

/* Has KVM non-coherent DMA registered? Over the whole test, how often it had? */
static long noncoherent(struct guest *g)
{
	return (hits("register") - g->registered) -
	       (hits("unregister") - g->unregistered);
}

static long ever(struct guest *g)
{
	return hits("register") - g->registered;
}

static void create_vm(struct guest *g, int kvm)
{
	struct kvm_create_device create = { .type = KVM_DEV_TYPE_VFIO };

	g->vm = ioctl(kvm, KVM_CREATE_VM, 0);
	VFIO_ASSERT_GE(g->vm, 0);
	VFIO_ASSERT_EQ(ioctl(g->vm, KVM_CREATE_DEVICE, &create), 0);
	g->vfio = create.fd;
	g->registered = hits("register");
	g->unregistered = hits("unregister");
}

FIXTURE_SETUP(vfio_pci_nosnoop_kvm_test)
{
	const char *missing;
	int kvm;

	self->bdf = bdfs[0];
	for (int i = 1; i < nr_bdfs; i++) {
		if (sysfs_iommu_group_get(bdfs[i]) == sysfs_iommu_group_get(self->bdf))
			self->sibling = bdfs[i];
		else
			self->elsewhere = bdfs[i];
	}
	/* The kernel before us may have had them, or a test that died */
	for (int i = 0; i < nr_bdfs; i++)
		detach(bdfs[i]);
	if (access("/sys/bus/pci/drivers/" VFIO_PCI, F_OK))
		SKIP(return, VFIO_PCI " is not loaded");
	ASSERT_EQ(attach(self->bdf, NOSNOOP), 0);

	missing = iommu_mode_missing(self->bdf, variant->iommu_mode);
	if (missing)
		SKIP(return, "%s", missing);
	if (access(TRACEFS "events/nosnoop", F_OK))
		SKIP(return, "needs KVM on x86, and kprobes in " TRACEFS);
	kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (kvm < 0)
		SKIP(return, "/dev/kvm: %s", strerror(errno));

	self->g.iommu = iommu_init(variant->iommu_mode);
	self->g.cdev = !self->g.iommu->mode->container_path;
	create_vm(&self->g, kvm);
	close(kvm);
}

FIXTURE_TEARDOWN(vfio_pci_nosnoop_kvm_test)
{
	close(self->g.vfio);
	close(self->g.vm);
	if (self->g.iommu)
		iommu_cleanup(self->g.iommu);
	for (int i = 0; i < nr_bdfs; i++)
		detach(bdfs[i]);
}

/* If this is skipped, the others tell nothing. */
TEST_F(vfio_pci_nosnoop_kvm_test, vfio_pci_is_noncoherent)
{
	int file, device;

	ASSERT_EQ(attach(self->bdf, VFIO_PCI), 0);
	file = open_file(self->bdf, self->g.cdev);
	add(file);
	if (!noncoherent(&self->g))
		SKIP(close(file); return, "this IOMMU enforces snooping");
	device = open_device(&self->g, file, self->bdf);
	ASSERT_EQ(noncoherent(&self->g), 1);
	del(file);
	ASSERT_EQ(noncoherent(&self->g), 0);
	add(file);
	ASSERT_EQ(noncoherent(&self->g), 1);
	del(file);
	close_device(file, device);
}

TEST_F(vfio_pci_nosnoop_kvm_test, nosnoop_is_coherent)
{
	int file = open_file(self->bdf, self->g.cdev), device;

	add(file);
	ASSERT_EQ(ever(&self->g), 0);
	device = open_device(&self->g, file, self->bdf);
	del(file);
	add(file);
	ASSERT_EQ(ever(&self->g), 0);
	del(file);
	close_device(file, device);
	ASSERT_EQ(ever(&self->g), 0);
}

TEST_F(vfio_pci_nosnoop_kvm_test, two_that_are_coherent)
{
	int file, other;

	if (!self->elsewhere)
		SKIP(return, "needs a second device, in another IOMMU group");
	ASSERT_EQ(attach(self->elsewhere, NOSNOOP), 0);
	file = open_file(self->bdf, self->g.cdev);
	other = open_file(self->elsewhere, self->g.cdev);
	add(file);
	add(other);
	del(file);
	ASSERT_EQ(ever(&self->g), 0);
	close(other);
	close(file);
}

TEST_F(vfio_pci_nosnoop_kvm_test, one_that_is_not_suffices)
{
	int file, other;

	if (!self->elsewhere)
		SKIP(return, "needs a second device, in another IOMMU group");
	ASSERT_EQ(attach(self->elsewhere, VFIO_PCI), 0);
	file = open_file(self->bdf, self->g.cdev);
	other = open_file(self->elsewhere, self->g.cdev);

	add(file);
	ASSERT_EQ(noncoherent(&self->g), 0);
	add(other);
	ASSERT_EQ(noncoherent(&self->g), 1);
	del(other);
	ASSERT_EQ(noncoherent(&self->g), 0);

	add(other);
	ASSERT_EQ(noncoherent(&self->g), 1);
	del(file);
	ASSERT_EQ(noncoherent(&self->g), 1);
	add(file);
	del(other);
	ASSERT_EQ(noncoherent(&self->g), 0);
	close(other);
	close(file);
}

/* What KVM was told about one driver says nothing about the next. */
TEST_F(vfio_pci_nosnoop_kvm_test, rebound)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	int file = open_file(self->bdf, self->g.cdev), again;

	add(file);
	ASSERT_EQ(noncoherent(&self->g), 0);
	if (self->g.cdev) {
		/* The driver cannot go while KVM has the file. */
		del(file);
		close(file);
	}
	ASSERT_EQ(attach(self->bdf, VFIO_PCI), 0);
	if (!self->g.cdev) {
		ASSERT_EQ(ioctl(file, VFIO_GROUP_GET_STATUS, &status), -1);
		ASSERT_EQ(errno, ENODEV);
	}
	again = open_file(self->bdf, self->g.cdev);
	add(again);
	ASSERT_EQ(noncoherent(&self->g), 1);
	del(again);
	close(again);

	ASSERT_EQ(attach(self->bdf, NOSNOOP), 0);
	again = open_file(self->bdf, self->g.cdev);
	add(again);
	ASSERT_EQ(noncoherent(&self->g), 0);
	close(again);
	if (!self->g.cdev)
		close(file);
}

/* A group's file leads to all of its devices, a cdev to one. */
TEST_F(vfio_pci_nosnoop_kvm_test, mixed_group)
{
	int file, other;

	if (!self->sibling)
		SKIP(return, "needs a second device, in the same IOMMU group");
	ASSERT_EQ(attach(self->sibling, VFIO_PCI), 0);
	file = open_file(self->bdf, self->g.cdev);
	add(file);
	ASSERT_EQ(noncoherent(&self->g), !self->g.cdev);
	if (self->g.cdev) {
		other = open_file(self->sibling, true);
		add(other);
		ASSERT_EQ(noncoherent(&self->g), 1);
		del(other);
		close(other);
	}
	del(file);
	close(file);

	ASSERT_EQ(attach(self->sibling, NOSNOOP), 0);
	file = open_file(self->bdf, self->g.cdev);
	add(file);
	ASSERT_EQ(noncoherent(&self->g), 0);
	del(file);
	close(file);
}

/*
 * KVM does not ask again, so who would make its answer wrong stays out, until
 * the last device has left the group and with it those who were told.
 */
TEST_F(vfio_pci_nosnoop_kvm_test, latecomer)
{
	int file;

	if (!self->sibling)
		SKIP(return, "needs a second device, in the same IOMMU group");
	if (self->g.cdev)
		SKIP(return, "a cdev leads to one device: nobody can come late");

	/* Nobody was told anything yet. */
	ASSERT_EQ(attach(self->sibling, VFIO_PCI), 0);
	detach(self->sibling);

	file = open_file(self->bdf, false);
	add(file);
	ASSERT_EQ(noncoherent(&self->g), 0);
	ASSERT_EQ(attach(self->sibling, VFIO_PCI), -EBUSY);
	ASSERT_EQ(attach(self->sibling, VFIO_PCI), -EBUSY);
	ASSERT_EQ(attach(self->sibling, NOSNOOP), 0);
	ASSERT_EQ(noncoherent(&self->g), 0);

	/* The file may have gone elsewhere, and the first device may go. */
	del(file);
	detach(self->bdf);
	ASSERT_EQ(attach(self->bdf, VFIO_PCI), -EBUSY);
	close(file);
	ASSERT_EQ(attach(self->bdf, VFIO_PCI), -EBUSY);

	detach(self->sibling);
	ASSERT_EQ(attach(self->bdf, VFIO_PCI), 0);
	ASSERT_EQ(attach(self->sibling, NOSNOOP), 0);
	file = open_file(self->bdf, false);
	add(file);
	ASSERT_EQ(noncoherent(&self->g), 1);
	close(file);
}

static void probe(const char *name, const char *function)
{
	char line[128];

	snprintf_assert(line, sizeof(line), "p:nosnoop/%s %s", name, function);
	write_text(TRACEFS "kprobe_events", line);
}

int main(int argc, char *argv[])
{
	char (*drivers)[NAME_MAX];
	int ret;

	bdfs = vfio_selftests_get_bdfs(&argc, argv, &nr_bdfs);
	drivers = calloc_assert(nr_bdfs, sizeof(*drivers));
	for (int i = 0; i < nr_bdfs; i++)
		driver_of(bdfs[i], drivers[i]);
	probe("register", "kvm_arch_register_noncoherent_dma");
	probe("unregister", "kvm_arch_unregister_noncoherent_dma");
	write_text(TRACEFS "events/nosnoop/enable", "1");

	ret = test_harness_run(argc, argv);

	write_text(TRACEFS "events/nosnoop/enable", "0");
	write_text(TRACEFS "kprobe_events", "-:nosnoop/register");
	write_text(TRACEFS "kprobe_events", "-:nosnoop/unregister");
	for (int i = 0; i < nr_bdfs; i++) {
		detach(bdfs[i]);
		if (*drivers[i] && attach(bdfs[i], drivers[i]))
			ksft_print_msg("%s: could not be given back to %s\n", bdfs[i],
				       drivers[i]);
	}
	free(drivers);

	return ret;
}
