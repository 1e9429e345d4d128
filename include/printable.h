/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text for people out of bytes from strangers.  Printable ASCII passes, all else becomes
 * \xNN and a backslash \\, so that no byte of an attacker reaches a log or a terminal as
 * such; an escape is written whole or not at all, and what was cut ends in dots.
 *
 * Ownership: the room is the caller's.  Locking: none.
 */
#ifndef SIPMOAT_PRINTABLE_H
#define SIPMOAT_PRINTABLE_H

#include "slice.h"

struct printable {
	char *p;
	size_t room, n;
	bool cut; /* something did not fit: nothing more is taken */
};

/* Our own text, as it is. */
void printable_put(struct printable *t, const char *piece, size_t n);
void printable_bytes(struct printable *t, struct slice bytes);
/* The NUL, and dots when something is missing and there is room for them. */
void printable_end(struct printable *t);

/* All of it: bytes into room. */
void printable_text(char *out, size_t room, struct slice bytes);

#endif
