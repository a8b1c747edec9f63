// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio-pci-nosnoop: from open to close. What Device Control held before is
 * there again afterwards, however the device is closed, and not before.
 *
 * Needs: a PCI Express function bound to vfio-pci-nosnoop.
 *
 * Run: ./vfio_pci_nosnoop_lifetime_test [options] 0000:01:00.0
 */
#include <signal.h>

#include <sys/eventfd.h>
#include <sys/wait.h>

#include <linux/compiler.h>

#include "vfio_pci_nosnoop.h"

#include "kselftest_harness.h"

static const char *device_bdf;

FIXTURE(vfio_pci_nosnoop_lifetime_test) {
	struct nosnoop n;
};

FIXTURE_VARIANT(vfio_pci_nosnoop_lifetime_test) {
	const char *iommu_mode;
};

#define FIXTURE_VARIANT_ADD_IOMMU_MODE(_iommu_mode)			\
FIXTURE_VARIANT_ADD(vfio_pci_nosnoop_lifetime_test, _iommu_mode) {	\
	.iommu_mode = #_iommu_mode,					\
}

FIXTURE_VARIANT_ADD_ALL_IOMMU_MODES();

#undef FIXTURE_VARIANT_ADD_IOMMU_MODE

FIXTURE_SETUP(vfio_pci_nosnoop_lifetime_test)
{
	const char *missing = iommu_mode_missing(device_bdf, variant->iommu_mode);

	if (missing)
		SKIP(return, "%s", missing);

	nosnoop_prepare(&self->n, device_bdf);
}

FIXTURE_TEARDOWN(vfio_pci_nosnoop_lifetime_test)
{
	/* Each test closes what it opens, and checks what is left. */
}

static void open_and_close(struct nosnoop *n, const char *iommu_mode, bool bit)
{
	u16 before = n->before & ~PCI_EXP_DEVCTL_NOSNOOP_EN, after;

	if (bit)
		before |= PCI_EXP_DEVCTL_NOSNOOP_EN;
	hw_writew(n, n->cap + PCI_EXP_DEVCTL, before);
	VFIO_ASSERT_EQ(hw_devctl(n), before);

	nosnoop_open(n, iommu_mode);
	nosnoop_check(n, "after open");
	nosnoop_master_on(n);
	cfg_write_devctl(n, cfg_devctl(n) ^ (PCI_EXP_DEVCTL_NOSNOOP_EN |
					     PCI_EXP_DEVCTL_READRQ));
	nosnoop_check(n, "after a write");
	nosnoop_close(n);

	after = hw_devctl(n);
	VFIO_ASSERT_EQ(after, before, "DEVCTL after close and before open\n");
}

TEST_F(vfio_pci_nosnoop_lifetime_test, gives_back_1)
{
	if (!(self->n.implemented & PCI_EXP_DEVCTL_NOSNOOP_EN))
		SKIP(return, "Enable No Snoop is hardwired to 0 in this function");

	open_and_close(&self->n, variant->iommu_mode, true);
}

TEST_F(vfio_pci_nosnoop_lifetime_test, gives_back_0)
{
	open_and_close(&self->n, variant->iommu_mode, false);
}

/* Root may have told the driver to leave closed functions in D0. */
static bool idles_in_d0(void)
{
	int fd = open("/sys/module/vfio_pci_nosnoop/parameters/disable_idle_d3", O_RDONLY);
	char val = 0;

	if (fd < 0)
		return false;
	VFIO_ASSERT_EQ(read(fd, &val, 1), 1);
	VFIO_ASSERT_EQ(close(fd), 0);

	return val == 'Y';
}

/* The kernel puts it to sleep in the background: wait for up to a second. */
static bool falls_asleep(const char *bdf)
{
	for (int i = 0; i < 100; i++) {
		int fd = sysfs_open(bdf, "power_state", O_RDONLY);
		char buf[16] = {};

		VFIO_ASSERT_GT(read(fd, buf, sizeof(buf) - 1), 0);
		VFIO_ASSERT_EQ(close(fd), 0);
		if (!strncmp(buf, "D3", 2))
			return true;
		usleep(10000);
	}

	return false;
}

/* The function is in D3hot before open, as the kernel's defaults have it. */
TEST_F(vfio_pci_nosnoop_lifetime_test, gives_back_from_d3hot)
{
	struct nosnoop *n = &self->n;

	if (!n->pm)
		SKIP(return, "this function has no power management capability");
	if (idles_in_d0())
		SKIP(return, "disable_idle_d3 is set");

	hw_set_power_control(n->bdf, "auto");
	ASSERT_TRUE(falls_asleep(n->bdf));
	nosnoop_open(n, variant->iommu_mode);
	nosnoop_check(n, "after open");
	nosnoop_master_on(n);
	nosnoop_close(n);
	ASSERT_TRUE(falls_asleep(n->bdf));
	hw_set_power_control(n->bdf, "on");
	ASSERT_EQ(n->before, hw_devctl(n));
}

/* Each open starts the promise anew. */
TEST_F_TIMEOUT(vfio_pci_nosnoop_lifetime_test, reopen, 120)
{
	for (int i = 0; i < 6; i++) {
		bool bit = self->n.implemented & PCI_EXP_DEVCTL_NOSNOOP_EN && i % 3;

		open_and_close(&self->n, variant->iommu_mode, bit);
	}
}

/*
 * The owner, in a process of its own: it opens the function, enables mastering,
 * says so, and then writes COMMAND and DEVCTL until it is killed.
 */
static void __noreturn own(struct nosnoop *n, const char *iommu_mode, int ready)
{
	nosnoop_open(n, iommu_mode);
	nosnoop_master_on(n);
	VFIO_ASSERT_EQ(write(ready, "", 1), 1);
	for (;;) {
		cfg_write_devctl(n, n->before);
		nosnoop_master_on(n);
	}
}

/* Closing goes on in the background, which must not take long. */
static bool comes_back(struct nosnoop *n)
{
	for (int i = 0; i < 1000; i++) {
		if (hw_devctl(n) == n->before &&
		    !(hw_readw(n, PCI_COMMAND) & PCI_COMMAND_MASTER))
			return true;
		usleep(10000);
	}

	return false;
}

TEST_F_TIMEOUT(vfio_pci_nosnoop_lifetime_test, owner_is_killed, 120)
{
	struct nosnoop *n = &self->n;
	int pipes[2], status;
	char byte;
	pid_t pid;

	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, pipe(pipes));
		pid = fork();
		ASSERT_GE(pid, 0);
		if (!pid) {
			close(pipes[0]);
			own(n, variant->iommu_mode, pipes[1]);
		}
		ASSERT_EQ(0, close(pipes[1]));
		ASSERT_EQ(1, read(pipes[0], &byte, 1));
		ASSERT_EQ(0, close(pipes[0]));
		usleep(i * 10000);
		ASSERT_EQ(0, hw_devctl(n) & PCI_EXP_DEVCTL_NOSNOOP_EN);

		ASSERT_EQ(0, kill(pid, SIGKILL));
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		ASSERT_TRUE(WIFSIGNALED(status));
		ASSERT_TRUE(comes_back(n));
	}
}

/* A process that inherits the device has it open, too: the bit stays 0 to the end. */
TEST_F_TIMEOUT(vfio_pci_nosnoop_lifetime_test, last_close_counts, 60)
{
	struct nosnoop *n = &self->n;
	int pipes[2], status;
	char byte;
	pid_t pid;

	ASSERT_EQ(0, pipe(pipes));
	nosnoop_open(n, variant->iommu_mode);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		close(pipes[1]);
		/* Until the parent has closed all that it had. */
		VFIO_ASSERT_EQ(read(pipes[0], &byte, 1), 1);
		nosnoop_master_on(n);
		cfg_write_devctl(n, n->before);
		nosnoop_check(n, "with the parent gone");
		_exit(0);
	}
	ASSERT_EQ(0, close(pipes[0]));
	nosnoop_close(n);
	ASSERT_EQ(0, hw_devctl(n) & PCI_EXP_DEVCTL_NOSNOOP_EN);

	ASSERT_EQ(1, write(pipes[1], "", 1));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	ASSERT_TRUE(comes_back(n));
}

/*
 * An ioeventfd has the kernel write to a BAR when no call of the user's is
 * under way, for instance while it saves config space. So none can be made, for
 * any BAR and width, and none can be removed.
 */
TEST_F(vfio_pci_nosnoop_lifetime_test, no_ioeventfd)
{
	static const u32 widths[] = {
		VFIO_DEVICE_IOEVENTFD_8, VFIO_DEVICE_IOEVENTFD_16,
		VFIO_DEVICE_IOEVENTFD_32, VFIO_DEVICE_IOEVENTFD_64,
	};
	struct vfio_device_ioeventfd ioeventfd = { .argsz = sizeof(ioeventfd) };
	struct nosnoop *n = &self->n;
	int fd = eventfd(0, 0);

	ASSERT_GE(fd, 0);
	nosnoop_open(n, variant->iommu_mode);
	for (int bar = 0; bar < PCI_STD_NUM_BARS; bar++) {
		ioeventfd.offset = n->device->bars[bar].info.offset;
		for (size_t i = 0; i < 2 * ARRAY_SIZE(widths); i++) {
			ioeventfd.flags = widths[i / 2];
			ioeventfd.fd = i % 2 ? -1 : fd;
			ASSERT_EQ(-1, ioctl(n->device->fd, VFIO_DEVICE_IOEVENTFD, &ioeventfd));
			ASSERT_EQ(ENOTTY, errno) TH_LOG("BAR%d, flags %#x", bar, ioeventfd.flags);
		}
	}
	ASSERT_EQ(-1, ioctl(n->device->fd, VFIO_DEVICE_IOEVENTFD, NULL));
	ASSERT_EQ(ENOTTY, errno);
	nosnoop_close(n);
	ASSERT_EQ(0, close(fd));
}

int main(int argc, char *argv[])
{
	device_bdf = vfio_selftests_get_bdf(&argc, argv);

	return nosnoop_run(device_bdf, test_harness_run, argc, argv);
}
