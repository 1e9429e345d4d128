/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's table of connections (conntrack): whoever is banned for certain loses his
 * entries, so that nothing that was agreed with him there (NAT, "established", an offload)
 * outlives the ban (state_ban_cuts).  Whoever is marked loses those of SIP over UDP.
 *
 * A thread of its own reads the table once for all bans of the last second, at once for marks,
 * and deletes what it finds; that takes at most a tenth of one processor.  Where the kernel
 * tracks no connections, nothing happens.
 *
 * Ownership: the state must outlive the thread.  Locking: inside.
 * Errors: 0 or -errno.
 */
#ifndef SIPMOAT_CONNTRACK_H
#define SIPMOAT_CONNTRACK_H

#include "engine.h"

struct conntrack;

int conntrack_start(struct conntrack **out, struct state *st, const struct settings *s);
/* A site whose packets have a mark from now on, so that DNAT and routing are asked anew: once.
 * Any thread; takes NULL. */
void conntrack_forget(struct conntrack *c, const struct addr *site);
/* New settings: mode, ports, bans.scope. */
void conntrack_reload(struct conntrack *c, const struct settings *s);
void conntrack_stop(struct conntrack *c); /* takes NULL */

/* Since the start: times that the table was read, and entries that were deleted. */
struct conntrack_counts {
	uint64_t passes, deleted;
};
void conntrack_count(const struct conntrack *c, struct conntrack_counts *out);

#endif
