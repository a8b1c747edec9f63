// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices that the driver has to tell apart: those that Enable No Snoop does not
 * govern, those with errata, and those whose registers or firmware lead to config
 * space, where a guest can set the bit, or that forward the requests of others. The
 * last two kinds are in one table. They are found in the in-tree drivers, which are
 * named below with the registers. Of a device that is not in the table nothing is
 * known. For some devices the driver treats mirrors of config space as config space.
 *
 * VFs are in the table only if their own registers lead to config space. Some devices
 * in it are not PCI Express, and are never bound.
 */

#include <linux/pci.h>

#include "devices.h"

/* Vendor, device and class are written as lspci prints them. */
#define WAY(vendor, id, why) \
	{ PCI_DEVICE(0x##vendor, 0x##id), .driver_data = (unsigned long)(why) }
#define CLASS_WAY(vendor, id, code, mask, why) \
	{ PCI_DEVICE(0x##vendor, id), .class = 0x##code, .class_mask = 0x##mask, \
	  .driver_data = (unsigned long)(why) }

/* gpu/drm/amd/amdgpu: MM_INDEX, PCIE_INDEX to SMN; QEMU pci-quirks.c: BAR2 */
#define AMD "AMD graphics: index and data registers lead to config space"
/* bcma/driver_pcie2.c, brcmfmac/pcie.c, ssb, hci_bcm4377: PCIe core 0x120, 0x124 */
#define BROADCOM_WIFI "Broadcom Wi-Fi: the PCIe core's registers lead to config space"
/* wireless/realtek/{rtw88,rtw89}/pci.c, rtlwifi/rtl8192ee/hw.c: DBI in BAR2 */
#define REALTEK_WIFI "Realtek Wi-Fi: DBI registers lead to config space"
/* misc/cardreader, HAIMR: internal 0xfe35 to 0xfe3b, any function of the slot */
#define REALTEK_READER "Realtek card reader: HAIMR leads to config space"
/* pci/switch/switchtec.c, dma/switchtec_dma.c: PFF CSR at BAR0 + 0x134000 */
#define SWITCHTEC_WHY "Switchtec: BAR0 mirrors config space"
#define SWITCHTEC(v, c) CLASS_WAY(v, PCI_ANY_ID, c, ffff00, SWITCHTEC_WHY)
/* net/ethernet/realtek/r8169_main.c: CSIDR, CSIAR; any function of the slot */
#define R8169(v, d) WAY(v, d, "r8169: CSI registers lead to config space")
/* net/ethernet/broadcom/tg3.h: BAR0 to 0xff, and config 0x78, 0x80 */
#define TG3_OF(v, d) WAY(v, d, "tg3: BAR0 mirrors config space")
#define TG3(d) TG3_OF(14e4, d)
/* net/ethernet/broadcom/bnx2.h: BAR0 to 0xff, BNX2_PCICFG_REG_WINDOW */
#define BNX2(d) WAY(14e4, d, "bnx2: BAR0 mirrors config space")
/* bnx2x_reg.h: PCICFG_OFFSET, BAR0 + 0x2000; in a VF's BAR0 it is not */
#define BNX2X(v, d) WAY(v, d, "bnx2x: BAR0 mirrors config space")
/* net/ethernet/marvell/sky2.h: Y2_CFG_SPC, BAR0 + 0x1c00 */
#define SKY2_OF(v, d) WAY(v, d, "sky2: BAR0 mirrors config space")
#define SKY2(d) SKY2_OF(11ab, d)
/* net/ethernet/atheros: BAR0 to 0x1ff, Device Control at 0x60 */
#define ATL(d) WAY(1969, d, "Atheros Ethernet: BAR0 mirrors config space")
/* emulex/benet/be.h, be2iscsi/be.h, lpfc_init.c (if_type 0): pcicfg, BAR0 or BAR1 */
#define BE(v, d) WAY(v, d, "Emulex: a BAR mirrors config space")
/* net/ethernet/sfc/siena/mcdi_pcol.h: MC_CMD_DBI_WRITE; PFs only */
#define SFC(d) WAY(1924, d, "sfc: the firmware's DBI_WRITE leads to config space")
/* include/linux/qed/common_hsi.h: PTT windows; bnx2x's PCICFG_OFFSET, PFs only */
#define QED(d) WAY(1077, d, "qed: windows in BAR0 lead to config space")
/* net/ethernet/qlogic/netxen/netxen_nic_hdr.h: CRB window, PCIE_DCR; NX2031 only */
#define NX(d) WAY(4040, d, "netxen: the CRB window leads to config space")
/* wireless/ath/ath9k/ar9003_hw.c, ath9k_pci_owl_loader.c: BAR0 + 0x5000 */
#define ATH9K(d) WAY(168c, d, "ath9k: BAR0 mirrors config space")
/* wireless/ath/ath10k/hw.h: DBI windows, BAR0 + 0x60000 */
#define ATH10K(v, d) WAY(v, d, "ath10k: DBI windows lead to config space")
/* wireless/mediatek/mt76/{mt7921/pci.c,mt7996/mmio.c}: PCIe MAC, as mediatek-gen3 */
#define MT76_WHY "mt76: the PCIe MAC's registers lead to config space"
#define MT76(d) WAY(14c3, d, MT76_WHY)
/* net/wwan/t7xx/t7xx_pcie_mac.c: ATR_DST_PCI_CONFIG */
#define T7XX(v, d) WAY(v, d, "t7xx: address translation leads to config space")
/* cx23885-reg.h: RDR_CFG0, BAR0 + 0x50000; cx25821-reg.h: RDR_PEDEVSC */
#define CX(d) WAY(14f1, d, "cx23885: BAR0 mirrors config space")
/* octeon_ep, liquidio: SDP_WIN_WR_ADDR, any CSR; crypto/cavium/nitrox: PEM in BAR0 */
#define OCT(d) WAY(177d, d, "Octeon: PEM registers lead to config space")
/* habanalabs: PCIE_DBI in a BAR, ELBI in config 0xff0 to 0xffc */
#define GAUDI(d) WAY(1da3, d, "habanalabs: DBI and ELBI lead to config space")
/* ata/sata_mv.c: BAR0 to 0xff, as pci/controller/pci-mvebu.c */
#define MV(v, d) WAY(v, d, "sata_mv: BAR0 mirrors config space")
/* comedi/drivers/mite.c: MITE_PCI_CONFIG_OFFSET, BAR0 + 0x300 */
#define MITE(d) WAY(1093, d, "mite: BAR0 mirrors config space")
/* ntb/hw/idt/ntb_hw_idt.h: BAR0, and GASAADDR, GASADATA to every port's */
#define IDT(d) WAY(111d, d, "ntb_hw_idt: BAR0 mirrors config space")
/* ntb/hw/intel/ntb_hw_gen4.h: Express capability at BAR0 + 0xb040 */
#define NTB_GEN4(d) WAY(8086, d, "ntb_hw_intel: BAR0 mirrors config space")
/* ntb/hw/{intel,amd,epf,mscc}: requests of the other side arrive as the NTB's own. */
#define FORWARDS "NTB: forwards requests of its other side"
#define NTB(v, d) WAY(v, d, FORWARDS)
#define NTB_CLASS(v) CLASS_WAY(v, PCI_ANY_ID, 068000, ffff00, FORWARDS)
#define NTB_EPF(v, d) CLASS_WAY(v, 0x##d, 050000, ffff00, FORWARDS)
/* pci/controller/vmd.c: CFGBAR has the config space of all devices behind it. */
#define VMD(d) WAY(8086, d, "VMD: BAR0 has the config space of the devices behind it")
/* nouveau nvkm/subdev: pmu/gt215.c, 0x10a7a0; bus/nv50.c and g94.c, 0x1400, 0x80000 */
#define NVIDIA "PDAEMON or HWSQ registers lead to config space"
/* NVIDIA's open-gpu-kernel-modules, nvswitch/ls10/dev_nvs_top.h: XTL_CONFIG */
#define LS10(d) WAY(10de, d, "NVSwitch LS10: where its mirror of config space is, is not public")

static const struct pci_device_id nosnoop_backdoors[] = {
	CLASS_WAY(1002, PCI_ANY_ID, 030000, ff0000, AMD),
	CLASS_WAY(1002, PCI_ANY_ID, 120000, ffff00, AMD),
	CLASS_WAY(14e4, PCI_ANY_ID, 028000, ffff00, BROADCOM_WIFI),
	CLASS_WAY(10ec, PCI_ANY_ID, 028000, ffff00, REALTEK_WIFI),
	CLASS_WAY(10ec, PCI_ANY_ID, ff0000, ff0000, REALTEK_READER),
	SWITCHTEC(11f8, 058000), SWITCHTEC(11f8, 088000), NTB_CLASS(11f8),
	SWITCHTEC(1055, 058000), SWITCHTEC(1055, 088000), NTB_CLASS(1055),

	/* Ethernet and storage */
	R8169(10ec, 0e10), R8169(10ec, 2502), R8169(10ec, 2600), R8169(10ec, 3000),
	R8169(10ec, 5000), R8169(10ec, 8125), R8169(10ec, 8126), R8169(10ec, 8127),
	R8169(10ec, 8129), R8169(10ec, 8136), R8169(10ec, 8161), R8169(10ec, 8162),
	R8169(10ec, 8167), R8169(10ec, 8168), R8169(10ec, 8169), R8169(0001, 8168),
	R8169(10ff, 8168), R8169(1186, 4300), R8169(1186, 4302), R8169(1259, c107),
	R8169(16ec, 0116), R8169(1737, 1032),
	TG3(1600), TG3(1601), TG3(1641), TG3(1642), TG3(1643), TG3(1644), TG3(1645),
	TG3(1646), TG3(1647), TG3(1648), TG3(1649), TG3(164d), TG3(1653), TG3(1654),
	TG3(1655), TG3(1656), TG3(1657), TG3(1659), TG3(165a), TG3(165b), TG3(165d),
	TG3(165e), TG3(165f), TG3(1665), TG3(1668), TG3(1669), TG3(166a), TG3(166b),
	TG3(166e), TG3(1672), TG3(1673), TG3(1674), TG3(1676), TG3(1677), TG3(1678),
	TG3(1679), TG3(167a), TG3(167b), TG3(167d), TG3(167e), TG3(167f), TG3(1680),
	TG3(1681), TG3(1682), TG3(1683), TG3(1684), TG3(1686), TG3(1687), TG3(1688),
	TG3(1689), TG3(1690), TG3(1691), TG3(1692), TG3(1693), TG3(1694), TG3(1696),
	TG3(1698), TG3(1699), TG3(169a), TG3(169b), TG3(169c), TG3(169d), TG3(16a0),
	TG3(16a6), TG3(16a7), TG3(16a8), TG3(16b0), TG3(16b1), TG3(16b2), TG3(16b3),
	TG3(16b4), TG3(16b5), TG3(16b6), TG3(16b7), TG3(16c6), TG3(16c7), TG3(16dd),
	TG3(16f3), TG3(16f7), TG3(16fd), TG3(16fe), TG3(170d), TG3(170e), TG3(1712),
	TG3(1713), TG3_OF(106b, 1645), TG3_OF(10cf, 11a2), TG3_OF(1148, 4400),
	TG3_OF(1148, 4500), TG3_OF(173b, 03e8), TG3_OF(173b, 03e9), TG3_OF(173b, 03ea),
	TG3_OF(173b, 03eb),
	BNX2(1639), BNX2(163a), BNX2(163b), BNX2(163c),
	BNX2X(14e4, 163d), BNX2X(14e4, 163e), BNX2X(14e4, 164e), BNX2X(14e4, 164f),
	BNX2X(14e4, 1650), BNX2X(14e4, 1662), BNX2X(14e4, 1663), BNX2X(14e4, 168a),
	BNX2X(14e4, 168d), BNX2X(14e4, 168e), BNX2X(14e4, 16a1), BNX2X(14e4, 16a2),
	BNX2X(14e4, 16a4), BNX2X(14e4, 16a5), BNX2X(14e4, 16ab), BNX2X(14e4, 16ae),
	BNX2X(1077, 16a1), BNX2X(1077, 16a4),
	SKY2(4340), SKY2(4341), SKY2(4342), SKY2(4343), SKY2(4344), SKY2(4345), SKY2(4346),
	SKY2(4347), SKY2(4350), SKY2(4351), SKY2(4352), SKY2(4353), SKY2(4354), SKY2(4355),
	SKY2(4356), SKY2(4357), SKY2(435a), SKY2(4360), SKY2(4361), SKY2(4362), SKY2(4363),
	SKY2(4364), SKY2(4365), SKY2(4366), SKY2(4367), SKY2(4368), SKY2(4369), SKY2(436a),
	SKY2(436b), SKY2(436c), SKY2(436d), SKY2(4370), SKY2(4373), SKY2(4380), SKY2(4381),
	SKY2(4382), SKY2_OF(1148, 9000), SKY2_OF(1148, 9e00), SKY2_OF(1148, 9e01),
	SKY2_OF(1186, 4001), SKY2_OF(1186, 4b00), SKY2_OF(1186, 4b02), SKY2_OF(1186, 4b03),
	ATL(1026), ATL(1048), ATL(1062), ATL(1063), ATL(1066), ATL(1073), ATL(1083),
	ATL(1090), ATL(1091), ATL(10a0), ATL(10a1), ATL(2048), ATL(2060), ATL(2062),
	ATL(e091), ATL(e0a1), ATL(e0b1),
	BE(19a2, 0211), BE(19a2, 0212), BE(19a2, 0221), BE(19a2, 0222), BE(19a2, 0700),
	BE(19a2, 0702), BE(19a2, 0703), BE(19a2, 0704), BE(19a2, 0710), BE(19a2, 0712),
	BE(19a2, 0714), BE(10df, 0720), BE(10df, 0722), BE(10df, 0724),
	SFC(0803), SFC(0813), SFC(0903), SFC(0923), SFC(0a03), SFC(0b03), SFC(0c03),
	SFC(2c03), SFC(8c03), SFC(ac03), QED(1634), QED(1636), QED(1644), QED(1654),
	QED(1656), QED(165c), QED(165e), QED(1666), QED(8070), QED(8080), QED(8084),
	NX(0001), NX(0002), NX(0003), NX(0004), NX(0005), NX(0024), NX(0025),
	MV(11ab, 7042), MV(9005, 0243), MV(1103, 2300), MV(1103, 2310),
	/* scsi/esas2r/esas2r.h: window 1, + 0x8000 */
	WAY(117c, 0049, "esas2r: window 1 leads to config space"),

	/* Wi-Fi, modems and TV */
	ATH9K(0023), ATH9K(0024), ATH9K(0027), ATH9K(0029), ATH9K(002a), ATH9K(002b),
	ATH9K(002c), ATH9K(002d), ATH9K(002e), ATH9K(0030), ATH9K(0032), ATH9K(0033),
	ATH9K(0034), ATH9K(0036), ATH9K(0037), ATH9K(ff1c), ATH9K(ff1d),
	ATH10K(168c, 003c), ATH10K(168c, 003e), ATH10K(168c, 0040), ATH10K(168c, 0041),
	ATH10K(168c, 0042), ATH10K(168c, 0046), ATH10K(168c, 0050), ATH10K(168c, 0056),
	ATH10K(0777, 11ac),
	MT76(0608), MT76(0616), MT76(0717), MT76(0738), MT76(6639), MT76(7902),
	MT76(7906), MT76(790a), MT76(7915), MT76(7916), MT76(7920), MT76(7922),
	MT76(7925), MT76(7927), MT76(7928), MT76(7935), MT76(7961), MT76(7990),
	MT76(7991), MT76(7992), MT76(7993), MT76(799a), MT76(799b), WAY(0b48, 7922, MT76_WHY),
	T7XX(14c3, 4d75), T7XX(14c0, 4d75), T7XX(03f0, 09c8),
	/* wireless/quantenna/qtnfmac/pcie/pearl_pcie_regs.h, before its cleanup */
	WAY(1bb5, 0008, "qtnfmac: BAR0 mirrors config space"),
	CX(8210), CX(8852), CX(8880),

	/* Processors, accelerators, switches and bridges */
	OCT(0012), OCT(0091), OCT(0092), OCT(9702), OCT(b100), OCT(b200), OCT(b400),
	OCT(b900), OCT(ba00), OCT(bc00), OCT(bd00),
	GAUDI(0001), GAUDI(1000), GAUDI(1010), GAUDI(1020),
	MITE(717d), MITE(717f), MITE(72e8), MITE(72e9),
	/* dma/plx_dma.c: BAR0 to 0xfff; rapidio/devices/tsi721.h: DEVCTL in BAR0 */
	WAY(10b5, 87d0, "plx_dma: BAR0 mirrors config space"),
	WAY(111d, 80ab, "tsi721: BAR0 mirrors config space"),
	IDT(8088), IDT(808a), IDT(808c), IDT(808e), IDT(808f), IDT(8090), IDT(8091),
	IDT(8092), NTB_GEN4(0db4), NTB_GEN4(347e), NTB_GEN4(7868),
	NTB(8086, 0e0d), NTB(8086, 0e0e), NTB(8086, 0e0f), NTB(8086, 201c),
	NTB(8086, 2f0d), NTB(8086, 2f0e), NTB(8086, 2f0f), NTB(8086, 3725),
	NTB(8086, 3726), NTB(8086, 3727), NTB(8086, 3c0d), NTB(8086, 3c0e),
	NTB(8086, 3c0f), NTB(8086, 6f0d), NTB(8086, 6f0e), NTB(8086, 6f0f),
	NTB(1022, 145b), NTB(1022, 148b), NTB(1022, 14c0), NTB(1022, 14c3),
	NTB(1022, 155a), NTB(1022, 17d4), NTB(1022, 17d7), NTB(1d94, 145b),
	NTB_EPF(104c, b00d), NTB_EPF(1912, 0030), NTB_EPF(1957, 0809),
	VMD(201d), VMD(28c0), VMD(28c1), VMD(467f), VMD(4c3d), VMD(7d0b), VMD(9a0b),
	VMD(a77f), VMD(ad0b), VMD(b06f), VMD(b07f), VMD(b60b), VMD(d70b), VMD(d73b),
	/* GM107 and GM108, beside those that come before GM20x */
	WAY(10de, 174d, NVIDIA), WAY(10de, 174e, NVIDIA), WAY(10de, 179c, NVIDIA),
	LS10(22a0), LS10(22a1), LS10(22a2), LS10(22a3), LS10(22a4), LS10(22a5), LS10(22a6),
	LS10(22a7),
	{}
};

/* vfio/pci/vfio_pci.c, vfio_pci_dev_in_denylist() */
#define QAT(d) { PCI_DEVICE(PCI_VENDOR_ID_INTEL, PCI_DEVICE_ID_INTEL_QAT_##d) }
static const struct pci_device_id nosnoop_errata[] = {
	QAT(C3XXX), QAT(C3XXX_VF), QAT(C62X), QAT(C62X_VF), QAT(DH895XCC), QAT(DH895XCC_VF),
	/* DSA and IAX of Sapphire Rapids: not all kernels have the names. */
	{ PCI_DEVICE(PCI_VENDOR_ID_INTEL, 0x0b25) },
	{ PCI_DEVICE(PCI_VENDOR_ID_INTEL, 0x0cfe) },
	{}
};

/*
 * NVIDIA's GPUs and NVSwitch. 0x1800: nouveau nvkm/subdev/pci/nv04.c. 0x88000: nv40.c
 * and later. QEMU knows both (hw/vfio/pci-quirks.c), but for VGA only. 0x8a000: the
 * sound function's, since GT215 (envytools, PPCI_HDA). 0x92000:
 * nvhw/ref/gh100/dev_xtl_ep_pri.h. NVSwitch LR10: lr10/ of NVIDIA's
 * open-gpu-kernel-modules.
 */
static const struct nosnoop_mirror nvidia[NOSNOOP_MIRRORS + 1] = {
	{ .offset = 0x1800, .size = 0x100 },
	{ .offset = 0x88000, .size = 0x1000 },
	{ .offset = 0x8a000, .size = 0x1000, .sibling = true },
}, nvidia_gh100[NOSNOOP_MIRRORS + 1] = {
	{ .offset = 0x1800, .size = 0x100 },
	{ .offset = 0x88000, .size = 0x1000 },
	{ .offset = 0x92000, .size = 0x1000 },
}, nvswitch[NOSNOOP_MIRRORS + 1] = {
	{ .offset = 0x88000, .size = 0x1000 },
};

/**
 * nosnoop_is_integrated_graphics() - Whether Enable No Snoop does not govern a function
 * @pdev: the function
 *
 * Return: whether it is Intel's integrated graphics, whose DMA remapping unit has no
 * snoop control, and where i915 never sets the bit.
 */
bool nosnoop_is_integrated_graphics(struct pci_dev *pdev)
{
	return pdev->vendor == PCI_VENDOR_ID_INTEL && pci_is_display(pdev) &&
	       pci_is_root_bus(pdev->bus);
}

/**
 * nosnoop_has_errata() - Whether vfio-pci refuses a function, too
 * @pdev: the function
 *
 * Return: whether it is in vfio-pci's denylist.
 */
bool nosnoop_has_errata(struct pci_dev *pdev)
{
	return pci_match_id(nosnoop_errata, pdev);
}

/**
 * nosnoop_backdoor() - The way around this driver that a function is known to have
 * @pdev: the function
 *
 * Return: in a few words for the kernel log, or NULL if none is known.
 */
const char *nosnoop_backdoor(struct pci_dev *pdev)
{
	const struct pci_device_id *id = pci_match_id(nosnoop_backdoors, pdev);
	unsigned int chip = pdev->device >> 12;

	if (id)
		return (const char *)id->driver_data;
	/* net/ethernet/chelsio/cxgb4/{t4_hw.c,t4_pci_id_tbl.h}: T4 to T6; 0x0800 is a VF. */
	if (pdev->vendor == PCI_VENDOR_ID_CHELSIO && chip >= 4 && chip <= 6 &&
	    !(pdev->device & 0x0800))
		return "cxgb4: PCIE_CFG_SPACE_REQ leads to config space";
	/* NV41 to GM10x. The falcons of later ones have privilege levels. */
	if (pdev->vendor == PCI_VENDOR_ID_NVIDIA && pci_is_display(pdev) &&
	    pdev->device < 0x13c0)
		return NVIDIA;

	return NULL;
}

/**
 * nosnoop_mirrors_of() - Where the driver treats BAR0 as config space
 * @pdev: the function
 *
 * Return: up to NOSNOOP_MIRRORS of them and one of size 0, or NULL.
 */
const struct nosnoop_mirror *nosnoop_mirrors_of(struct pci_dev *pdev)
{
	if (pdev->vendor != PCI_VENDOR_ID_NVIDIA)
		return NULL;
	/* For LS10, it is not public where they are. */
	if (pdev->class >> 8 == PCI_CLASS_BRIDGE_OTHER)
		return (pdev->device & 0xfff0) == 0x22a0 ? NULL : nvswitch;
	if (!pci_is_display(pdev))
		return NULL;

	/* GH100 is 2300 to 23ff, GB100 starts at 2900 (pci.ids). */
	return (pdev->device & 0xff00) == 0x2300 || pdev->device >= 0x2900 ?
	       nvidia_gh100 : nvidia;
}

/**
 * nosnoop_can_vouch() - Whether KVM may take a function's DMA for coherent
 * @pdev: the function, bound to this driver
 * @backdoor: as nosnoop_backdoor() has it
 *
 * It may not if others can change the bit, as a PF's driver can for its VFs, or if there
 * are other ways to it. A function in the root complex may have its own ways to memory,
 * and a bridge, such as an NTB, forwards the requests of others.
 *
 * Return: whether it may.
 */
bool nosnoop_can_vouch(struct pci_dev *pdev, const char *backdoor)
{
	return !pdev->is_virtfn && !nosnoop_mirrors_of(pdev) && !backdoor &&
	       !nosnoop_has_errata(pdev) && !pci_is_root_bus(pdev->bus) &&
	       pdev->class >> 16 != PCI_BASE_CLASS_BRIDGE;
}
