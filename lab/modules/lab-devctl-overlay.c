// SPDX-License-Identifier: GPL-2.0-only
/*
 * lab-devctl-overlay: TEST ONLY, for the lab's machine; never in a package
 *
 * QEMU's devices hardwire Enable No Snoop to 0. For the functions that the parameter "bdf"
 * names, this replaces their bus's pci_ops, as aer_inject does, and lays a bit of its own
 * over theirs. An access of any width can write the bit, and it is 1 after a reset. Writes
 * of it do not reach the device.
 *
 * It sees these resets: FLR, AF FLR, D3hot to D0 without No_Soft_Reset, and the secondary
 * bus reset of a bridge above. It does not see a reset that the device does to itself
 * through its BARs, link down, or loss of power.
 *
 * It is also a witness, in debugfs below lab-devctl-overlay/BDF:
 *
 *   no_snoop  the bit
 *   moments   how often the bit and PCI_COMMAND_MASTER, as read from the device behind
 *             the overlay, became both 1 (counts one at load if they were)
 *   vf_moments  how often the bit and PCI_COMMAND_MASTER of one of the function's VFs
 *             became both 1, because the PF's bit governs the requests of its VFs; VFs
 *             on another bus number are not looked at
 *   writes    config writes that covered the bit
 *   resets    resets that set the bit to 1 again
 *
 * A module that hooked the same bus later must be unloaded before this one.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bitops.h>
#include <linux/debugfs.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/rcupdate.h>

#define OVERLAY_FUNCTIONS	8
#define OVERLAY_BUSES		16
#define OVERLAY_VFS		64	/* of a function that are looked at */

struct overlay_function {
	struct pci_dev *pdev;
	int hi_pos;		/* of the byte that holds the bit */
	int af_cap;
	int sriov_cap;
	bool both;		/* the last state that was looked at */
	u64 vfs_both;		/* and that of each VF */
	u32 no_snoop;
	u32 moments;
	u32 vf_moments;
	u32 writes;
	u32 resets;
};

struct overlay_bus {
	struct pci_bus *bus;
	struct pci_ops *original;
	struct pci_ops ops;
};

/* Both tables are complete before the first bus is hooked. */
static struct overlay_function functions[OVERLAY_FUNCTIONS];
static struct overlay_bus buses[OVERLAY_BUSES];
static int nr_functions;
static int nr_buses;
static struct dentry *overlay_dir;

static char *bdf[OVERLAY_FUNCTIONS];
static int nr_bdf;
module_param_array(bdf, charp, &nr_bdf, 0444);
MODULE_PARM_DESC(bdf, "Functions to lay the bit over: 0000:01:00.0,...");

/*
 * Protects the state of all functions, and keeps it in step with the device's own during
 * each access. pci_lock is not enough, because the kernel's own accessors need not hold it.
 * The user's accessors do, with interrupts off.
 */
static DEFINE_RAW_SPINLOCK(overlay_lock);

static bool covers(int where, int size, int byte)
{
	return where <= byte && byte < where + size;
}

/* The byte at @byte of a value of @size bytes at @where that covers it */
static u8 byte_of(u32 val, int where, int byte)
{
	return val >> 8 * (byte - where);
}

static u32 bit_mask(struct overlay_function *function, int where)
{
	return (PCI_EXP_DEVCTL_NOSNOOP_EN >> 8)
		<< 8 * (function->hi_pos - where);
}

/* A bus made while its parent was hooked has inherited the parent's ops. */
static struct pci_ops *original_ops(struct pci_bus *bus)
{
	int i;

	for (; bus; bus = bus->parent)
		for (i = 0; i < nr_buses; i++)
			if (buses[i].bus == bus)
				return buses[i].original;

	return NULL;
}

static struct overlay_function *find_function(struct pci_bus *bus,
					      unsigned int devfn)
{
	int i;

	for (i = 0; i < nr_functions; i++)
		if (functions[i].pdev->bus == bus &&
		    functions[i].pdev->devfn == devfn)
			return &functions[i];

	return NULL;
}

static bool is_below(struct overlay_function *function, struct pci_bus *bus,
		     unsigned int devfn)
{
	struct pci_dev *bridge = pci_upstream_bridge(function->pdev);

	for (; bridge; bridge = pci_upstream_bridge(bridge))
		if (bridge->bus == bus && bridge->devfn == devfn)
			return true;

	return false;
}

/* Reads a word of a device on the function's bus, or all ones */
static u16 devfn_word(struct overlay_function *function, unsigned int devfn,
		      int pos)
{
	struct pci_bus *bus = function->pdev->bus;
	u32 val;

	if (original_ops(bus)->read(bus, devfn, pos, 2, &val))
		return U16_MAX;

	return val;
}

static u16 hardware_word(struct overlay_function *function, int pos)
{
	return devfn_word(function, function->pdev->devfn, pos);
}

static void overlay_reset(struct overlay_function *function)
{
	function->no_snoop = 1;
	function->resets++;
}

static bool has_both(struct overlay_function *function, u16 command)
{
	return !PCI_POSSIBLE_ERROR(command) && command & PCI_COMMAND_MASTER &&
	       function->no_snoop;
}

/* The SR-IOV capability is read each time, because a reset ends VFs. */
static int nr_vfs(struct overlay_function *function)
{
	int cap = function->sriov_cap;

	if (!cap || !(hardware_word(function, cap + PCI_SRIOV_CTRL) &
		      PCI_SRIOV_CTRL_VFE))
		return 0;

	return min(hardware_word(function, cap + PCI_SRIOV_NUM_VF),
		   OVERLAY_VFS);
}

static void overlay_witness_vfs(struct overlay_function *function)
{
	int cap = function->sriov_cap, nr = nr_vfs(function), devfn, i;
	u64 both = 0;

	for (i = 0; i < nr; i++) {
		devfn = function->pdev->devfn +
			hardware_word(function, cap + PCI_SRIOV_VF_OFFSET) +
			hardware_word(function, cap + PCI_SRIOV_VF_STRIDE) * i;
		if (devfn <= U8_MAX &&
		    has_both(function, devfn_word(function, devfn, PCI_COMMAND)))
			both |= BIT_ULL(i);
	}
	function->vf_moments += hweight64(both & ~function->vfs_both);
	function->vfs_both = both;
}

static void overlay_witness(struct overlay_function *function)
{
	bool both = has_both(function, hardware_word(function, PCI_COMMAND));

	if (both && !function->both)
		function->moments++;
	function->both = both;
	overlay_witness_vfs(function);
}

/* In D3hot, and about to lose its state on the way to D0? */
static bool resets_in_d0(struct overlay_function *function)
{
	u16 pmcsr;

	if (!function->pdev->pm_cap)
		return false;
	pmcsr = hardware_word(function, function->pdev->pm_cap + PCI_PM_CTRL);

	return !PCI_POSSIBLE_ERROR(pmcsr) &&
	       (pmcsr & PCI_PM_CTRL_STATE_MASK) == (__force u16)PCI_D3hot &&
	       !(pmcsr & PCI_PM_CTRL_NO_SOFT_RESET);
}

static bool is_in_d0(struct overlay_function *function)
{
	u16 pmcsr = hardware_word(function,
				  function->pdev->pm_cap + PCI_PM_CTRL);

	return !(pmcsr & PCI_PM_CTRL_STATE_MASK);
}

/* QEMU's igb keeps COMMAND when it leaves D3hot, which no real reset does. */
static void overlay_reset_command(struct overlay_function *function)
{
	struct pci_dev *pdev = function->pdev;

	original_ops(pdev->bus)->write(pdev->bus, pdev->devfn, PCI_COMMAND, 2,
				       0);
}

static int function_write(struct overlay_function *function, int where,
			  int size, u32 val)
{
	struct pci_dev *pdev = function->pdev;
	struct pci_ops *ops = original_ops(pdev->bus);
	bool covered = covers(where, size, function->hi_pos);
	bool wakes = resets_in_d0(function), flr = false;
	u32 mask = 0;
	int ret, af = function->af_cap;

	if (covered)
		mask = bit_mask(function, where);
	ret = ops->write(pdev->bus, pdev->devfn, where, size, val & ~mask);
	if (ret)
		return ret;

	if (covered) {
		function->no_snoop = !!(val & mask);
		function->writes++;
		flr = pdev->devcap & PCI_EXP_DEVCAP_FLR &&
		      byte_of(val, where, function->hi_pos) &
		      PCI_EXP_DEVCTL_BCR_FLR >> 8;
	}
	if (af && covers(where, size, af + PCI_AF_CTRL))
		flr |= byte_of(val, where, af + PCI_AF_CTRL) & PCI_AF_CTRL_FLR;
	wakes = wakes && is_in_d0(function);
	if (wakes)
		overlay_reset_command(function);
	if (flr || wakes)
		overlay_reset(function);

	return 0;
}

static int overlay_read(struct pci_bus *bus, unsigned int devfn, int where,
			int size, u32 *val)
{
	struct overlay_function *function = find_function(bus, devfn);
	struct pci_ops *ops = original_ops(bus);
	unsigned long flags;
	u32 mask;
	int ret;

	raw_spin_lock_irqsave(&overlay_lock, flags);
	ret = ops->read(bus, devfn, where, size, val);
	/* FLR always reads as 0, so all ones mean that the function did not answer. */
	if (!ret && function && covers(where, size, function->hi_pos) &&
	    byte_of(*val, where, function->hi_pos) != U8_MAX) {
		mask = bit_mask(function, where);
		*val = (*val & ~mask) | (function->no_snoop ? mask : 0);
	}
	raw_spin_unlock_irqrestore(&overlay_lock, flags);

	return ret;
}

static int overlay_write(struct pci_bus *bus, unsigned int devfn, int where,
			 int size, u32 val)
{
	struct overlay_function *function = find_function(bus, devfn);
	struct pci_ops *ops = original_ops(bus);
	unsigned long flags;
	int ret, i;

	raw_spin_lock_irqsave(&overlay_lock, flags);
	if (function)
		ret = function_write(function, where, size, val);
	else
		ret = ops->write(bus, devfn, where, size, val);

	for (i = 0; i < nr_functions; i++) {
		if (!ret && covers(where, size, PCI_BRIDGE_CONTROL) &&
		    byte_of(val, where, PCI_BRIDGE_CONTROL) &
		    PCI_BRIDGE_CTL_BUS_RESET &&
		    is_below(&functions[i], bus, devfn))
			overlay_reset(&functions[i]);
		overlay_witness(&functions[i]);
	}
	raw_spin_unlock_irqrestore(&overlay_lock, flags);

	return ret;
}

static int __init overlay_add_bus(struct pci_bus *bus)
{
	int i;

	for (i = 0; i < nr_buses; i++)
		if (buses[i].bus == bus)
			return 0;
	if (nr_buses == OVERLAY_BUSES)
		return -ENOSPC;

	buses[nr_buses].bus = bus;
	buses[nr_buses].original = bus->ops;
	buses[nr_buses].ops = *bus->ops;
	buses[nr_buses].ops.read = overlay_read;
	buses[nr_buses].ops.write = overlay_write;
	nr_buses++;

	return 0;
}

/* Adds it to both tables, and holds the device, which holds all buses above it. */
static int __init overlay_add(const char *name)
{
	struct overlay_function *function = &functions[nr_functions];
	unsigned int domain, bus, slot, fn;
	struct pci_dev *pdev, *bridge;
	int ret;

	if (sscanf(name, "%x:%x:%x.%x", &domain, &bus, &slot, &fn) != 4) {
		pr_err("'%s' is no address like 0000:01:00.0\n", name);
		return -EINVAL;
	}

	pdev = pci_get_domain_bus_and_slot(domain, bus, PCI_DEVFN(slot, fn));
	if (!pdev || !pci_is_pcie(pdev) || find_function(pdev->bus, pdev->devfn)) {
		pr_err("%s: no such PCI Express function, or named twice\n", name);
		pci_dev_put(pdev);
		return -ENODEV;
	}

	function->pdev = pdev;
	function->hi_pos = pdev->pcie_cap + PCI_EXP_DEVCTL + 1;
	function->af_cap = pci_find_capability(pdev, PCI_CAP_ID_AF);
	function->sriov_cap = pci_find_ext_capability(pdev, PCI_EXT_CAP_ID_SRIOV);
	function->no_snoop = 1;
	nr_functions++;

	ret = overlay_add_bus(pdev->bus);
	for (bridge = pci_upstream_bridge(pdev); bridge && !ret;
	     bridge = pci_upstream_bridge(bridge))
		ret = overlay_add_bus(bridge->bus);

	return ret;
}

static void __init overlay_show(struct overlay_function *function)
{
	struct dentry *dir;

	dir = debugfs_create_dir(pci_name(function->pdev), overlay_dir);
	debugfs_create_u32("no_snoop", 0400, dir, &function->no_snoop);
	debugfs_create_u32("moments", 0400, dir, &function->moments);
	debugfs_create_u32("vf_moments", 0400, dir, &function->vf_moments);
	debugfs_create_u32("writes", 0400, dir, &function->writes);
	debugfs_create_u32("resets", 0400, dir, &function->resets);
}

static void overlay_put(void)
{
	int i;

	for (i = 0; i < nr_functions; i++)
		pci_dev_put(functions[i].pdev);
}

static int __init overlay_init(void)
{
	unsigned long flags;
	int i, ret;

	for (i = 0; i < nr_bdf; i++) {
		ret = overlay_add(bdf[i]);
		if (ret) {
			overlay_put();
			return ret;
		}
	}

	raw_spin_lock_irqsave(&overlay_lock, flags);
	for (i = 0; i < nr_functions; i++)
		overlay_witness(&functions[i]);
	raw_spin_unlock_irqrestore(&overlay_lock, flags);

	for (i = 0; i < nr_buses; i++)
		pci_bus_set_ops(buses[i].bus, &buses[i].ops);

	overlay_dir = debugfs_create_dir("lab-devctl-overlay", NULL);
	for (i = 0; i < nr_functions; i++) {
		overlay_show(&functions[i]);
		pci_warn(functions[i].pdev, "Enable No Snoop is a bit of lab-devctl-overlay, for testing only\n");
	}

	return 0;
}

static bool overlay_owns(struct pci_ops *ops)
{
	return ops >= &buses[0].ops && ops <= &buses[nr_buses - 1].ops;
}

static void __exit overlay_exit(void)
{
	struct pci_dev *pdev = NULL;
	int i;

	debugfs_remove(overlay_dir);
	for (i = 0; i < nr_buses; i++) {
		WARN_ON(buses[i].bus->ops != &buses[i].ops);
		pci_bus_set_ops(buses[i].bus, buses[i].original);
	}
	/* Buses of bridges and VFs that came meanwhile have inherited our ops. */
	for_each_pci_dev(pdev) {
		if (nr_buses && overlay_owns(pdev->bus->ops))
			pci_bus_set_ops(pdev->bus, original_ops(pdev->bus));
		if (nr_buses && pdev->subordinate &&
		    overlay_owns(pdev->subordinate->ops))
			pci_bus_set_ops(pdev->subordinate,
					original_ops(pdev->subordinate));
	}

	/* An access without pci_lock may still be in here; it cannot sleep. */
	synchronize_rcu_tasks();
	overlay_put();
}

module_init(overlay_init);
module_exit(overlay_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("TEST ONLY: a writable Enable No Snoop over functions that hardwire it to 0");
/* Taints the kernel as one under test. */
MODULE_INFO(test, "Y");
