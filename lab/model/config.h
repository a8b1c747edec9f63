/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Config space of the function: what each bit is after a reset and what a write does to
 * it. There is no I/O and no log here. If a write means more than a change of the register,
 * the caller is told.
 */
#ifndef MODEL_CONFIG_H
#define MODEL_CONFIG_H

#include "types.h"

#define CONFIG_SIZE		4096	/* with PCI Express */
#define CONFIG_SIZE_NO_PCIE	256

#define CONFIG_VECTORS		4	/* MSI-X, or MSI */
#define CONFIG_VECTORS_LOG2	2
#define CONFIG_MSIX_BAR		2
#define CONFIG_MSIX_TABLE	0x000	/* in BAR2 */
#define CONFIG_MSIX_PBA		0x800
#define CONFIG_BAR_SIZE_MIN	4096	/* memory BARs */
#define CONFIG_BAR_SIZE_MAX	BIT(31)
#define CONFIG_WINDOW_SIZE	32	/* I/O BARs */
#define CONFIG_BARS		6
#define CONFIG_MIRRORS_MAX	4
#define CONFIG_ROM_SIZE		4096

#define CONFIG_DEVCTL_RESET	0x2810	/* MRRS 512, Enable No Snoop, RlxdOrd */

/* How the function implements Enable No Snoop. */
enum config_no_snoop {
	CONFIG_NO_SNOOP_RW,	/* read/write, 1 at reset, the specification's default */
	CONFIG_NO_SNOOP_0,	/* hardwired to 0, which the specification permits */
	CONFIG_NO_SNOOP_1,	/* stuck at 1, which it does not permit */
};

/* A copy of config space, from its start, in a memory BAR */
struct config_mirror {
	u32 bar;
	u32 offset;
	u32 size;
};

/*
 * An I/O BAR with two registers of 32 bits: an index, and the data it leads to,
 * which is config space from @base on, one dword at a time.
 */
struct config_window {
	bool there;
	u32 bar;
	u32 index;
	u32 data;
	u32 base;
};

struct config_options {
	enum config_no_snoop no_snoop;
	bool pcie;
	bool af;		/* Advanced Features, with FLR */
	bool intx;		/* interrupt pin A */
	bool rom;		/* an expansion ROM */
	bool rciep;		/* a root complex integrated endpoint: no link */
	bool msi;		/* instead of MSI-X: 64 bits, no masks */
	u16 vendor;
	u16 device;
	u32 class_code;
	u32 bar0_size;		/* a power of two */
	u32 bar2_size;		/* likewise */
	struct config_mirror mirrors[CONFIG_MIRRORS_MAX];
	u32 nr_mirrors;
	struct config_window window;
};

struct config {
	u32 size;
	bool af;
	bool msi;
	bool stuck;		/* Enable No Snoop stays at 1, if that is its reset value */
	u8 value[CONFIG_SIZE];
	u8 reset[CONFIG_SIZE];
	u8 writable[CONFIG_SIZE];	/* RW bits */
	u8 clearable[CONFIG_SIZE];	/* RW1C bits */
	u8 sticky[CONFIG_SIZE];		/* bits that survive a reset */
};

/* The caller wants to know of every write of these registers. */
enum config_register {
	CONFIG_OTHER,
	CONFIG_COMMAND,
	CONFIG_DEVCTL,
	CONFIG_PMCSR,
};

struct config_change {
	enum config_register reg;
	u16 old;
	u16 new;
	bool flr;		/* PCI_EXP_DEVCTL_BCR_FLR was written as 1 */
	bool af_flr;		/* PCI_AF_CTRL_FLR likewise */
	bool d3hot_to_d0;	/* without No_Soft_Reset: a reset */
};

void config_init(struct config *config, const struct config_options *options);

/* Resets all bits, also the sticky ones, and none is stuck. config_init() does it, too. */
void config_power_on(struct config *config);

/* Any reset of the function: resets everything but the sticky bits. */
void config_reset(struct config *config);

void config_read(const struct config *config, u32 offset, void *data, u32 count);

/*
 * One write as it can be on the wire: 1 to 4 bytes within one dword. No two of
 * the registers in enum config_register share a dword, so one change is
 * enough. A reset that the change asks for is left to the caller.
 */
void config_write(struct config *config, u32 offset, const void *data, u32 count,
		  struct config_change *change);

/* Does such a write touch COMMAND? */
bool config_is_command(u32 offset, u32 count);

/* The function got a request that it cannot serve: records the error. */
void config_unsupported_request(struct config *config, bool posted);

/* What a faulty reset leaves behind */
void config_stick_no_snoop(struct config *config);
void config_set_master(struct config *config);

u16 config_command(const struct config *config);
bool config_no_snoop(const struct config *config);
bool config_d3hot(const struct config *config);
bool config_messages_enabled(const struct config *config);	/* MSI or MSI-X */
bool config_messages_masked(const struct config *config);
bool config_rom_enabled(const struct config *config);

/* Sets STATUS.INTERRUPT, which shows the line even if COMMAND disables interrupts. */
void config_set_interrupt(struct config *config, bool pending);

#endif
