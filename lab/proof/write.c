// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is proved of nosnoop_config_write(), from its source in config.c. The functions that
 * it calls are defined here. Each may fail at any time. They record what happens, and claim
 * that it may happen at that point. Each proof checks one part of the claims, so that each
 * part can be refuted alone.
 */
#include "core.h"
#include "policy.h"
#include "nosnoop.h"
#include "driver.c"

/* A write of up to so many bytes can contain every sort of piece with its neighbours. */
#define MOST	12

enum part { ORDER, COMMAND, PM_CTRL, WHOLE, LOCK, POWER, HARDWARE, RESULT, RANGE, CORE };

static enum part asked;

#define claim(part, condition)	assert(asked != (part) || (condition))

/* The user's buffer itself is never accessed. */
static char user[PCI_CFG_SPACE_EXP_SIZE];
static struct pci_dev pdev;
static struct nosnoop_device device;
static loff_t begin;
static size_t total;
static loff_t ppos;

/* How many bytes of the write are done, and the error that the call has to return */
static size_t done;
static int failed;

/* Did the core get the whole request unchanged? */
static bool handed_over;

static bool locked;
/* Was nosnoop_hold() the last to be called, and did it succeed? */
static bool looked, held;
/* Is a look due after a write of the core, and was that of PCI_COMMAND? */
static bool owed, owed_command;
/* How many bytes are known to be in memory */
static size_t faulted_in;

/* How far the byte with Enable No Snoop is done, and its values on the way */
static enum { NONE, GOT, HW_READ, HELD_LOCKED, WRITTEN, UNLOCKED } stage;
static u8 old_hi, user_hi, hw_hi;
static bool readrq_set, reset, masked;

static size_t at(void)
{
	return (begin & VFIO_PCI_OFFSET_MASK) + done;
}

static bool touches(size_t pos, size_t count, size_t from, size_t size)
{
	return pos < from + size && from < pos + count;
}

static bool touches_command(size_t pos, size_t count)
{
	return touches(pos, count, PCI_COMMAND, 2);
}

static bool touches_pm(size_t pos, size_t count)
{
	return device.pm_pos && touches(pos, count, device.pm_pos, 4);
}

/* The core writes COMMAND and PM_CTRL, but the driver looks before and after. */
static bool touches_held(size_t pos, size_t count)
{
	return touches_command(pos, count) || touches_pm(pos, count);
}

/* Called for what only the driver does, with the device in D0 */
static void in_d0(void)
{
	claim(POWER, pdev.dev.usage == 1);
	claim(RANGE, false);
	claim(CORE, false);
}

/* The byte with Enable No Snoop has to be done before anything else is. */
static void hi_is_done(void)
{
	if (stage == NONE)
		return;
	claim(HARDWARE, stage == UNLOCKED);
	claim(HARDWARE, masked == !!(user_hi & EN));
	claim(HARDWARE, reset == (user_hi & FLR && pdev.devcap & PCI_EXP_DEVCAP_FLR));
	stage = NONE;
	readrq_set = false;
	reset = false;
	masked = false;
}

/* The call may wait for the user's memory, or for somebody who waits for that. */
static void waits(void)
{
	claim(LOCK, !locked);
	claim(COMMAND, !owed || !owed_command);
	claim(PM_CTRL, !owed || owed_command);
	looked = false;
	held = false;
}

/* The call takes the next part of the request from the user's memory. */
static void takes(const void *buf, size_t count)
{
	waits();
	hi_is_done();
	claim(RESULT, !failed);
	claim(ORDER, buf == user + done && count <= total - done);
	claim(ORDER, count || !total);
}

int nosnoop_hold(struct nosnoop_device *nosnoop, const char *cause)
{
	int ret = any_errno();

	in_d0();
	claim(LOCK, !locked);
	if (owed) {
		if (ret && owed_command)
			failed = ret;
		owed = false;
		return ret;
	}

	claim(PM_CTRL, touches_held(at(), 1));
	claim(RESULT, !failed);
	if (ret && touches_command(at(), 1))
		failed = ret;
	looked = true;
	held = !ret;

	return ret;
}

void trace_nosnoop_refused(struct pci_dev *pdev, const char *cause)
{
	claim(COMMAND, looked && !held && touches_command(at(), 1));
}

/* What the core copies at once; prove_segment_at_once() proves that it does. */
static bool is_chunk(size_t pos, size_t count)
{
	return count == 1 || (count == 2 && pos % 2 == 0) ||
	       (count == 4 && pos % 4 == 0);
}

ssize_t vfio_pci_core_write(struct vfio_device *vdev, const char __user *buf,
			    size_t count, loff_t *where)
{
	size_t pos = *where & VFIO_PCI_OFFSET_MASK;
	int ret = any_errno();

	claim(COMMAND, !touches_command(pos, count) || (held && is_chunk(pos, count)));
	claim(PM_CTRL, !touches_pm(pos, count) || (looked && is_chunk(pos, count)));
	claim(POWER, pdev.dev.usage == touches_held(pos, count));
	claim(RANGE, buf == user && count == total && where == &ppos);
	claim(CORE, buf == user && count == total && where == &ppos && !handed_over);
	handed_over = true;
	/* If only the range is wrong, the core has to refuse it. */
	if (asked == RANGE)
		ret = core_range(&device.core, pos, count);
	takes(buf, count);
	claim(ORDER, *where == begin + done);
	claim(ORDER, !touches(pos, count, device.hi_pos, 1));
	/* The core would copy this at once, but it is written in pieces. */
	if (pos == device.hi_pos - 1 && total - done > 1)
		claim(WHOLE, faulted_in >= (total - done < 4 ? 2 : 4));
	faulted_in = 0;

	owed_command = touches_command(pos, count);
	owed = touches_held(pos, count);
	if (ret) {
		failed = ret;
		return ret;
	}
	done += count;
	*where += count;

	return count;
}

size_t fault_in_readable(const char __user *buf, size_t count)
{
	int ret = any_errno();

	claim(POWER, !pdev.dev.usage);
	claim(RANGE, false);
	claim(CORE, false);
	takes(buf, count);
	if (ret)
		failed = -EFAULT;
	else
		faulted_in = count;

	return ret ? 1 : 0;
}

int get_user_byte(u8 *to, const u8 __user *from)
{
	u8 value;

	in_d0();
	takes(from, 1);
	claim(ORDER, at() == device.hi_pos);
	if (any_errno()) {
		failed = -EFAULT;
		*to = 0;
		return -EFAULT;
	}
	old_hi = device.hi;
	user_hi = value;
	*to = value;
	stage = GOT;
	/*
	 * Device Status, which follows in the dword, is done with it: it is not passed on,
	 * and prove_devctl_status() proves that this is right.
	 */
	done += min(total - done, sizeof(u32) - 1);

	return 0;
}

void pci_cfg_access_lock(struct pci_dev *pdev)
{
	in_d0();
	claim(LOCK, !locked);
	claim(COMMAND, !owed || !owed_command);
	claim(PM_CTRL, !owed || owed_command);
	/* The lock waits for a reset that is under way, so an earlier look does not count. */
	looked = false;
	held = false;
	locked = true;
}

int nosnoop_hold_locked(struct nosnoop_device *nosnoop, const char *cause)
{
	in_d0();
	claim(LOCK, locked);
	claim(HARDWARE, stage == HW_READ && hw_hi & EN);
	stage = HELD_LOCKED;

	return any_errno();
}

/* A read that fails gives all ones. */
int pci_bus_read_config_byte(struct pci_bus *bus, unsigned int devfn, int pos,
			     u8 *value)
{
	int ret = any_errno();
	u8 hw;

	in_d0();
	claim(LOCK, locked);
	claim(HARDWARE, stage == GOT);
	claim(HARDWARE, bus == pdev.bus && devfn == pdev.devfn && pos == device.hi_pos);
	hw_hi = ret ? 0xff : hw;
	*value = hw_hi;
	stage = HW_READ;

	return ret;
}

/* If the bit is on in hardware, there has to be a look before the byte is changed. */
static bool may_change(void)
{
	return stage == (hw_hi & EN ? HELD_LOCKED : HW_READ);
}

int pci_bus_write_config_byte(struct pci_bus *bus, unsigned int devfn, int pos,
			      u8 value)
{
	const u8 direct = (PCI_EXP_DEVCTL_EXT_TAG | PCI_EXP_DEVCTL_AUX_PME) >> 8;

	in_d0();
	claim(LOCK, locked);
	claim(HARDWARE, may_change() && hw_hi != 0xff);
	claim(HARDWARE, bus == pdev.bus && devfn == pdev.devfn && pos == device.hi_pos);
	claim(HARDWARE, !(value & (EN | FLR)));
	claim(HARDWARE, !((value ^ user_hi) & direct));
	claim(HARDWARE, !((value ^ hw_hi) & (u8)~(direct | EN | FLR)));
	stage = WRITTEN;

	return any_errno();
}

int pcie_set_readrq(struct pci_dev *pdev, int readrq)
{
	in_d0();
	claim(LOCK, locked);
	claim(HARDWARE, stage == WRITTEN && (user_hi ^ old_hi) & MRRS);
	claim(HARDWARE, readrq == max(128 << ((user_hi & MRRS) >> 4), pdev->mps));
	readrq_set = true;

	return any_errno();
}

void pci_cfg_access_unlock(struct pci_dev *pdev)
{
	claim(LOCK, locked);
	locked = false;
	claim(HARDWARE, stage == WRITTEN || (may_change() && hw_hi == 0xff));
	claim(HARDWARE, stage != WRITTEN || readrq_set == !!((user_hi ^ old_hi) & MRRS));
	claim(HARDWARE, device.hi == user_hi);
	stage = UNLOCKED;
}

void trace_nosnoop_masked(struct pci_dev *pdev, const char *cause)
{
	claim(HARDWARE, stage != NONE);
	masked = true;
}

/* A reset that fails is ignored. */
long vfio_pci_core_ioctl(struct vfio_device *vdev, unsigned int cmd,
			 unsigned long arg)
{
	in_d0();
	waits();
	claim(HARDWARE, vdev == &device.core.vdev && cmd == VFIO_DEVICE_RESET);
	claim(HARDWARE, stage == UNLOCKED && !reset);
	reset = true;

	return any_errno();
}

int pm_runtime_resume_and_get(struct device *dev)
{
	int ret = any_errno();

	claim(POWER, dev == &pdev.dev && !dev->usage && !locked);
	claim(POWER, at() == device.hi_pos || touches_held(at(), 1));
	claim(RANGE, false);
	claim(CORE, false);
	claim(RESULT, !failed);
	if (ret)
		failed = -EIO;
	else
		dev->usage++;

	return ret;
}

int pm_runtime_put(struct device *dev)
{
	claim(POWER, dev == &pdev.dev && dev->usage == 1 && !locked && !owed);
	dev->usage--;

	return any_errno();
}

/* A device, and a write of its config space */
struct request {
	u8 exp_cap;
	u8 pm_cap;
	bool extended;
	u8 hi;
	u32 devcap;
	int mps;
	u16 pos;
	u8 count;
};

static bool is_cap(u8 cap)
{
	return cap >= PCI_STD_HEADER_SIZEOF && !(cap % 4);
}

/* Sets the device up as nosnoop_probe() does; @pm_cap is 0 if there is none. */
static ssize_t config_write(struct request rq, u64 pos, size_t count, loff_t *moved)
{
	ssize_t ret;

	assume(is_cap(rq.exp_cap) && (!rq.pm_cap || is_cap(rq.pm_cap)));

	pdev.cfg_size = rq.extended ? PCI_CFG_SPACE_EXP_SIZE : PCI_CFG_SPACE_SIZE;
	pdev.devcap = rq.devcap;
	pdev.mps = rq.mps;
	device.core.pdev = &pdev;
	device.hi_pos = rq.exp_cap + HI;
	device.pm_pos = rq.pm_cap ? rq.pm_cap + PCI_PM_CTRL : 0;
	device.hi = rq.hi;
	begin = VFIO_PCI_INDEX_TO_OFFSET(VFIO_PCI_CONFIG_REGION_INDEX) + pos;
	total = count;
	ppos = begin;

	ret = nosnoop_config_write(&device, user, count, &ppos);
	*moved = ppos - begin;

	return ret;
}

static void prove(enum part part, struct request rq)
{
	loff_t moved;
	ssize_t ret;

	asked = part;
	assume(rq.count <= MOST && rq.pos + rq.count <=
	       (rq.extended ? PCI_CFG_SPACE_EXP_SIZE : PCI_CFG_SPACE_SIZE));

	ret = config_write(rq, rq.pos, rq.count, &moved);

	hi_is_done();
	claim(LOCK, !locked);
	claim(COMMAND, !owed || !owed_command);
	claim(PM_CTRL, !owed || owed_command);
	claim(POWER, !pdev.dev.usage);
	claim(ORDER, failed || done == rq.count);
	claim(RESULT, ret == (failed ? failed : rq.count));
	claim(RESULT, moved == (failed ? 0 : rq.count));
}

void prove_write_order(struct request rq)
{
	prove(ORDER, rq);
}

void prove_write_command(struct request rq)
{
	prove(COMMAND, rq);
}

void prove_write_pm_ctrl(struct request rq)
{
	prove(PM_CTRL, rq);
}

void prove_write_whole(struct request rq)
{
	prove(WHOLE, rq);
}

void prove_write_locks(struct request rq)
{
	prove(LOCK, rq);
}

void prove_write_power(struct request rq)
{
	prove(POWER, rq);
}

void prove_write_hardware(struct request rq)
{
	prove(HARDWARE, rq);
}

void prove_write_result(struct request rq)
{
	prove(RESULT, rq);
}

/*
 * The whole write is refused, whatever its position and length, either by the driver or, if
 * the core gets it unchanged, by the core. A length that wraps around is left out, because
 * a write() of more than 2 GB is cut before it gets here.
 */
void prove_write_range(struct request rq, u64 pos, size_t count)
{
	size_t size = rq.extended ? PCI_CFG_SPACE_EXP_SIZE : PCI_CFG_SPACE_SIZE;
	loff_t moved;

	asked = RANGE;
	assume(pos <= VFIO_PCI_OFFSET_MASK && count && count <= SIZE_MAX - 3);
	assume(pos >= size || count > size - pos);

	assert(config_write(rq, pos, count, &moved) == -EFAULT && !moved);
}

/* A write within a dword that has no byte which the driver cares for, at any position */
void prove_write_as_core(struct request rq, u64 pos, u8 count)
{
	loff_t moved;
	ssize_t ret;

	asked = CORE;
	assume(pos <= VFIO_PCI_OFFSET_MASK && pos % 4 + count <= 4);
	assume(pos / 4 != PCI_COMMAND / 4 && pos / 4 != (rq.exp_cap + HI) / 4);
	assume(!rq.pm_cap || pos / 4 != (rq.pm_cap + PCI_PM_CTRL) / 4);

	ret = config_write(rq, pos, count, &moved);
	assert(handed_over);
	assert(ret == (failed ? failed : count) && moved == (failed ? 0 : count));
}
