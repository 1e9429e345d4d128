/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses of sources, for people: all else goes by hashes of them.  Noted when something is
 * proven, refused or suspected, so not for each message, and never read by a check.
 *
 * Locking: inside.
 */
#ifndef SIPMOAT_VISITORS_H
#define SIPMOAT_VISITORS_H

#include "engine.h"

struct visitor {
	struct addr site;
	uint32_t first, last; /* s of the engine's clock */
};

/* proven: it receives what is sent there; then it is remembered for a day, else an hour. */
void visitor_note(struct state *st, const struct addr *site, uint64_t site_key, bool proven,
		  uint64_t now);
/* false: there is none, and *out stays. */
bool visitor_find(struct state *st, uint64_t site_key, uint64_t now, struct visitor *out);

#endif
