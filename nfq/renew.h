/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bans that begin anew while their sources keep sending.  Every 15 s the counters of all
 * elements whose ban is proven are asked for, a few at a time, so that bans that come
 * meanwhile wait for 64 answers at most.  A dump of the set would be one request, but the
 * kernel goes through all that it has said already for each part of it.
 *
 * Ownership: a value.  Locking: the ban thread's.
 * Units: ns of the engine's clock.
 */
#ifndef SIPMOAT_RENEW_H
#define SIPMOAT_RENEW_H

#include "banlist.h"

struct renew {
	uint64_t begun; /* the latest round, or this run */
	uint64_t due;   /* the next step */
	uint32_t at;    /* in the mirror of the sets */
	bool round;     /* one is under way */
	unsigned renewed;
};

void renew_begin(struct renew *r, uint64_t now);
/* When renew_step has something to do; 0: never, by the plan. */
uint64_t renew_due(const struct renew *r, const struct plan *plan);
/* Does what is due; the writes wait in l->elems.  reader NULL: the tables do not stand, later. */
void renew_step(struct renew *r, struct banlist *l, struct nftlink *reader);

#endif
