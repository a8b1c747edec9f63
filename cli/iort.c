// SPDX-License-Identifier: GPL-2.0-only
/*
 * ACPI's IO Remapping Table, Arm DEN 0049. It tells Linux whether the devices behind a
 * root complex can be made to snoop, by CANWBS in the memory access flags.
 */

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "iort.h"
#include "message.h"
#include "sysroot.h"

#define TABLE		"/sys/firmware/acpi/tables/IORT"
#define SIZE_MAX_TABLE	0x100000

/* Offsets in the table */
#define REVISION	8
#define NODE_COUNT	36
#define NODE_OFFSET	40
#define HEADER_END	48
#define REVISION_CANWBS	7	/* issue E.f, the first with the flag */

/* Offsets in a node */
#define TYPE		0
#define TYPE_RC		2
#define TYPE_SMMU3	4
#define LENGTH		1
#define MAPPING_COUNT	8
#define MAPPING_OFFSET	12
#define RC_FLAGS	23
#define RC_FLAGS_CANWBS	0x4
#define RC_SEGMENT	28
#define RC_END		32

/* Offsets in a mapping */
#define INPUT_BASE	0
#define ID_COUNT	4	/* the number of IDs minus one */
#define REFERENCE	12
#define MAPPING_SIZE	20

static const char *given;
static unsigned char table[SIZE_MAX_TABLE];
static size_t size;
static enum canwbs trouble;	/* why there is no table; CANWBS_SET if there is */
static bool loaded;

/**
 * iort_use() - Look at a copy of the table instead of this machine's
 * @path: the file
 */
void iort_use(const char *path)
{
	given = path;
}

/**
 * iort_is_given() - Whether there is a copy to look at
 *
 * Return: true if iort_use() was called.
 */
bool iort_is_given(void)
{
	return given;
}

static unsigned int get(size_t at, int bytes)
{
	unsigned int value = 0;

	while (bytes--)
		value = value << 8 | table[at + bytes];
	return value;
}

static bool is_whole(void)
{
	return size >= HEADER_END && !memcmp(table, "IORT", 4) && get(4, 4) == size;
}

static void load(void)
{
	FILE *file = given ? fopen(given, "re") : sysroot_open(TABLE);

	loaded = true;
	trouble = CANWBS_SET;
	if (!file && given)
		die("--iort %s: %s", given, strerror(errno));
	if (!file) {
		trouble = errno == EACCES || errno == EPERM ? CANWBS_NOT_READ :
			  sysroot_has("/sys/firmware/acpi/tables") ? CANWBS_NO_TABLE :
			  sysroot_has("/sys/firmware/devicetree/base") ? CANWBS_DEVICE_TREE :
			  CANWBS_NO_TABLE;
		return;
	}
	size = fread(table, 1, sizeof(table), file);
	fclose(file);
	if (is_whole())
		return;
	if (given)
		die("--iort %s: it is not a complete IORT: copy it as root from " TABLE, given);
	trouble = CANWBS_BROKEN;
}

/* The length of the node at this offset, or 0 if it does not fit into the table */
static size_t node_length(size_t at)
{
	size_t length;

	if (at < HEADER_END || at + 16 > size)
		return 0;
	length = get(at + LENGTH, 2);
	return length >= 16 && at + length <= size ? length : 0;
}

/* The first root complex of the segment, which Linux takes, too, or 0 if there is none */
static size_t find_complex(unsigned int segment, enum canwbs *why)
{
	unsigned int count;
	size_t at, length;

	if (!loaded)
		load();
	*why = trouble;
	if (trouble != CANWBS_SET)
		return 0;
	at = get(NODE_OFFSET, 4);
	for (count = get(NODE_COUNT, 4); count; count--, at += length) {
		length = node_length(at);
		if (!length) {
			*why = CANWBS_BROKEN;
			return 0;
		}
		if (table[at + TYPE] == TYPE_RC && length >= RC_END &&
		    get(at + RC_SEGMENT, 4) == segment)
			return at;
	}
	*why = CANWBS_NO_NODE;
	return 0;
}

/**
 * iort_canwbs() - Ask the table for a function's CANWBS
 * @address: the function
 *
 * Return: the answer, or why there is none.
 */
enum canwbs iort_canwbs(const struct address *address)
{
	enum canwbs why;
	size_t at = find_complex(address->domain, &why);

	if (!at)
		return why;
	if (table[at + RC_FLAGS] & RC_FLAGS_CANWBS)
		return CANWBS_SET;
	return table[REVISION] < REVISION_CANWBS ? CANWBS_TOO_OLD : CANWBS_CLEAR;
}

/**
 * iort_has_smmu3() - Whether a function is behind an SMMUv3
 * @address: the function
 *
 * Return: true if its root complex maps it to one.
 */
bool iort_has_smmu3(const struct address *address)
{
	unsigned int rid = address->bus << 8 | address->dev << 3 | address->func;
	size_t at, length, map, to;
	unsigned int i, count, base;
	enum canwbs why;

	at = find_complex(address->domain, &why);
	if (!at)
		return false;
	length = node_length(at);
	map = get(at + MAPPING_OFFSET, 4);
	count = get(at + MAPPING_COUNT, 4);
	for (i = 0; i < count && map + MAPPING_SIZE <= length; i++, map += MAPPING_SIZE) {
		base = get(at + map + INPUT_BASE, 4);
		to = get(at + map + REFERENCE, 4);
		if (rid >= base && rid - base <= get(at + map + ID_COUNT, 4) &&
		    node_length(to) && table[to + TYPE] == TYPE_SMMU3)
			return true;
	}
	return false;
}

/**
 * iort_words() - An answer in words
 * @canwbs: the answer
 *
 * Return: a sentence.
 */
const char *iort_words(enum canwbs canwbs)
{
	static const char * const words[] = {
		[CANWBS_NOT_READ] = "Only root can read ACPI's table IORT, which says whether it has.",
		[CANWBS_DEVICE_TREE] = "The machine has a device tree, which cannot say whether it has, and Linux does not enforce snooping there.",
		[CANWBS_NO_TABLE] = "There is no ACPI table IORT, which would say whether it has.",
		[CANWBS_BROKEN] = "ACPI's table IORT, which would say whether it has, is broken.",
		[CANWBS_NO_NODE] = "ACPI's table IORT has no root complex of this segment.",
		[CANWBS_TOO_OLD] = "ACPI's table IORT is of a revision from before there was such a flag, so it cannot say; Linux takes that as a no.",
		[CANWBS_CLEAR] = "ACPI's table IORT says that it has not.",
		[CANWBS_SET] = "ACPI's table IORT says that it has.",
	};

	return words[canwbs];
}
