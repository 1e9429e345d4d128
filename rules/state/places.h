/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From where the outside will speak in a dialog: the proxy nearest to us in
 * Record-Route, and the Contact (RFC 3261 12.1, 16.6).
 *
 * Ownership: values.  Locking: none.
 */
#ifndef SIPMOAT_PLACES_H
#define SIPMOAT_PLACES_H

#include "memory.h"

struct places {
	uint64_t site[2]; /* keys; 0: none, or the site that the message came from */
	bool by_name;     /* the nearest is a domain name */
};

/*
 * Of a message from outside what its sender says; of a response to the outside what
 * the request said, which it repeats (12.1.1), for requests that we did not read.
 */
void places_read(const struct state *st, const struct lesson *l, struct places *out);

#endif
