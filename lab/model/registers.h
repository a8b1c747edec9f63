/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What software sees of the lab's device model: its identity, the offsets of its
 * capabilities and the registers of BAR0. Everything is little endian. Shared by the
 * model, its tests, lab/selftests and the nested guest's init.
 */
#ifndef MODEL_REGISTERS_H
#define MODEL_REGISTERS_H

/* Identity, unless the command line says otherwise. */
#define MODEL_VENDOR_ID		0x1234
#define MODEL_DEVICE_ID		0x0b11		/* DEVCTL bit 11 */
#define MODEL_CLASS		0x088000	/* system peripheral, other */

/* Where the capabilities are in config space. */
#define MODEL_CAP_PM		0x40
#define MODEL_CAP_MSIX		0x50
#define MODEL_CAP_MSI		0x50		/* with --msi, instead of that */
#define MODEL_CAP_EXP		0x80
#define MODEL_CAP_AF		0xc0		/* with --af */
#define MODEL_ECAP_AER		0x100

/*
 * BAR0 (32-bit memory, 64 KiB by default) has the DMA engine. Unless noted, all registers
 * are 32 bits wide and have to be accessed so. BAR2 has the MSI-X table.
 */
#define MODEL_REG_ID		0x00	/* RO, MODEL_ID */
#define MODEL_ID		0x4e534e50	/* "PNSN" in memory */
#define MODEL_REG_SCRATCH	0x04	/* RW, no effect */
#define MODEL_REG_SRC		0x08	/* RW, 64 bits, two halves or one access */
#define MODEL_REG_DST		0x10	/* RW, 64 bits, likewise */
#define MODEL_REG_LEN		0x18	/* RW, bytes, at most MODEL_DMA_MAX */
#define MODEL_DMA_MAX		(1U << 20)
#define MODEL_REG_CTRL		0x1c	/* WO, starts one job; done when the write is */
#define MODEL_CTRL_GO		(1U << 0)
#define MODEL_CTRL_ASK_NO_SNOOP	(1U << 1)	/* use No Snoop if DEVCTL allows */
#define MODEL_CTRL_IRQ		(1U << 2)	/* MSI-X or MSI vector 0 when done */
#define MODEL_REG_STATUS	0x20	/* RO, one of MODEL_STATUS_* */
#define MODEL_STATUS_IDLE	0
#define MODEL_STATUS_DONE	1
#define MODEL_STATUS_NO_MASTER	2	/* PCI_COMMAND_MASTER is 0: nothing sent */
#define MODEL_STATUS_BAD_ADDRESS 3	/* not mapped: nothing copied */
#define MODEL_STATUS_BAD_LENGTH	4	/* 0 or above MODEL_DMA_MAX */
#define MODEL_REG_JOBS		0x24	/* RO, jobs completed since reset */

/*
 * The hidden reset, of which nobody is told: writing the magic number resets the function
 * as an FLR would, without the operating system's knowledge.
 */
#define MODEL_REG_RESET		0x28	/* WO */
#define MODEL_RESET_MAGIC	0x7e5e7000

#define MODEL_REG_INTX		0x2c	/* RW, with --intx: 1 raises the line, 0 lowers it */

#endif
