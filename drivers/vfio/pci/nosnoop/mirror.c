// SPDX-License-Identifier: GPL-2.0-only
/*
 * Functions with config space in their BARs, which a driver in a VM uses
 * instead of config space and which the kernel would not see. Known ones, each
 * with the program that knows it, and those that are named by hand.
 *
 * Only what can be trapped is here: for the rest see denylist.c.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/array_size.h>
#include <linux/ioport.h>
#include <linux/pci.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "mirror.h"

struct nosnoop_known_mirror {
	bool (*has)(struct pci_dev *pdev);
	struct nosnoop_mirror mirror;
};

/* Any display class, as not only VGA has it: nouveau asks for none */
static bool is_nvidia(struct pci_dev *pdev)
{
	return pdev->vendor == PCI_VENDOR_ID_NVIDIA && pci_is_display(pdev);
}

/* GH100 is 2300 to 23ff, and GB100 and later start at 2900: pci.ids */
static bool is_nvidia_gh100(struct pci_dev *pdev)
{
	return is_nvidia(pdev) &&
	       ((pdev->device & 0xff00) == 0x2300 || pdev->device >= 0x2900);
}

static bool is_nvidia_before_gh100(struct pci_dev *pdev)
{
	return is_nvidia(pdev) && !is_nvidia_gh100(pdev);
}

static bool is_ati(struct pci_dev *pdev)
{
	return pdev->vendor == PCI_VENDOR_ID_ATI && pci_is_display(pdev);
}

/* Before Bonaire, which has its doorbells in BAR2 and its registers in BAR5 */
static bool is_ati_bar2(struct pci_dev *pdev)
{
	return is_ati(pdev) && !(pci_resource_flags(pdev, 5) & IORESOURCE_MEM);
}

static const struct nosnoop_known_mirror nosnoop_known_mirrors[] = {
	/* nouveau nvkm/subdev/pci/nv04.c; QEMU hw/vfio/pci-quirks.c */
	{ is_nvidia, { .bar = 0, .offset = 0x1800, .size = SZ_256 } },
	/* nouveau nvkm/subdev/pci/nv40.c and later; QEMU, for VGA */
	{ is_nvidia, { .bar = 0, .offset = 0x88000, .size = SZ_4K } },
	/* envytools, PPCI_HDA: that of the sound function, since GT215 */
	{ is_nvidia_before_gh100,
	  { .bar = 0, .offset = 0x8a000, .size = SZ_4K, .sibling = true } },
	/* nouveau nvhw/ref/gh100/dev_xtl_ep_pri.h, NV_EP_PCFGM */
	{ is_nvidia_gh100, { .bar = 0, .offset = 0x92000, .size = SZ_4K } },
	/* QEMU hw/vfio/pci-quirks.c, vfio_probe_ati_bar2_quirk() */
	{ is_ati_bar2, { .bar = 2, .offset = 0x4000, .size = SZ_256 } },
};

/*
 * An index and its data, in I/O ports: NVIDIA's BAR5 leads to both mirrors in
 * BAR0, ATI's BAR4 to that in BAR2 (QEMU hw/vfio/pci-quirks.c). For firmware in
 * real mode, which has no use without the VGA ports. Other I/O BARs of these
 * functions are not known, and not offered either.
 */
static u8 windows(struct pci_dev *pdev)
{
	u8 bars = 0;
	int bar;

	if (!is_nvidia(pdev) && !is_ati(pdev))
		return 0;

	for (bar = 0; bar < PCI_STD_NUM_BARS; bar++)
		if (pci_resource_flags(pdev, bar) & IORESOURCE_IO)
			bars |= BIT(bar);

	return bars;
}

/* By hand: set while the module is loaded, constant afterwards */
static struct {
	u16 vendor;
	u16 device;
	struct nosnoop_mirror mirror;
} named[16];

static unsigned int nr_named;

/* One of them; registers have 4 bytes */
static bool parse_one(const char *text)
{
	unsigned int vendor, device, bar;
	u64 offset, size;
	char behind;

	if (sscanf(text, "%x:%x:%x:%llx:%llx%c", &vendor, &device, &bar,
		   &offset, &size, &behind) != 5 ||
	    vendor > U16_MAX || device > U16_MAX || bar >= PCI_STD_NUM_BARS ||
	    offset % 4 || offset > S64_MAX || size % 4 || !size ||
	    size > PCI_CFG_SPACE_EXP_SIZE)
		return false;

	named[nr_named].vendor = vendor;
	named[nr_named].device = device;
	named[nr_named].mirror.bar = bar;
	named[nr_named].mirror.offset = offset;
	named[nr_named].mirror.size = size;
	nr_named++;

	return true;
}

/**
 * nosnoop_mirrors_parse() - Take the parameter mirrors
 * @text: VENDOR:DEVICE:BAR:OFFSET:SIZE, any number of them with commas between
 *	  them, all hexadecimal; is written to
 *
 * Context: while the module is loaded.
 * Return: 0, or -EINVAL if there is one that cannot be or too many, of which
 * the log has the one.
 */
int nosnoop_mirrors_parse(char *text)
{
	char *one;

	while ((one = strsep(&text, ","))) {
		if (!*one)
			continue;
		if (nr_named == ARRAY_SIZE(named)) {
			pr_err("mirrors: \"%s\" is one too many, %u are taken\n",
			       one, nr_named);
			return -EINVAL;
		}
		if (!parse_one(one)) {
			pr_err("mirrors: \"%s\": give vendor:device:bar:offset:size, hexadecimal, offset and size multiples of 4, size at most 1000\n",
			       one);
			return -EINVAL;
		}
	}

	return 0;
}

static bool fits(struct pci_dev *pdev, const struct nosnoop_mirror *mirror)
{
	return pci_resource_flags(pdev, mirror->bar) & IORESOURCE_MEM &&
	       mirror->offset + mirror->size <=
	       pci_resource_len(pdev, mirror->bar);
}

static void add(struct nosnoop_mirrors *mirrors,
		const struct nosnoop_mirror *mirror)
{
	mirrors->list[mirrors->count++] = *mirror;
}

/**
 * nosnoop_mirrors_find() - Find config space in a function's BARs
 * @pdev: the function, before it is bound
 * @mirrors: what is found, zeroed
 *
 * Return: 0, or -EINVAL if one is named by hand that is not within a memory
 * BAR, or too many are, of which the log has the one.
 */
int nosnoop_mirrors_find(struct pci_dev *pdev, struct nosnoop_mirrors *mirrors)
{
	const struct nosnoop_known_mirror *known;
	unsigned int i;

	mirrors->windows = windows(pdev);

	for (i = 0; i < ARRAY_SIZE(nosnoop_known_mirrors); i++) {
		known = &nosnoop_known_mirrors[i];
		if (known->has(pdev) && fits(pdev, &known->mirror))
			add(mirrors, &known->mirror);
	}

	for (i = 0; i < nr_named; i++) {
		if (named[i].vendor != pdev->vendor ||
		    named[i].device != pdev->device)
			continue;
		if (mirrors->count == NOSNOOP_MIRRORS_MAX ||
		    !fits(pdev, &named[i].mirror)) {
			pci_warn(pdev, "mirrors: BAR%u+0x%llx, 0x%x bytes: not within a memory BAR, or one too many\n",
				 named[i].mirror.bar, named[i].mirror.offset,
				 named[i].mirror.size);
			return -EINVAL;
		}
		add(mirrors, &named[i].mirror);
	}

	return 0;
}
