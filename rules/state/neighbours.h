/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many sites of a prefix (addr_around) were banned on proven evidence of late.  Of IPv4
 * each address is counted; of the 65536 sites of an IPv6 /48 a bitmap tells how many there
 * were at least (sketch.h).
 *
 * A ban is remembered for half of NEIGHBOURS_WINDOW at least, and a whole one at most.
 *
 * Locking: inside.  Units: ns.
 */
#ifndef SIPMOAT_NEIGHBOURS_H
#define SIPMOAT_NEIGHBOURS_H

#include "addr.h"

struct state;

#define NEIGHBOURS_WINDOW 86400 /* s */

struct neighbours {
	unsigned sites;
	uint64_t until; /* when the last of their bans ends */
};

/* A site is banned until `until`. */
void neighbours_add(struct state *st, const struct addr *site, uint64_t site_key, uint64_t until,
		    uint64_t now, struct neighbours *out);
/* It should not have been. */
void neighbours_drop(struct state *st, const struct addr *site, uint64_t site_key);
void neighbours_forget(struct state *st, const struct prefix *around);

#endif
