// SPDX-License-Identifier: GPL-2.0-only
/* Addresses of PCI functions as people write them, with or without a domain */

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"

#define NOT_AN_ADDRESS	"is no PCI address: write it as 0000:01:00.0, 01:00.0 or, for all of a slot, 01:00"

/* Takes min to max hexadecimal digits, which END has to follow. */
static bool take(const char **at, int min, int max, char end, unsigned int *value)
{
	int digits = 0;

	*value = 0;
	for (; digits < max; digits++, (*at)++) {
		char c = **at;

		if (c >= '0' && c <= '9')
			*value = *value << 4 | (c - '0');
		else if (c >= 'a' && c <= 'f')
			*value = *value << 4 | (c - 'a' + 10);
		else if (c >= 'A' && c <= 'F')
			*value = *value << 4 | (c - 'A' + 10);
		else
			break;
	}
	if (digits < min || **at != end)
		return false;
	if (end)
		(*at)++;
	return true;
}

static const char *check_range(const struct address *address)
{
	if (address->dev > 0x1f)
		return "is no PCI address: the device, before the dot, is 00 to 1f";
	if (address->func > 7)
		return "is no PCI address: the function, after the dot, is 0 to 7";
	return NULL;
}

/**
 * address_parse() - Read the address of a function
 * @text: DOMAIN:BUS:DEVICE.FUNCTION, hexadecimal. Without DOMAIN, that is 0.
 * @address: what was read
 *
 * Return: NULL, or what is wrong with it, in words to follow the text.
 */
const char *address_parse(const char *text, struct address *address)
{
	const char *at = text;

	if (!take(&at, 4, 8, ':', &address->domain)) {
		at = text;
		address->domain = 0;
	}
	if (!take(&at, 1, 2, ':', &address->bus) ||
	    !take(&at, 1, 2, '.', &address->dev) ||
	    !take(&at, 1, 1, '\0', &address->func))
		return NOT_AN_ADDRESS;
	return check_range(address);
}

/* Takes libvirt's name of a node device, pci_0000_01_00_0, or lshw's, pci@0000:01:00.0. */
static const char *without_prefix(const char *text, char plain[ADDRESS_SIZE])
{
	int i, underscores = 0;

	if (strncmp(text, "pci_", 4) && strncmp(text, "pci@", 4))
		return text;
	text += 4;
	for (i = 0; text[i] && i < ADDRESS_SIZE - 1; i++) {
		plain[i] = text[i];
		if (text[i] == '_')
			plain[i] = ++underscores == 3 ? '.' : ':';
	}
	plain[i] = '\0';
	return plain;
}

/**
 * address_parse_any() - Read an address in any form that people have at hand
 * @text: as for address_parse(), or libvirt's or lshw's name, or without a function
 * @address: what was read, with ADDRESS_SLOT where there is no function
 *
 * Return: NULL, or what is wrong with it, in words to follow the text.
 */
const char *address_parse_any(const char *text, struct address *address)
{
	char plain[ADDRESS_SIZE];
	const char *at;

	text = without_prefix(text, plain);
	at = text;
	if (strchr(text, '.'))
		return address_parse(text, address);
	if (!take(&at, 4, 8, ':', &address->domain)) {
		at = text;
		address->domain = 0;
	}
	if (!take(&at, 1, 2, ':', &address->bus) || !take(&at, 1, 2, '\0', &address->dev))
		return NOT_AN_ADDRESS;
	address->func = 0;
	if (check_range(address))
		return check_range(address);
	address->func = ADDRESS_SLOT;
	return NULL;
}

/**
 * address_format() - Write an address as the kernel does
 * @address: the address, of a function or a slot
 * @text: where it goes
 */
void address_format(const struct address *address, char text[ADDRESS_SIZE])
{
	int length = snprintf(text, ADDRESS_SIZE, "%04x:%02x:%02x", address->domain,
			      address->bus & 0xff, address->dev & 0x1f);

	if (address->func != ADDRESS_SLOT)
		snprintf(text + length, ADDRESS_SIZE - length, ".%x", address->func & 7);
}

/**
 * address_compare() - Compare two addresses, to sort them
 * @a: an address
 * @b: another
 *
 * Return: less than 0, 0, or more than 0, as for qsort().
 */
int address_compare(const struct address *a, const struct address *b)
{
	if (a->domain != b->domain)
		return a->domain < b->domain ? -1 : 1;
	if (a->bus != b->bus)
		return (int)a->bus - (int)b->bus;
	if (a->dev != b->dev)
		return (int)a->dev - (int)b->dev;
	return (int)a->func - (int)b->func;
}
