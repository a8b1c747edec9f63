// SPDX-License-Identifier: GPL-2.0-only
/*
 * What config space says. Bytes that were not read are never taken for zeros. If the
 * list of capabilities breaks off, nothing is concluded about what would follow.
 */

#include <stddef.h>
#include <pci/header.h>

#include "config.h"

#define CAPS_MAX	48	/* no more fit, even of the smallest: a longer list is a ring */
#define EXT_CAPS_MAX	480

static enum tristate flag(unsigned int value, unsigned int mask)
{
	return value & mask ? KNOWN_YES : KNOWN_NO;
}

/**
 * config_word() - A register of 16 bits
 * @config: the config space
 * @at: the register's offset, less than CONFIG_SIZE - 1
 *
 * Return: the value, with zeros for what was not read.
 */
unsigned int config_word(const struct config *config, unsigned int at)
{
	return config->bytes[at] | config->bytes[at + 1] << 8;
}

static bool is_known(const struct config *config, unsigned int at, unsigned int size)
{
	return at + size <= config->known && at + size <= CONFIG_SIZE;
}

/* Where the list has the capability, or 0. FOUND is NOT_KNOWN if its end cannot be seen. */
static unsigned int find_express(const struct config *config, enum tristate *found)
{
	unsigned int at = config->bytes[PCI_CAPABILITY_LIST] & ~3, turns;

	*found = NOT_KNOWN;
	for (turns = 0; at && turns < CAPS_MAX; turns++) {
		if (at < CONFIG_HEADER || !is_known(config, at, 2) ||
		    config->bytes[at] == 0xff)
			return 0;
		if (config->bytes[at] == PCI_CAP_ID_EXP) {
			*found = KNOWN_YES;
			return at;
		}
		at = config->bytes[at + 1] & ~3;
	}
	if (!at && config->known >= CONFIG_CAPS)
		*found = KNOWN_NO;
	return 0;
}

/*
 * Intel's chipsets leave the PCI Express capability of their sound function out of
 * the list; Linux's sound driver knows where it is. So any bytes that could be such a
 * capability raise doubt.
 */
static unsigned int find_hidden(const struct config *config)
{
	unsigned int at, flags, next;

	for (at = CONFIG_HEADER; at + PCI_EXP_DEVCTL + 2 <= CONFIG_CAPS; at += 4) {
		flags = config_word(config, at + PCI_EXP_FLAGS);
		next = config->bytes[at + 1];
		if (config->bytes[at] == PCI_CAP_ID_EXP &&
		    (!next || (next >= CONFIG_HEADER && !(next & 3))) &&
		    (flags & PCI_EXP_FLAGS_VERS) >= 1 &&
		    (flags & PCI_EXP_FLAGS_VERS) <= 2)
			return at;
	}
	return 0;
}

static void decode_express(struct config_facts *facts, const struct config *config,
			   unsigned int at)
{
	unsigned int devctl, type;

	/* This cannot be a real capability, because it does not fit. Believe nothing in it. */
	if (at + PCI_EXP_DEVCTL + 2 > CONFIG_CAPS)
		return;
	if (!is_known(config, at, PCI_EXP_DEVCTL + 2)) {
		facts->limited = true;
		return;
	}
	type = (config_word(config, at + PCI_EXP_FLAGS) & PCI_EXP_FLAGS_TYPE) >> 4;
	facts->rciep = type == PCI_EXP_TYPE_ROOT_INT_EP;
	devctl = config_word(config, at + PCI_EXP_DEVCTL);
	if (devctl != 0xffff)
		facts->bit = flag(devctl, PCI_EXP_DEVCTL_NOSNOOP);
}

static void decode_caps(struct config_facts *facts, const struct config *config)
{
	unsigned int at = 0;

	facts->caps = config_word(config, PCI_STATUS) & PCI_STATUS_CAP_LIST;
	facts->pcie = KNOWN_NO;
	if (facts->caps)
		at = find_express(config, &facts->pcie);
	if (facts->pcie == KNOWN_YES)
		decode_express(facts, config, at);
	else
		facts->hidden = find_hidden(config);
	facts->limited = facts->limited ||
			 (facts->pcie == NOT_KNOWN && config->known < CONFIG_CAPS);
	if (facts->hidden)
		facts->pcie = NOT_KNOWN;
}

/**
 * config_decode() - Decode what matters here
 * @config: the config space
 *
 * Return: the facts of this function alone. A VF is governed by the bit of its PF.
 */
struct config_facts config_decode(const struct config *config)
{
	struct config_facts facts = {
		.answers = true, .pcie = NOT_KNOWN, .bit = NOT_KNOWN, .master = NOT_KNOWN,
	};
	unsigned int i, ones = 0, header;

	for (i = 0; i < config->known && i < CONFIG_HEADER; i++)
		ones += config->bytes[i] == 0xff;
	facts.answers = !i || ones != i;
	facts.limited = config->known < CONFIG_HEADER;
	if (!facts.answers || config->known <= PCI_HEADER_TYPE)
		return facts;

	facts.vf = config_word(config, PCI_VENDOR_ID) == 0xffff;
	facts.master = flag(config_word(config, PCI_COMMAND), PCI_COMMAND_MASTER);
	header = config->bytes[PCI_HEADER_TYPE] & 0x7f;
	facts.bridge = header == PCI_HEADER_TYPE_BRIDGE || header == PCI_HEADER_TYPE_CARDBUS;
	if (facts.bridge) {
		facts.secondary = config->bytes[PCI_SECONDARY_BUS];
		facts.subordinate = config->bytes[PCI_SUBORDINATE_BUS];
	}
	/* Headers of other types have another layout. */
	if (config->known >= CONFIG_HEADER && header != PCI_HEADER_TYPE_CARDBUS &&
	    (facts.bridge || header == PCI_HEADER_TYPE_NORMAL))
		decode_caps(&facts, config);
	return facts;
}

/**
 * config_find_vfs() - Which VFs a PF has
 * @config: the PF's config space
 *
 * Return: their number and where they are; none unless VF Enable is set.
 */
struct config_vfs config_find_vfs(const struct config *config)
{
	struct config_vfs vfs = { 0 };
	unsigned int at = CONFIG_CAPS, turns;

	for (turns = 0; at >= CONFIG_CAPS && turns < EXT_CAPS_MAX; turns++) {
		if (!is_known(config, at, PCI_IOV_DID + 2))
			return vfs;
		if (config_word(config, at) == PCI_EXT_CAP_ID_SRIOV) {
			if (!(config_word(config, at + PCI_IOV_CTRL) & PCI_IOV_CTRL_VFE))
				return vfs;
			vfs.number = config_word(config, at + PCI_IOV_NUMVF);
			vfs.offset = config_word(config, at + PCI_IOV_OFFSET);
			vfs.stride = config_word(config, at + PCI_IOV_STRIDE);
			vfs.id = config_word(config, at + PCI_IOV_DID);
			return vfs;
		}
		at = config_word(config, at + 2) >> 4 & ~3;
	}
	return vfs;
}
