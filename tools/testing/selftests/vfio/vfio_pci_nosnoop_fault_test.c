// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio-pci-nosnoop: config accesses that fail. A request that passes the end
 * of config space, or whose buffer ends too soon, must not leave a register
 * half written. The errors are those of vfio-pci.
 *
 * Needs: a PCI Express function bound to vfio-pci-nosnoop.
 *
 * Run: ./vfio_pci_nosnoop_fault_test [options] 0000:01:00.0
 */
#include <sys/mman.h>

#include <linux/sizes.h>

#include "vfio_pci_nosnoop.h"

#include "kselftest_harness.h"

static const char *device_bdf;

FIXTURE(vfio_pci_nosnoop_fault_test) {
	struct nosnoop n;
};

FIXTURE_VARIANT(vfio_pci_nosnoop_fault_test) {
	const char *iommu_mode;
};

#define FIXTURE_VARIANT_ADD_IOMMU_MODE(_iommu_mode)		\
FIXTURE_VARIANT_ADD(vfio_pci_nosnoop_fault_test, _iommu_mode) {	\
	.iommu_mode = #_iommu_mode,				\
}

FIXTURE_VARIANT_ADD_ALL_IOMMU_MODES();

#undef FIXTURE_VARIANT_ADD_IOMMU_MODE

FIXTURE_SETUP(vfio_pci_nosnoop_fault_test)
{
	const char *missing = iommu_mode_missing(device_bdf, variant->iommu_mode);

	if (missing)
		SKIP(return, "%s", missing);

	nosnoop_setup(&self->n, device_bdf, variant->iommu_mode);
}

FIXTURE_TEARDOWN(vfio_pci_nosnoop_fault_test)
{
	nosnoop_teardown(&self->n);
}

/* A buffer of which @valid bytes can be read, and nothing after them */
static u8 *buffer_end(size_t valid)
{
	size_t page = getpagesize();
	u8 *p = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	VFIO_ASSERT_NE(p, MAP_FAILED);
	VFIO_ASSERT_EQ(munmap(p + page, page), 0);

	return p + page - valid;
}

static void buffer_free(u8 *buf, size_t valid)
{
	size_t page = getpagesize();

	VFIO_ASSERT_EQ(munmap(buf + valid - page, page), 0);
}

/* vfio-pci fails a request that passes the end before it does any of it. */
TEST_F(vfio_pci_nosnoop_fault_test, beyond_the_end)
{
	struct nosnoop *n = &self->n;
	u64 end = n->device->config_space.size;
	u64 start[] = {
		0, PCI_COMMAND, n->cap + PCI_EXP_DEVCTL - 1, n->cap + PCI_EXP_DEVCTL,
		n->cap + PCI_EXP_DEVCTL + 1, n->cap + PCI_EXP_DEVCTL + 2,
		end - 4, end - 1, end, end + 1, end + SZ_4K,
	};
	u16 cmd = hw_readw(n, PCI_COMMAND), ctl = hw_devctl(n);
	u8 *buf = malloc_assert(2 * end + SZ_8K);
	size_t len;

	memset(buf, 0x7f, 2 * end + SZ_8K);
	for (size_t i = 0; i < ARRAY_SIZE(start); i++) {
		for (size_t over = 1; over <= SZ_4K; over *= 8) {
			len = start[i] < end ? end - start[i] + over : over;
			ASSERT_EQ(-EFAULT, __cfg_write(n, start[i], buf, len))
				TH_LOG("write of %zu at %#lx", len, start[i]);
			ASSERT_EQ(-EFAULT, __cfg_read(n, start[i], buf, len))
				TH_LOG("read of %zu at %#lx", len, start[i]);
			ASSERT_EQ(cmd, hw_readw(n, PCI_COMMAND));
			ASSERT_EQ(ctl, hw_devctl(n));
		}
		ASSERT_EQ(0, __cfg_write(n, start[i], buf, 0));
	}
	free(buf);
}

/* Of each width, at each place around DEVCTL */
TEST_F(vfio_pci_nosnoop_fault_test, bad_pointer)
{
	struct nosnoop *n = &self->n;
	u16 ctl = hw_devctl(n), cmd = hw_readw(n, PCI_COMMAND);
	u8 *buf = buffer_end(0);

	for (size_t len = 1; len <= 8; len++) {
		for (u16 offset = PCI_EXP_DEVCAP; offset + len <= PCI_EXP_LNKCTL; offset++) {
			u64 pos = n->cap + offset;

			ASSERT_EQ(-EFAULT, __cfg_read(n, pos, buf, len));
			ASSERT_EQ(ctl, hw_devctl(n));
			ASSERT_EQ(-EFAULT, __cfg_write(n, pos, buf, len))
				TH_LOG("write of %zu at capability + %d", len, offset);
			ASSERT_EQ(ctl, hw_devctl(n));
		}
	}
	ASSERT_EQ(-EFAULT, __cfg_write(n, PCI_COMMAND, buf, 2));
	ASSERT_EQ(cmd, hw_readw(n, PCI_COMMAND));
	buffer_free(buf, 0);
}

/* A buffer that ends right after the byte with the bit is enough for that byte. */
TEST_F(vfio_pci_nosnoop_fault_test, buffer_ends_behind_the_bit)
{
	struct nosnoop *n = &self->n;
	u16 pos = n->cap + PCI_EXP_DEVCTL;
	u16 want = cfg_devctl(n) ^ PCI_EXP_DEVCTL_READRQ;
	u8 *buf = buffer_end(2);

	buf[0] = want;
	buf[1] = (want | PCI_EXP_DEVCTL_NOSNOOP_EN) >> 8;
	cfg_write(n, pos, buf, 2);
	ASSERT_EQ(want, cfg_devctl(n));
	nosnoop_check(n, "after a word from the end of a page");

	want ^= PCI_EXP_DEVCTL_READRQ;
	buf[1] = (want | PCI_EXP_DEVCTL_NOSNOOP_EN) >> 8;
	cfg_write(n, pos + 1, buf + 1, 1);
	ASSERT_EQ(want, cfg_devctl(n));
	nosnoop_check(n, "after a byte from the end of a page");

	buf[0] = ~want;
	buf[1] = ~want >> 8;
	cfg_read(n, pos, buf, 2);
	ASSERT_EQ(want, buf[0] | buf[1] << 8);
	ASSERT_EQ(-EFAULT, __cfg_read(n, pos, buf, 3));
	buffer_free(buf, 2);
}

/*
 * vfio-pci copies all that it writes at once, here a dword or a word, before it
 * writes any of it. So a fault inside must leave the hardware alone.
 */
TEST_F(vfio_pci_nosnoop_fault_test, fault_inside_devctl_changes_nothing)
{
	struct nosnoop *n = &self->n;

	for (size_t len = 2; len <= 4; len += 2) {
		for (size_t valid = 0; valid < len; valid++) {
			u16 user = cfg_devctl(n), hw = hw_devctl(n);
			u16 val = user ^ (PCI_EXP_DEVCTL_CERE | PCI_EXP_DEVCTL_READRQ |
					  PCI_EXP_DEVCTL_NOSNOOP_EN);
			u8 *buf = buffer_end(valid);

			if (valid > 0)
				buf[0] = val;
			if (valid > 1)
				buf[1] = val >> 8;
			ASSERT_EQ(-EFAULT, __cfg_write(n, n->cap + PCI_EXP_DEVCTL, buf, len));
			EXPECT_EQ(user, cfg_devctl(n))
				TH_LOG("%zu of %zu bytes can be read", valid, len);
			EXPECT_EQ(hw, hw_devctl(n))
				TH_LOG("%zu of %zu bytes can be read", valid, len);
			buffer_free(buf, valid);
		}
	}
}

int main(int argc, char *argv[])
{
	device_bdf = vfio_selftests_get_bdf(&argc, argv);

	return nosnoop_run(device_bdf, test_harness_run, argc, argv);
}
