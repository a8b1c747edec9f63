// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio-pci-nosnoop: what the user sees of config space, and what reaches the
 * hardware. Enable No Snoop is 0 from open to close. All other bits behave as
 * vfio-pci's do, and the reference model below says how those behave.
 *
 * Needs: a PCI Express function bound to vfio-pci-nosnoop. On vfio-pci the
 * tests about the bit fail.
 *
 * Run: ./vfio_pci_nosnoop_test [options] 0000:01:00.0
 */
#include <sys/uio.h>

#include "vfio_pci_nosnoop.h"

#include "kselftest_harness.h"

static const char *device_bdf;

/* The registers under test: DEVCAP, DEVCTL, DEVSTA, LNKCAP */
#define WINDOW		PCI_EXP_DEVCAP
#define WINDOW_SIZE	12
#define DEVCTL		(PCI_EXP_DEVCTL - WINDOW)
#define DEVSTA		(PCI_EXP_DEVSTA - WINDOW)

/* DEVCTL bits that vfio-pci keeps in memory: the user sees what it wrote */
#define DEVCTL_VIRTUAL	(PCI_EXP_DEVCTL_PAYLOAD | PCI_EXP_DEVCTL_READRQ)

/* Error bits, set by the function itself and cleared by writing them back */
#define DEVSTA_RW1C	(PCI_EXP_DEVSTA_CED | PCI_EXP_DEVSTA_NFED | \
			 PCI_EXP_DEVSTA_FED | PCI_EXP_DEVSTA_URD)

/* What a user of vfio-pci must see, except for Enable No Snoop */
struct reference {
	u8 user[WINDOW_SIZE];	/* expected to be read */
	u8 writable[WINDOW_SIZE];
	u16 hw;			/* expected DEVCTL in hardware */
};

static u16 reference_devctl(struct reference *ref)
{
	return ref->user[DEVCTL] | ref->user[DEVCTL + 1] << 8;
}

static void reference_init(struct nosnoop *n, struct reference *ref)
{
	u16 writable = (n->implemented & DEVCTL_PASSED) | DEVCTL_VIRTUAL;

	memset(ref, 0, sizeof(*ref));
	hw_read(n, n->cap + WINDOW, ref->user, WINDOW_SIZE);
	ref->hw = reference_devctl(ref);
	ref->writable[DEVCTL] = writable;
	ref->writable[DEVCTL + 1] = writable >> 8;
}

/*
 * The hardware never gets the user's Max Payload Size. It gets a new Max Read
 * Request Size, but none below the Max Payload Size that it has. (Neither
 * pci=pcie_bus_perf nor a bridge that limits MRRS is considered.)
 */
static void reference_write(struct nosnoop *n, struct reference *ref, u16 offset,
			    const u8 *buf, size_t len)
{
	u16 old = reference_devctl(ref), val, pass;
	int readrq, mps;

	for (size_t i = 0; i < len; i++) {
		u8 mask = ref->writable[offset + i];

		ref->user[offset + i] &= ~mask;
		ref->user[offset + i] |= buf[i] & mask;
	}

	val = reference_devctl(ref);
	pass = n->implemented & DEVCTL_PASSED;
	ref->hw = (ref->hw & ~pass) | (val & pass);
	if (!((val ^ old) & PCI_EXP_DEVCTL_READRQ))
		return;

	readrq = (val & PCI_EXP_DEVCTL_READRQ) >> 12;
	mps = (ref->hw & PCI_EXP_DEVCTL_PAYLOAD) >> 5;
	readrq = readrq > mps ? readrq : mps;
	pass = n->implemented & PCI_EXP_DEVCTL_READRQ;
	if (readrq <= 5)
		ref->hw = (ref->hw & ~pass) | (readrq << 12 & pass);
}

static void reference_check(struct nosnoop *n, struct reference *ref, u16 offset,
			    size_t len, const char *after)
{
	u8 buf[WINDOW_SIZE], hw[WINDOW_SIZE];
	size_t i;
	u16 ctl;

	cfg_read(n, n->cap + WINDOW + offset, buf, len);
	hw_read(n, n->cap + WINDOW, hw, WINDOW_SIZE);

	for (i = 0; i < len; i++) {
		u8 ignore = offset + i == DEVSTA ? DEVSTA_RW1C : 0;

		VFIO_ASSERT_EQ(buf[i] & ~ignore, ref->user[offset + i] & ~ignore,
			       "user reads capability + %zu, %zu bytes from + %d, after %s\n",
			       WINDOW + offset + i, len, WINDOW + offset, after);
		if (offset + i >= DEVSTA || offset + i < DEVCTL)
			VFIO_ASSERT_EQ(buf[i], hw[offset + i],
				       "user and hardware at capability + %zu after %s\n",
				       WINDOW + offset + i, after);
	}
	ctl = hw[DEVCTL] | hw[DEVCTL + 1] << 8;
	VFIO_ASSERT_EQ(ctl, ref->hw, "DEVCTL in hardware after %s\n", after);
}

static void write_and_check(struct nosnoop *n, struct reference *ref, u16 offset,
			    u8 *buf, size_t len)
{
	u8 shown[4] = {};
	char after[64];

	/* Function Level Reset has its own test. */
	if (offset <= DEVCTL + 1 && offset + len > DEVCTL + 1)
		buf[DEVCTL + 1 - offset] &= ~(PCI_EXP_DEVCTL_BCR_FLR >> 8);

	memcpy(shown, buf, len < sizeof(shown) ? len : sizeof(shown));
	snprintf(after, sizeof(after), "writing %zu bytes %02x %02x %02x %02x to + %d",
		 len, shown[0], shown[1], shown[2], shown[3], WINDOW + offset);
	cfg_write(n, n->cap + WINDOW + offset, buf, len);
	reference_write(n, ref, offset, buf, len);
	reference_check(n, ref, offset, len, after);
	reference_check(n, ref, 0, WINDOW_SIZE, after);
}

FIXTURE(vfio_pci_nosnoop_test) {
	struct nosnoop n;
};

FIXTURE_VARIANT(vfio_pci_nosnoop_test) {
	const char *iommu_mode;
};

#define FIXTURE_VARIANT_ADD_IOMMU_MODE(_iommu_mode)	\
FIXTURE_VARIANT_ADD(vfio_pci_nosnoop_test, _iommu_mode) {	\
	.iommu_mode = #_iommu_mode,			\
}

FIXTURE_VARIANT_ADD_ALL_IOMMU_MODES();

#undef FIXTURE_VARIANT_ADD_IOMMU_MODE

FIXTURE_SETUP(vfio_pci_nosnoop_test)
{
	const char *missing = iommu_mode_missing(device_bdf, variant->iommu_mode);

	if (missing)
		SKIP(return, "%s", missing);

	nosnoop_setup(&self->n, device_bdf, variant->iommu_mode);
}

FIXTURE_TEARDOWN(vfio_pci_nosnoop_test)
{
	nosnoop_teardown(&self->n);
}

/* At open every bit is as in the hardware, which has Enable No Snoop at 0. */
TEST_F(vfio_pci_nosnoop_test, reads_zero_after_open)
{
	struct reference ref;

	nosnoop_check(&self->n, "after open");
	reference_init(&self->n, &ref);
	reference_check(&self->n, &ref, 0, WINDOW_SIZE, "open");
	ASSERT_EQ(hw_devctl(&self->n), self->n.before & ~PCI_EXP_DEVCTL_NOSNOOP_EN);
}

TEST_F(vfio_pci_nosnoop_test, write_is_dropped)
{
	u16 val = cfg_devctl(&self->n);

	nosnoop_master_on(&self->n);
	cfg_write_devctl(&self->n, val | PCI_EXP_DEVCTL_NOSNOOP_EN);
	ASSERT_EQ(val, cfg_devctl(&self->n));
	vfio_pci_config_writeb(self->n.device, self->n.cap + PCI_EXP_DEVCTL + 1,
			       (val | PCI_EXP_DEVCTL_NOSNOOP_EN) >> 8);
	ASSERT_EQ(val, cfg_devctl(&self->n));
	nosnoop_check(&self->n, "after writing 1");
}

/* Every width at every alignment over both ends of DEVCTL */
TEST_F_TIMEOUT(vfio_pci_nosnoop_test, every_width_and_alignment, 300)
{
	struct nosnoop *n = &self->n;
	struct reference ref;
	u8 buf[8], other[8];
	u64 seed = 1;

	nosnoop_master_on(n);
	reference_init(n, &ref);

	for (size_t len = 1; len <= sizeof(buf); len++) {
		for (u16 offset = 0; offset + len <= WINDOW_SIZE; offset++) {
			memset(buf, 0, len);
			write_and_check(n, &ref, offset, buf, len);
			memset(buf, 0xff, len);
			write_and_check(n, &ref, offset, buf, len);

			for (size_t bit = 0; bit < 8 * len; bit++) {
				memset(buf, 0, len);
				buf[bit / 8] = 1 << bit % 8;
				for (size_t i = 0; i < len; i++)
					other[i] = ~buf[i];
				write_and_check(n, &ref, offset, buf, len);
				write_and_check(n, &ref, offset, other, len);
			}

			for (int i = 0; i < 16; i++) {
				for (size_t j = 0; j < len; j++)
					buf[j] = rnd(&seed);
				write_and_check(n, &ref, offset, buf, len);
			}
		}
	}

	/* The read-back of a write must not depend on how it is read. */
	for (size_t len = 1; len <= sizeof(buf); len++)
		for (u16 offset = 0; offset + len <= WINDOW_SIZE; offset++)
			reference_check(n, &ref, offset, len, "all writes");
}

/*
 * The kernel makes one request of each part of a vector and goes on at the
 * position where the driver says that the last one ended.
 */
TEST_F(vfio_pci_nosnoop_test, vectored_access)
{
	static const u8 lens[] = { 1, 3, 1, 1, 2, 4 };
	u8 buf[WINDOW_SIZE], back[WINDOW_SIZE];
	struct iovec out[ARRAY_SIZE(lens)], in[ARRAY_SIZE(lens)];
	struct nosnoop *n = &self->n;
	struct reference ref;
	u64 seed = 1, pos;

	nosnoop_master_on(n);
	reference_init(n, &ref);
	pos = n->device->config_space.offset + n->cap + WINDOW;

	for (int round = 0; round < 100; round++) {
		size_t at = 0;

		for (size_t i = 0; i < WINDOW_SIZE; i++)
			buf[i] = rnd(&seed);
		buf[DEVCTL + 1] &= ~(PCI_EXP_DEVCTL_BCR_FLR >> 8);

		for (size_t i = 0; i < ARRAY_SIZE(lens); at += lens[i++]) {
			out[i] = (struct iovec) { buf + at, lens[i] };
			in[i] = (struct iovec) { back + at, lens[i] };
			reference_write(n, &ref, at, buf + at, lens[i]);
		}
		ASSERT_EQ(WINDOW_SIZE, pwritev(n->device->fd, out, ARRAY_SIZE(out), pos));
		reference_check(n, &ref, 0, WINDOW_SIZE, "a vectored write");
		ASSERT_EQ(WINDOW_SIZE, preadv(n->device->fd, in, ARRAY_SIZE(in), pos));
		ASSERT_EQ(ref.user[DEVCTL], back[DEVCTL]);
		ASSERT_EQ(ref.user[DEVCTL + 1], back[DEVCTL + 1]);
	}
}

/* All eight values of the user's MRRS against the floor, in 1, 2 and 4 bytes */
TEST_F(vfio_pci_nosnoop_test, read_request_size_has_a_floor)
{
	struct nosnoop *n = &self->n;
	struct reference ref;
	u8 buf[4];
	u16 val;

	reference_init(n, &ref);
	for (u16 size = 0; size < 8; size++) {
		val = (reference_devctl(&ref) & ~PCI_EXP_DEVCTL_READRQ) | size << 12 |
		      PCI_EXP_DEVCTL_NOSNOOP_EN;
		memset(buf, 0, sizeof(buf));
		buf[0] = val;
		buf[1] = val >> 8;
		write_and_check(n, &ref, DEVCTL, buf, 2);
		buf[1] ^= 0x70;
		write_and_check(n, &ref, DEVCTL + 1, buf + 1, 1);
		buf[1] ^= 0x70;
		write_and_check(n, &ref, DEVCTL, buf, 4);
	}
}

/* Reads of every width over the whole capability agree with the hardware. */
TEST_F(vfio_pci_nosnoop_test, reads_equal_hardware)
{
	u8 hw[PCI_CAP_EXP_ENDPOINT_SIZEOF_V2], buf[8];
	struct nosnoop *n = &self->n;
	u16 size = sizeof(hw);
	u8 mask[sizeof(hw)];
	size_t len, i;

	if ((hw_readw(n, n->cap + PCI_EXP_FLAGS) & PCI_EXP_FLAGS_VERS) == 1)
		size = PCI_CAP_EXP_ENDPOINT_SIZEOF_V1;

	memset(mask, 0xff, sizeof(mask));
	mask[PCI_CAP_LIST_NEXT] = 0;
	mask[PCI_EXP_DEVCTL] = (u8)~DEVCTL_VIRTUAL;
	mask[PCI_EXP_DEVCTL + 1] = (u8)~((DEVCTL_VIRTUAL | PCI_EXP_DEVCTL_BCR_FLR) >> 8);

	for (len = 1; len <= sizeof(buf); len++) {
		for (u16 offset = 0; offset + len <= size; offset++) {
			hw_read(n, n->cap, hw, size);
			cfg_read(n, n->cap + offset, buf, len);
			for (i = 0; i < len; i++)
				ASSERT_EQ(hw[offset + i] & mask[offset + i],
					  buf[i] & mask[offset + i])
					TH_LOG("%zu bytes at capability + %u, byte %zu",
					       len, offset, i);
		}
	}
}

int main(int argc, char *argv[])
{
	device_bdf = vfio_selftests_get_bdf(&argc, argv);

	return nosnoop_run(device_bdf, test_harness_run, argc, argv);
}
