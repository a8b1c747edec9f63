/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef ADDRESS_H
#define ADDRESS_H

#define ADDRESS_SIZE	24	/* of an address as text, with the final zero */

#define ADDRESS_SLOT	8	/* in place of a function: all functions of the slot */

struct address {
	unsigned int domain;
	unsigned int bus;
	unsigned int dev;
	unsigned int func;
};

const char *address_parse(const char *text, struct address *address);
const char *address_parse_any(const char *text, struct address *address);
void address_format(const struct address *address, char text[ADDRESS_SIZE]);
int address_compare(const struct address *a, const struct address *b);

#endif /* ADDRESS_H */
