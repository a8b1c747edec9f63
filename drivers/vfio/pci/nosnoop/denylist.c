// SPDX-License-Identifier: GPL-2.0-only
/*
 * Functions for which the promise cannot be given: those that Enable No Snoop
 * does not govern, and those whose registers hold a way to config space that
 * nobody can trap. Each entry's source is the in-tree driver that is named;
 * the lists are the drivers' own device tables. And vfio-pci's denylist.
 */

#include <linux/array_size.h>
#include <linux/pci.h>

#include "denylist.h"

struct nosnoop_denied {
	u16 vendor;
	const u16 *devices;	/* ends with 0 */
	const char *reason;
};

/* vfio_pci.c, vfio_pci_dev_in_denylist() */
static const u16 errata_intel[] = {
	PCI_DEVICE_ID_INTEL_QAT_C3XXX, PCI_DEVICE_ID_INTEL_QAT_C3XXX_VF,
	PCI_DEVICE_ID_INTEL_QAT_C62X, PCI_DEVICE_ID_INTEL_QAT_C62X_VF,
	PCI_DEVICE_ID_INTEL_QAT_DH895XCC, PCI_DEVICE_ID_INTEL_QAT_DH895XCC_VF,
	PCI_DEVICE_ID_INTEL_DSA_SPR0, PCI_DEVICE_ID_INTEL_IAX_SPR0,
	0
};

/* r8169_main.c, CSIDR and CSIAR: config space of any function of the slot */
static const u16 r8169_realtek[] = {
	0x2502, 0x2600, 0x3000, 0x5000, 0x0e10, 0x8125, 0x8126, 0x8127, 0x8129,
	0x8136, 0x8161, 0x8162, 0x8167, 0x8168, 0x8169,
	0
};

static const u16 r8169_ncube[] = { 0x8168, 0 };
static const u16 r8169_dlink[] = { 0x4300, 0x4302, 0 };
static const u16 r8169_at[] = { 0xc107, 0 };
static const u16 r8169_usr[] = { 0x0116, 0 };
static const u16 r8169_linksys[] = { 0x1032, 0 };
static const u16 r8169_noname[] = { 0x8168, 0 };

/* tg3.h: the first 256 bytes of BAR0, and a window in a gap of config space */
static const u16 tg3_broadcom[] = {
	0x1600, 0x1601, 0x1641, 0x1642, 0x1643, 0x1644, 0x1645, 0x1646, 0x1647,
	0x1648, 0x1649, 0x164d, 0x1653, 0x1654, 0x1655, 0x1656, 0x1657, 0x1659,
	0x165a, 0x165b, 0x165d, 0x165e, 0x165f, 0x1665, 0x1668, 0x1669, 0x166a,
	0x166b, 0x166e, 0x1672, 0x1673, 0x1674, 0x1676, 0x1677, 0x1678, 0x1679,
	0x167a, 0x167b, 0x167d, 0x167e, 0x167f, 0x1680, 0x1681, 0x1682, 0x1683,
	0x1684, 0x1686, 0x1687, 0x1688, 0x1689, 0x1690, 0x1691, 0x1692, 0x1693,
	0x1694, 0x1696, 0x1698, 0x1699, 0x169a, 0x169b, 0x169c, 0x169d, 0x16a0,
	0x16a6, 0x16a7, 0x16a8, 0x16b0, 0x16b1, 0x16b2, 0x16b3, 0x16b4, 0x16b5,
	0x16b6, 0x16b7, 0x16c6, 0x16c7, 0x16dd, 0x16f3, 0x16f7, 0x16fd, 0x16fe,
	0x170d, 0x170e, 0x1712, 0x1713,
	0
};

static const u16 tg3_syskonnect[] = { 0x4400, 0x4500, 0 };
static const u16 tg3_altima[] = { 0x03e8, 0x03e9, 0x03ea, 0x03eb, 0 };
static const u16 tg3_apple[] = { 0x1645, 0 };
static const u16 tg3_fujitsu[] = { 0x11a2, 0 };

/* bnx2x_reg.h, PCICFG_OFFSET: config space at BAR0 + 0x2000 */
static const u16 bnx2x_broadcom[] = {
	0x163d, 0x163e, 0x163f, 0x164e, 0x164f, 0x1650, 0x1662, 0x1663, 0x166f,
	0x168a, 0x168d, 0x168e, 0x16a1, 0x16a2, 0x16a4, 0x16a5, 0x16a9, 0x16ab,
	0x16ad, 0x16ae, 0x16af,
	0
};

static const u16 bnx2x_qlogic[] = { 0x16a1, 0x16a4, 0x16ad, 0 };

/* sky2.h, Y2_CFG_SPC: config space at BAR0 + 0x1c00 */
static const u16 sky2_marvell[] = {
	0x4340, 0x4341, 0x4342, 0x4343, 0x4344, 0x4345, 0x4346, 0x4347, 0x4350,
	0x4351, 0x4352, 0x4353, 0x4354, 0x4355, 0x4356, 0x4357, 0x435a, 0x4360,
	0x4361, 0x4362, 0x4363, 0x4364, 0x4365, 0x4366, 0x4367, 0x4368, 0x4369,
	0x436a, 0x436b, 0x436c, 0x436d, 0x4370, 0x4373, 0x4380, 0x4381, 0x4382,
	0
};

static const u16 sky2_syskonnect[] = { 0x9000, 0x9e00, 0x9e01, 0 };
static const u16 sky2_dlink[] = { 0x4001, 0x4b00, 0x4b02, 0x4b03, 0 };

/* atl1e_hw.h, REG_DEVICE_CTRL: Device Control at BAR0 + 0x60 */
static const u16 atl1e_attansic[] = { 0x1026, 0x1066, 0 };

/* brcmfmac/pcie.c, BRCMF_PCIE_PCIE2REG_CONFIGADDR and CONFIGDATA */
static const u16 brcmfmac_broadcom[] = {
	0x4354, 0x4355, 0x4365, 0x43a3, 0x43ba, 0x43bb, 0x43bc, 0x43c3, 0x43c4,
	0x43c5, 0x43ca, 0x43cb, 0x43cc, 0x43d3, 0x43d9, 0x43dc, 0x43df, 0x43e9,
	0x43ec, 0x43ef, 0x440d, 0x4415, 0x4417, 0x4425, 0x4433, 0x4464, 0x4488,
	0x449d, 0xaa31, 0xaa52,
	0
};

static const struct nosnoop_denied nosnoop_denylist[] = {
	{ PCI_VENDOR_ID_INTEL, errata_intel,
	  "known errata, as in vfio-pci" },
	{ PCI_VENDOR_ID_REALTEK, r8169_realtek,
	  "r8169: CSI registers lead to config space" },
	{ PCI_VENDOR_ID_NCUBE, r8169_ncube,
	  "r8169: CSI registers lead to config space" },
	{ PCI_VENDOR_ID_DLINK, r8169_dlink,
	  "r8169: CSI registers lead to config space" },
	{ PCI_VENDOR_ID_AT, r8169_at,
	  "r8169: CSI registers lead to config space" },
	{ PCI_VENDOR_ID_USR, r8169_usr,
	  "r8169: CSI registers lead to config space" },
	{ PCI_VENDOR_ID_LINKSYS, r8169_linksys,
	  "r8169: CSI registers lead to config space" },
	{ 0x0001, r8169_noname,
	  "r8169: CSI registers lead to config space" },
	{ PCI_VENDOR_ID_BROADCOM, tg3_broadcom,
	  "tg3: BAR0 mirrors config space" },
	{ PCI_VENDOR_ID_SYSKONNECT, tg3_syskonnect,
	  "tg3: BAR0 mirrors config space" },
	{ PCI_VENDOR_ID_ALTIMA, tg3_altima,
	  "tg3: BAR0 mirrors config space" },
	{ PCI_VENDOR_ID_APPLE, tg3_apple,
	  "tg3: BAR0 mirrors config space" },
	{ 0x10cf, tg3_fujitsu,
	  "tg3: BAR0 mirrors config space" },
	{ PCI_VENDOR_ID_BROADCOM, bnx2x_broadcom,
	  "bnx2x: BAR0 mirrors config space" },
	{ PCI_VENDOR_ID_QLOGIC, bnx2x_qlogic,
	  "bnx2x: BAR0 mirrors config space" },
	{ PCI_VENDOR_ID_MARVELL, sky2_marvell,
	  "sky2: BAR0 mirrors config space" },
	{ PCI_VENDOR_ID_SYSKONNECT, sky2_syskonnect,
	  "sky2: BAR0 mirrors config space" },
	{ PCI_VENDOR_ID_DLINK, sky2_dlink,
	  "sky2: BAR0 mirrors config space" },
	{ PCI_VENDOR_ID_ATTANSIC, atl1e_attansic,
	  "atl1e: BAR0 mirrors Device Control" },
	{ PCI_VENDOR_ID_BROADCOM, brcmfmac_broadcom,
	  "brcmfmac: CONFIGADDR and CONFIGDATA lead to config space" },
};

/* Its DMA remapping unit has no snoop control, and i915 never sets the bit. */
static bool is_integrated_graphics(struct pci_dev *pdev)
{
	return pdev->vendor == PCI_VENDOR_ID_INTEL && pci_is_display(pdev) &&
	       pci_is_root_bus(pdev->bus);
}

/*
 * Config space is in BAR2 (QEMU hw/vfio/pci-quirks.c), where MM_INDEX and MM_DATA
 * lead, too (radeon r100.c). Since Bonaire PCIE_INDEX and PCIE_DATA lead to all of
 * it (amdgpu nbio_v6_1.c, smnBIF_CFG_DEV0_EPF0_DEVICE_CNTL2).
 */
static bool is_ati_graphics(struct pci_dev *pdev)
{
	return pdev->vendor == PCI_VENDOR_ID_ATI && pci_is_display(pdev);
}

/* cxgb4 t4_hw.c, PCIE_CFG_SPACE_REQ; t4_pci_id_tbl.h: T4, T5 and T6, any PF */
static bool is_chelsio(struct pci_dev *pdev)
{
	unsigned int chip = pdev->device >> 12;

	return pdev->vendor == PCI_VENDOR_ID_CHELSIO && chip >= 4 && chip <= 6;
}

/**
 * nosnoop_denied() - Whether a function is known to make the promise empty
 * @pdev: the function, before it is bound
 *
 * Return: why, in words that end a line of the kernel log, or NULL.
 */
const char *nosnoop_denied(struct pci_dev *pdev)
{
	const struct nosnoop_denied *entry;
	const u16 *device;
	size_t i;

	if (is_integrated_graphics(pdev))
		return "Intel integrated graphics is not governed by Enable No Snoop";
	if (is_ati_graphics(pdev))
		return "ATI graphics: index and data registers lead to config space";
	if (is_chelsio(pdev))
		return "cxgb4: PCIE_CFG_SPACE_REQ leads to config space";

	for (i = 0; i < ARRAY_SIZE(nosnoop_denylist); i++) {
		entry = &nosnoop_denylist[i];
		if (entry->vendor != pdev->vendor)
			continue;
		for (device = entry->devices; *device; device++)
			if (*device == pdev->device)
				return entry->reason;
	}

	return NULL;
}
