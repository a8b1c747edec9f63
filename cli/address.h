/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef ADDRESS_H
#define ADDRESS_H

#define ADDRESS_SIZE	24	/* of the text, with its end */

struct address {
	unsigned int domain;
	unsigned int bus;
	unsigned int dev;
	unsigned int func;
};

const char *address_parse(const char *text, struct address *address);
void address_format(const struct address *address, char text[ADDRESS_SIZE]);
int address_compare(const struct address *a, const struct address *b);

#endif /* ADDRESS_H */
