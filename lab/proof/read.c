// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is proved of nosnoop_config_read(), from its source in config.c. The functions that
 * it calls are defined here, and each may fail at any time.
 */
#include "core.h"
#include "policy.h"
#include "nosnoop.h"
#include "driver.c"

/* The user's buffer itself is never accessed. @seen stands for the one byte that matters. */
static char user[PCI_CFG_SPACE_EXP_SIZE];
static struct nosnoop_device device;
static loff_t begin;
static size_t total;

/*
 * @seen is the user's byte in the place of the one with Enable No Snoop. The core writes
 * @core_hi there, unless it fails before that. If @racing, another thread of the user
 * changes the byte while the driver reads it.
 */
static u8 seen, core_hi;
static bool racing, filled;

/* What the call has to return, and whether the byte could not be corrected */
static ssize_t result;
static bool faulted;

static size_t pos(void)
{
	return begin & VFIO_PCI_OFFSET_MASK;
}

static bool has_hi(void)
{
	return pos() <= device.hi_pos && total > device.hi_pos - pos();
}

ssize_t vfio_pci_core_read(struct vfio_device *vdev, char __user *buf,
			   size_t count, loff_t *ppos)
{
	int ret = any_errno();
	bool reached;

	assert(vdev == &device.core.vdev && buf == user && count == total);
	assert(*ppos == begin);
	if (has_hi() && (!ret || reached)) {
		seen = core_hi;
		filled = true;
	}
	result = ret ? ret : count;
	if (!ret)
		*ppos += count;

	return result;
}

static int access(const u8 __user *where)
{
	assert(has_hi() && where == (u8 *)user + (device.hi_pos - pos()));
	if (!any_errno())
		return 0;
	/* An error of the core is kept. */
	if (result >= 0)
		result = -EFAULT;
	faulted = true;

	return -EFAULT;
}

int get_user_byte(u8 *to, const u8 __user *from)
{
	int ret = access(from);
	u8 raced;

	*to = ret ? 0 : racing ? raced : seen;

	return ret;
}

int put_user_byte(u8 value, u8 __user *to)
{
	int ret = access(to);

	if (!ret)
		seen = value;

	return ret;
}

/* A device and a read, at any position in config space or beyond its end */
struct request {
	u8 exp_cap;
	u8 hi;
	u64 pos;
	size_t count;
	u8 mine;
	u8 core_hi;
	bool racing;
};

/* Returns by how much the read moved the position. */
static loff_t config_read(struct request rq)
{
	loff_t ppos;

	assume(rq.exp_cap >= PCI_STD_HEADER_SIZEOF && rq.exp_cap % 4 == 0);
	assume(rq.pos <= VFIO_PCI_OFFSET_MASK && rq.count <= S32_MAX);
	device.hi_pos = rq.exp_cap + HI;
	device.hi = rq.hi;
	begin = VFIO_PCI_INDEX_TO_OFFSET(VFIO_PCI_CONFIG_REGION_INDEX) + rq.pos;
	total = rq.count;
	seen = rq.mine;
	core_hi = rq.core_hi;
	racing = rq.racing;
	ppos = begin;

	assert(nosnoop_config_read(&device, user, total, &ppos) == result);

	return ppos - begin;
}

/* Also after a read that fails after the byte was filled in */
void prove_read_clear(struct request rq)
{
	config_read(rq);
	if (filled && !faulted)
		assert(!(seen & EN));
}

void prove_read_as_core(struct request rq)
{
	config_read(rq);
	if (filled && !faulted && !racing)
		assert(seen == ((core_hi & (u8)~(EN | MRRS)) | (rq.hi & MRRS)));
}

void prove_read_moves(struct request rq)
{
	assert(config_read(rq) == max(result, 0));
}
