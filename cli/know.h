/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KNOW_H
#define KNOW_H

/* What can be known of a thing that is or is not */
enum know {
	KNOWN_NO,
	KNOWN_YES,
	NOT_KNOWN,
};

#endif /* KNOW_H */
