/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Texts from the wire as they are kept and shown: printable ASCII, '?' for each other byte,
 * cut where the room ends.
 *
 * Ownership: the room is the caller's.
 */
#ifndef SIPMOAT_PLAIN_H
#define SIPMOAT_PLAIN_H

#include "slice.h"

/* Fills all of the room; ends with NUL. */
static inline void plain_put(char *out, size_t room, struct slice from)
{
	size_t n = 0;

	for (; n < from.n && n + 1 < room; n++)
		out[n] = from.p[n] >= ' ' && from.p[n] < 0x7f ? from.p[n] : '?';
	memset(out + n, 0, room - n);
}

#endif
