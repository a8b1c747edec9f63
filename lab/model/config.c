// SPDX-License-Identifier: GPL-2.0-only
#include "config.h"

#include <linux/pci_regs.h>
#include <string.h>

#include "registers.h"

/*
 * COMMAND as the PCIe specification defines it for an endpoint without I/O space. I/O
 * Space Enable is writable anyway, as in most devices.
 */
#define COMMAND_RW	(PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | \
			 PCI_COMMAND_PARITY | PCI_COMMAND_SERR | PCI_COMMAND_INTX_DISABLE)
#define STATUS_RW1C	(PCI_STATUS_PARITY | PCI_STATUS_SIG_TARGET_ABORT | \
			 PCI_STATUS_REC_TARGET_ABORT | PCI_STATUS_REC_MASTER_ABORT | \
			 PCI_STATUS_SIG_SYSTEM_ERROR | PCI_STATUS_DETECTED_PARITY)

/* DEVCTL: Phantom Functions and Aux Power PM are hardwired 0. */
#define DEVCTL_RW	(PCI_EXP_DEVCTL_CERE | PCI_EXP_DEVCTL_NFERE | \
			 PCI_EXP_DEVCTL_FERE | PCI_EXP_DEVCTL_URRE | \
			 PCI_EXP_DEVCTL_RELAX_EN | PCI_EXP_DEVCTL_PAYLOAD | \
			 PCI_EXP_DEVCTL_EXT_TAG | PCI_EXP_DEVCTL_READRQ)
#define DEVSTA_RW1C	(PCI_EXP_DEVSTA_CED | PCI_EXP_DEVSTA_NFED | \
			 PCI_EXP_DEVSTA_FED | PCI_EXP_DEVSTA_URD)
#define DEVCAP		(1 /* Max_Payload_Size 256 */ | PCI_EXP_DEVCAP_EXT_TAG | \
			 PCI_EXP_DEVCAP_RBER | PCI_EXP_DEVCAP_FLR)
#define LNKCAP		(PCI_EXP_LNKCAP_SLS_2_5GB | 1 << 4 /* x1 */ | \
			 1 << 22 /* ASPM Optionality Compliance */)
#define LNKCTL_RW	(PCI_EXP_LNKCTL_ASPMC | PCI_EXP_LNKCTL_RCB | \
			 PCI_EXP_LNKCTL_CCC | PCI_EXP_LNKCTL_ES)
#define DEVCAP2		(0xf /* ranges A to D */ | PCI_EXP_DEVCAP2_COMP_TMOUT_DIS)
#define DEVCTL2_RW	(PCI_EXP_DEVCTL2_COMP_TIMEOUT | PCI_EXP_DEVCTL2_COMP_TMOUT_DIS)

/* AER: what an endpoint must implement, and their default severity. */
#define AER_UNCOR	(PCI_ERR_UNC_DLP | PCI_ERR_UNC_POISON_TLP | PCI_ERR_UNC_FCP | \
			 PCI_ERR_UNC_COMP_TIME | PCI_ERR_UNC_COMP_ABORT | \
			 PCI_ERR_UNC_UNX_COMP | PCI_ERR_UNC_RX_OVER | \
			 PCI_ERR_UNC_MALF_TLP | PCI_ERR_UNC_UNSUP)
#define AER_FATAL	(PCI_ERR_UNC_DLP | PCI_ERR_UNC_FCP | PCI_ERR_UNC_RX_OVER | \
			 PCI_ERR_UNC_MALF_TLP)
#define AER_COR		(PCI_ERR_COR_RCVR | PCI_ERR_COR_BAD_TLP | PCI_ERR_COR_BAD_DLLP | \
			 PCI_ERR_COR_REP_ROLL | PCI_ERR_COR_REP_TIMER | PCI_ERR_COR_ADV_NFAT)

static void set8(struct config *c, u32 at, u8 reset, u8 writable)
{
	c->reset[at] = reset;
	c->writable[at] = writable;
}

static void set16(struct config *c, u32 at, u16 reset, u16 writable)
{
	put16(c->reset + at, reset);
	put16(c->writable + at, writable);
}

static void set32(struct config *c, u32 at, u32 reset, u32 writable)
{
	put32(c->reset + at, reset);
	put32(c->writable + at, writable);
}

static void init_header(struct config *c, const struct config_options *o)
{
	set16(c, PCI_VENDOR_ID, o->vendor, 0);
	set16(c, PCI_DEVICE_ID, o->device, 0);
	set16(c, PCI_COMMAND, 0, COMMAND_RW);
	set16(c, PCI_STATUS, PCI_STATUS_CAP_LIST, 0);
	put16(c->clearable + PCI_STATUS, STATUS_RW1C);
	set32(c, PCI_CLASS_REVISION, o->class_code << 8 | 1, 0);
	set8(c, PCI_CACHE_LINE_SIZE, 0, 0xff);
	set32(c, PCI_BASE_ADDRESS_0, PCI_BASE_ADDRESS_SPACE_MEMORY,
	      ~(o->bar0_size - 1));
	set32(c, PCI_BASE_ADDRESS_2, PCI_BASE_ADDRESS_SPACE_MEMORY,
	      ~(o->bar2_size - 1));
	if (o->window.there)
		set32(c, PCI_BASE_ADDRESS_0 + 4 * o->window.bar,
		      PCI_BASE_ADDRESS_SPACE_IO, ~(CONFIG_WINDOW_SIZE - 1));
	set16(c, PCI_SUBSYSTEM_VENDOR_ID, o->vendor, 0);
	set16(c, PCI_SUBSYSTEM_ID, o->device, 0);
	set8(c, PCI_CAPABILITY_LIST, MODEL_CAP_PM, 0);
	set8(c, PCI_INTERRUPT_LINE, 0, 0xff);
	if (o->intx)
		set8(c, PCI_INTERRUPT_PIN, 1, 0);
	if (o->rom)
		set32(c, PCI_ROM_ADDRESS, 0,
		      ~(CONFIG_ROM_SIZE - 1) | PCI_ROM_ADDRESS_ENABLE);
}

static void init_pm(struct config *c, u8 next)
{
	u32 pm = MODEL_CAP_PM;

	set8(c, pm, PCI_CAP_ID_PM, 0);
	set8(c, pm + PCI_CAP_LIST_NEXT, next, 0);
	set16(c, pm + PCI_PM_PMC, 3 /* version 1.2, no D1, D2 or PME */, 0);
	set16(c, pm + PCI_PM_CTRL, 0 /* NoSoftRst- */, PCI_PM_CTRL_STATE_MASK);
}

static void init_msi(struct config *c, u8 next)
{
	u32 msi = MODEL_CAP_MSI;

	set8(c, msi, PCI_CAP_ID_MSI, 0);
	set8(c, msi + PCI_CAP_LIST_NEXT, next, 0);
	set16(c, msi + PCI_MSI_FLAGS, PCI_MSI_FLAGS_64BIT | CONFIG_VECTORS_LOG2 << 1,
	      PCI_MSI_FLAGS_ENABLE | PCI_MSI_FLAGS_QSIZE);
	set32(c, msi + PCI_MSI_ADDRESS_LO, 0, ~3U);
	set32(c, msi + PCI_MSI_ADDRESS_HI, 0, ~0U);
	set16(c, msi + PCI_MSI_DATA_64, 0, 0xffff);
}

static void init_msix(struct config *c, u8 next)
{
	u32 msix = MODEL_CAP_MSIX;

	set8(c, msix, PCI_CAP_ID_MSIX, 0);
	set8(c, msix + PCI_CAP_LIST_NEXT, next, 0);
	set16(c, msix + PCI_MSIX_FLAGS, CONFIG_VECTORS - 1,
	      PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
	set32(c, msix + PCI_MSIX_TABLE, CONFIG_MSIX_TABLE | CONFIG_MSIX_BAR, 0);
	set32(c, msix + PCI_MSIX_PBA, CONFIG_MSIX_PBA | CONFIG_MSIX_BAR, 0);
}

static void init_link(struct config *c)
{
	u32 exp = MODEL_CAP_EXP;

	set32(c, exp + PCI_EXP_LNKCAP, LNKCAP, 0);
	set16(c, exp + PCI_EXP_LNKCTL, 0, LNKCTL_RW);
	set16(c, exp + PCI_EXP_LNKSTA,
	      PCI_EXP_LNKSTA_CLS_2_5GB | PCI_EXP_LNKSTA_NLW_X1, 0);
	set32(c, exp + PCI_EXP_LNKCAP2, PCI_EXP_LNKCAP2_SLS_2_5GB, 0);
	set16(c, exp + PCI_EXP_LNKCTL2, 1 /* target 2.5 GT/s */, 0xf);
}

static void init_pcie(struct config *c, enum config_no_snoop no_snoop, bool rciep)
{
	u32 exp = MODEL_CAP_EXP;
	u16 reset = CONFIG_DEVCTL_RESET, rw = DEVCTL_RW;

	if (no_snoop == CONFIG_NO_SNOOP_0)
		reset &= ~PCI_EXP_DEVCTL_NOSNOOP_EN;
	if (no_snoop == CONFIG_NO_SNOOP_RW)
		rw |= PCI_EXP_DEVCTL_NOSNOOP_EN;

	set8(c, exp, PCI_CAP_ID_EXP, 0);
	set16(c, exp + PCI_EXP_FLAGS,
	      2 | (rciep ? PCI_EXP_TYPE_RC_END : PCI_EXP_TYPE_ENDPOINT) << 4, 0);
	set32(c, exp + PCI_EXP_DEVCAP, DEVCAP, 0);
	set16(c, exp + PCI_EXP_DEVCTL, reset, rw);
	put16(c->clearable + exp + PCI_EXP_DEVSTA, DEVSTA_RW1C);
	set32(c, exp + PCI_EXP_DEVCAP2, DEVCAP2, 0);
	set16(c, exp + PCI_EXP_DEVCTL2, 0, DEVCTL2_RW);
	if (!rciep)
		init_link(c);
}

/* It was made for conventional PCI, but a PCI Express function may have it, too. */
static void init_af(struct config *c)
{
	set8(c, MODEL_CAP_AF, PCI_CAP_ID_AF, 0);
	set8(c, MODEL_CAP_AF + PCI_CAP_LIST_NEXT, c->reset[PCI_CAPABILITY_LIST], 0);
	set8(c, MODEL_CAP_AF + PCI_AF_LENGTH, 6, 0);
	set8(c, MODEL_CAP_AF + PCI_AF_CAP, PCI_AF_CAP_TP | PCI_AF_CAP_FLR, 0);
	set8(c, PCI_CAPABILITY_LIST, MODEL_CAP_AF, 0);
}

static void init_aer(struct config *c)
{
	u32 aer = MODEL_ECAP_AER;

	set32(c, aer, PCI_EXT_CAP_ID_ERR | 2 << 16 /* version, last */, 0);
	put32(c->clearable + aer + PCI_ERR_UNCOR_STATUS, AER_UNCOR);
	set32(c, aer + PCI_ERR_UNCOR_MASK, 0, AER_UNCOR);
	set32(c, aer + PCI_ERR_UNCOR_SEVER, AER_FATAL, AER_UNCOR);
	put32(c->clearable + aer + PCI_ERR_COR_STATUS, AER_COR);
	set32(c, aer + PCI_ERR_COR_MASK, PCI_ERR_COR_ADV_NFAT, AER_COR);

	put32(c->sticky + aer + PCI_ERR_UNCOR_STATUS, AER_UNCOR);
	put32(c->sticky + aer + PCI_ERR_UNCOR_MASK, AER_UNCOR);
	put32(c->sticky + aer + PCI_ERR_UNCOR_SEVER, AER_UNCOR);
	put32(c->sticky + aer + PCI_ERR_COR_STATUS, AER_COR);
	put32(c->sticky + aer + PCI_ERR_COR_MASK, AER_COR);
}

void config_init(struct config *config, const struct config_options *options)
{
	u8 pcie = options->pcie ? MODEL_CAP_EXP : 0;

	memset(config, 0, sizeof(*config));
	config->size = options->pcie ? CONFIG_SIZE : CONFIG_SIZE_NO_PCIE;
	init_header(config, options);
	init_pm(config, options->msi ? MODEL_CAP_MSI : MODEL_CAP_MSIX);
	config->msi = options->msi;
	if (config->msi)
		init_msi(config, pcie);
	else
		init_msix(config, pcie);
	if (options->pcie) {
		init_pcie(config, options->no_snoop, options->rciep);
		init_aer(config);
	}
	config->af = options->af;
	if (config->af)
		init_af(config);
	config_power_on(config);
}

void config_power_on(struct config *config)
{
	memcpy(config->value, config->reset, sizeof(config->value));
	config->stuck = false;
}

void config_reset(struct config *config)
{
	u32 i;

	for (i = 0; i < config->size; i++)
		config->value[i] = (config->value[i] & config->sticky[i]) |
				   (config->reset[i] & ~config->sticky[i]);
}

void config_read(const struct config *config, u32 offset, void *data, u32 count)
{
	memcpy(data, config->value + offset, count);
}

static bool has_pcie(const struct config *config)
{
	return config->size == CONFIG_SIZE;
}

static bool touches(u32 offset, u32 count, u32 reg)
{
	return offset < reg + 2 && reg < offset + count;
}

bool config_is_command(u32 offset, u32 count)
{
	return touches(offset, count, PCI_COMMAND);
}

/* Such a bit always reads 0, so look at what was written. */
static bool writes_bit(u32 offset, u32 count, const u8 *byte, u32 at, u8 bit)
{
	return offset <= at && at < offset + count && byte[at - offset] & bit;
}

static enum config_register which(const struct config *config, u32 offset,
				  u32 count, u32 *at)
{
	*at = PCI_COMMAND;
	if (touches(offset, count, *at))
		return CONFIG_COMMAND;
	*at = MODEL_CAP_PM + PCI_PM_CTRL;
	if (touches(offset, count, *at))
		return CONFIG_PMCSR;
	*at = MODEL_CAP_EXP + PCI_EXP_DEVCTL;
	if (has_pcie(config) && touches(offset, count, *at))
		return CONFIG_DEVCTL;
	return CONFIG_OTHER;
}

/* An unsupported power state is discarded (PCI PM spec, 3.2.4). */
static u16 fix_power_state(u16 old, u16 new)
{
	u16 state = new & PCI_PM_CTRL_STATE_MASK;

	if (state == 0 || state == 3)
		return new;
	return (new & ~PCI_PM_CTRL_STATE_MASK) | (old & PCI_PM_CTRL_STATE_MASK);
}

static void keep_stuck(struct config *config)
{
	u32 hi = MODEL_CAP_EXP + PCI_EXP_DEVCTL + 1;

	if (config->stuck)
		config->value[hi] |= config->reset[hi] & PCI_EXP_DEVCTL_NOSNOOP_EN >> 8;
}

void config_stick_no_snoop(struct config *config)
{
	config->stuck = true;
	keep_stuck(config);
}

void config_set_master(struct config *config)
{
	config->value[PCI_COMMAND] |= PCI_COMMAND_MASTER;
}

void config_write(struct config *config, u32 offset, const void *data, u32 count,
		  struct config_change *change)
{
	const u8 *byte = data;
	u32 at, i;

	memset(change, 0, sizeof(*change));
	change->reg = which(config, offset, count, &at);
	change->old = get16(config->value + at);

	for (i = 0; i < count; i++) {
		u8 rw = config->writable[offset + i];
		u8 *value = config->value + offset + i;

		*value = (*value & ~rw) | (byte[i] & rw);
		*value &= ~(byte[i] & config->clearable[offset + i]);
	}

	keep_stuck(config);

	change->new = get16(config->value + at);
	if (change->reg == CONFIG_PMCSR) {
		change->new = fix_power_state(change->old, change->new);
		put16(config->value + at, change->new);
		change->d3hot_to_d0 = (change->old & PCI_PM_CTRL_STATE_MASK) == 3 &&
				      (change->new & PCI_PM_CTRL_STATE_MASK) == 0;
	}
	change->flr = change->reg == CONFIG_DEVCTL &&
		      writes_bit(offset, count, byte, at + 1, PCI_EXP_DEVCTL_BCR_FLR >> 8);
	change->af_flr = config->af && writes_bit(offset, count, byte,
						  MODEL_CAP_AF + PCI_AF_CTRL, PCI_AF_CTRL_FLR);
}

/*
 * PCIe 6.2.3.2.4: a non-posted request answered with UR is an advisory
 * non-fatal error, logged as correctable; a posted one is non-fatal.
 */
void config_unsupported_request(struct config *config, bool posted)
{
	u8 *sta = config->value + MODEL_CAP_EXP + PCI_EXP_DEVSTA;
	u8 *uncor = config->value + MODEL_ECAP_AER + PCI_ERR_UNCOR_STATUS;
	u8 *cor = config->value + MODEL_ECAP_AER + PCI_ERR_COR_STATUS;

	if (!has_pcie(config))
		return;
	put16(sta, get16(sta) | PCI_EXP_DEVSTA_URD |
	      (posted ? PCI_EXP_DEVSTA_NFED : PCI_EXP_DEVSTA_CED));
	put32(uncor, get32(uncor) | PCI_ERR_UNC_UNSUP);
	if (!posted)
		put32(cor, get32(cor) | PCI_ERR_COR_ADV_NFAT);
}

u16 config_command(const struct config *config)
{
	return get16(config->value + PCI_COMMAND);
}

bool config_no_snoop(const struct config *config)
{
	return has_pcie(config) &&
	       get16(config->value + MODEL_CAP_EXP + PCI_EXP_DEVCTL) &
	       PCI_EXP_DEVCTL_NOSNOOP_EN;
}

bool config_d3hot(const struct config *config)
{
	return (config->value[MODEL_CAP_PM + PCI_PM_CTRL] & PCI_PM_CTRL_STATE_MASK) == 3;
}

bool config_messages_enabled(const struct config *config)
{
	if (config->msi)
		return get16(config->value + MODEL_CAP_MSI + PCI_MSI_FLAGS) &
		       PCI_MSI_FLAGS_ENABLE;
	return get16(config->value + MODEL_CAP_MSIX + PCI_MSIX_FLAGS) &
	       PCI_MSIX_FLAGS_ENABLE;
}

bool config_messages_masked(const struct config *config)
{
	return !config->msi &&
	       get16(config->value + MODEL_CAP_MSIX + PCI_MSIX_FLAGS) &
	       PCI_MSIX_FLAGS_MASKALL;
}

bool config_rom_enabled(const struct config *config)
{
	return get32(config->value + PCI_ROM_ADDRESS) & PCI_ROM_ADDRESS_ENABLE;
}

void config_set_interrupt(struct config *config, bool pending)
{
	u8 *status = config->value + PCI_STATUS;

	put16(status, (get16(status) & ~PCI_STATUS_INTERRUPT) |
	      (pending ? PCI_STATUS_INTERRUPT : 0));
}
