/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TRISTATE_H
#define TRISTATE_H

/* The answer to a yes-or-no question. A bool converts to one of the first two. */
enum tristate {
	KNOWN_NO,
	KNOWN_YES,
	NOT_KNOWN,
};

#endif /* TRISTATE_H */
