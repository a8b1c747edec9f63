// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is proved of config.c and policy.h together with the core's own rule: if two equal
 * functions get the same writes of Device Control and its neighbours, one through
 * nosnoop_config_write() and one through the core alone, then they stay equal, whatever is
 * written. No call fails here.
 */
#include "core.h"
#include "policy.h"
#include "nosnoop.h"
#include "driver.c"

/* The capability, in hardware and in the core's virtual copy */
struct function {
	struct pci_dev dev;
	u8 vconfig[CAP_SIZE];
};

static struct nosnoop_device device;

/* The core cuts a request into chunks, and does one after the other. */
static void core_write(struct vfio_pci_core_device *vdev, size_t pos,
		       const u8 *from, size_t count)
{
	struct perm_bits perm;
	size_t chunk;

	init_pci_cap_exp_perm(&perm);
	for (; count; count -= chunk) {
		__le32 value = 0;

		chunk = core_takes(0, pos, count);
		memcpy(&value, from, chunk);
		perm.writefn(vdev, pos, chunk, &perm, pos, value);
		pos += chunk;
		from += chunk;
	}
}

static void core_read(struct vfio_pci_core_device *vdev, size_t pos, u8 *to,
		      size_t count)
{
	struct perm_bits perm;
	size_t chunk;

	init_pci_cap_exp_perm(&perm);
	for (; count; count -= chunk) {
		__le32 value = 0;

		chunk = core_takes(0, pos, count);
		perm.readfn(vdev, pos, chunk, &perm, pos, &value);
		memcpy(to, &value, chunk);
		pos += chunk;
		to += chunk;
	}
}

ssize_t vfio_pci_core_write(struct vfio_device *vdev, const char __user *buf,
			    size_t count, loff_t *ppos)
{
	core_write(&device.core, *ppos & VFIO_PCI_OFFSET_MASK, (const u8 *)buf, count);
	*ppos += count;

	return count;
}

size_t fault_in_readable(const char __user *buf, size_t count)
{
	return 0;
}

int get_user_byte(u8 *to, const u8 __user *from)
{
	*to = *from;
	return 0;
}

int pci_bus_read_config_byte(struct pci_bus *bus, unsigned int devfn, int pos,
			     u8 *value)
{
	*value = device.core.pdev->config[pos];
	return 0;
}

int pci_bus_write_config_byte(struct pci_bus *bus, unsigned int devfn, int pos,
			      u8 value)
{
	device.core.pdev->config[pos] = value;
	return 0;
}

/* As in the PCI core, which refuses some values */
int pcie_set_readrq(struct pci_dev *pdev, int readrq)
{
	pdev->readrq_calls++;
	pdev->readrq = readrq;
	for (int mrrs = 0; mrrs < 6; mrrs++) {
		if (readrq == 128 << mrrs) {
			pdev->config[HI] &= ~MRRS;
			pdev->config[HI] |= mrrs << 4;
		}
	}

	return 0;
}

long vfio_pci_core_ioctl(struct vfio_device *vdev, unsigned int cmd,
			 unsigned long arg)
{
	return pci_try_reset_function(device.core.pdev);
}

int nosnoop_hold_locked(struct nosnoop_device *nosnoop, const char *cause)
{
	return any_errno();
}

int pm_runtime_resume_and_get(struct device *dev)
{
	return 0;
}

int pm_runtime_put(struct device *dev)
{
	return 0;
}

void pci_cfg_access_lock(struct pci_dev *pdev)
{
}

void pci_cfg_access_unlock(struct pci_dev *pdev)
{
}

void trace_nosnoop_masked(struct pci_dev *pdev, const char *cause)
{
}

ssize_t vfio_pci_core_read(struct vfio_device *vdev, char __user *buf,
			   size_t count, loff_t *ppos)
{
	core_read(&device.core, *ppos & VFIO_PCI_OFFSET_MASK, (u8 *)buf, count);
	*ppos += count;

	return count;
}

int put_user_byte(u8 value, u8 __user *to)
{
	*to = value;
	return 0;
}

/*
 * The state before an access. The two functions may differ in Enable No Snoop, and in MRRS:
 * for @ours, MRRS is in the driver, and the core's copy of it may have any value. FLR reads
 * as 0 in hardware.
 */
struct access {
	struct function fn;
	u8 hi;
	u8 vconfig_hi;
	bool en;
	u8 pos;
	u8 count;
	u8 bytes[4];
};

static struct function ours, cores;
static struct vfio_pci_core_device core = {
	.pdev = &cores.dev, .vconfig = cores.vconfig,
};

static void set_up(struct access *a)
{
	assume(!(a->fn.dev.config[HI] & FLR) && !(a->fn.vconfig[HI] & FLR));
	assume(!((a->fn.vconfig[HI] ^ a->hi) & MRRS));
	assume(!((a->fn.vconfig[HI] ^ a->vconfig_hi) & (u8)~MRRS));
	a->fn.dev.cfg_size = CAP_SIZE;
	a->fn.dev.devcap = a->fn.dev.config[PCI_EXP_DEVCAP + 3] * (1U << 24);
	a->fn.dev.writes = 0;
	a->fn.dev.resets = 0;
	a->fn.dev.readrq_calls = 0;

	cores = a->fn;
	ours = a->fn;
	ours.vconfig[HI] = a->vconfig_hi;
	if (a->en)
		ours.dev.config[HI] ^= EN;

	device.core.pdev = &ours.dev;
	device.core.vconfig = ours.vconfig;
	device.hi_pos = HI;
	device.hi = a->hi;
}

static loff_t ppos_of(size_t pos)
{
	return VFIO_PCI_INDEX_TO_OFFSET(VFIO_PCI_CONFIG_REGION_INDEX) + pos;
}

static void write_at(struct access *a, size_t pos, size_t count)
{
	loff_t ppos = ppos_of(pos);

	core_write(&core, pos, a->bytes, count);
	nosnoop_config_write(&device, (const char *)a->bytes, count, &ppos);
}

/*
 * A write of any length within the dword of Device Control. Each position and length is a
 * constant, because the proof would take minutes otherwise.
 */
static void write_any(struct access *a)
{
	set_up(a);
	for (size_t pos = PCI_EXP_DEVCTL; pos < PCI_EXP_DEVCTL + 4; pos++)
		for (size_t count = 1; count <= PCI_EXP_DEVCTL + 4 - pos; count++)
			if (a->pos == pos && a->count == count)
				write_at(a, pos, count);
}

void prove_devctl_hardware(struct access a, u8 i)
{
	assume(i < CAP_SIZE);
	write_any(&a);
	assert(!((ours.dev.config[i] ^ cores.dev.config[i]) & (u8)~(i == HI ? EN : 0)));
	assert(!(ours.dev.config[HI] & FLR));
}

/* What set_up() assumes holds again afterwards, and so after any number of writes. */
void prove_devctl_copy(struct access a, u8 i)
{
	assume(i < CAP_SIZE);
	write_any(&a);
	assert(!((ours.vconfig[i] ^ cores.vconfig[i]) & (u8)~(i == HI ? MRRS : 0)));
	assert(!((device.hi ^ cores.vconfig[HI]) & MRRS));
	assert(!(cores.vconfig[HI] & FLR));
}

void prove_devctl_reset(struct access a)
{
	write_any(&a);
	assert(ours.dev.resets == cores.dev.resets);
}

void prove_devctl_readrq(struct access a)
{
	write_any(&a);
	assert(ours.dev.readrq_calls == cores.dev.readrq_calls);
	assert(ours.dev.readrq == cores.dev.readrq);
}

/*
 * The driver skips Device Status, which follows the byte with the bit. It may do so because
 * the core lets nobody write any of it, and does not even write back what hardware has.
 */
void prove_devctl_status(struct access a, u8 i)
{
	assume(i < CAP_SIZE);
	set_up(&a);
	for (size_t pos = PCI_EXP_DEVSTA; pos < PCI_EXP_DEVSTA + 2; pos++)
		for (size_t count = 1; count <= PCI_EXP_DEVSTA + 2 - pos; count++)
			if (a.pos == pos && a.count == count)
				core_write(&core, pos, a.bytes, count);
	assert(!cores.dev.writes && !cores.dev.resets && !cores.dev.readrq_calls);
	assert(cores.dev.config[i] == a.fn.dev.config[i]);
	assert(cores.vconfig[i] == a.fn.vconfig[i]);
}

static void read_at(size_t pos, size_t count, u8 *own, u8 *theirs)
{
	loff_t ppos = ppos_of(pos);

	core_read(&core, pos, theirs, count);
	nosnoop_config_read(&device, (char *)own, count, &ppos);
}

void prove_devctl_read(struct access a)
{
	u8 own[4] = {}, theirs[4] = {};

	set_up(&a);
	for (size_t pos = PCI_EXP_DEVCTL; pos < PCI_EXP_DEVCTL + 4; pos++)
		for (size_t count = 1; count <= PCI_EXP_DEVCTL + 4 - pos; count++)
			if (a.pos == pos && a.count == count)
				read_at(pos, count, own, theirs);
	for (int i = 0; i < 4; i++)
		assert(own[i] == (theirs[i] & (u8)~(a.pos + i == HI ? EN : 0)));
}
