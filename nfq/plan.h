/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel's tables are to say: a copy of the settings that matter there,
 * taken from one ruleset, so that the tables can be put back from memory at any
 * time after the ruleset has gone.
 *
 * Ownership: a plan owns its ranges; plan_free takes a zeroed one.
 * Locking: none; a value of the ban thread.
 */
#ifndef SIPMOAT_PLAN_H
#define SIPMOAT_PLAN_H

#include "engine.h"

struct plan_range {
	struct addr lo, hi; /* both inclusive */
};

struct plan_ranges {
	struct plan_range *r; /* sorted, apart from each other, no family mixed in one */
	size_t n;
};

struct plan {
	uint16_t port[2][16]; /* [0] UDP, [1] TCP; host order */
	unsigned ports[2];
	struct plan_ranges trusted, inside;
	struct plan_ranges never; /* all who must not be banned, those two included */
	struct never *spared; /* the same, one by one, for people */
	size_t n_spared;
	uint32_t police_rate[LANES]; /* packets a second, 0 = off */
	uint32_t ban_max, known_max, mark_max;
	uint16_t queue_first, workers;
	bool enforce;    /* false: count what would be dropped */
	bool everything; /* a banned source loses all its traffic, not only SIP */
	bool bypass[LANES]; /* traffic passes while no daemon listens */
	bool renew;      /* proven bans, while their sources keep sending */
	struct ban_growth growth; /* when that ends, and is forgotten */
	bool marks;      /* marked sources are: some check marks, and is acted upon */
	bool marked;     /* they were, since the start: a chain of that may stand */
	bool marks_everything; /* all their packets, not only SIP */
	bool counters;   /* a counter for each banned element */
};

int plan_init(struct plan *p, const struct ruleset *rules, unsigned workers);
void plan_free(struct plan *p);
/* Is anybody in there who must not be banned: inside, trusted, or on the never list? */
bool plan_spares(const struct plan *p, const struct prefix *who);
/* One of them, if so; else NULL. */
const struct never *plan_spared(const struct plan *p, const struct prefix *who);

struct plan_range plan_range_of(const struct prefix *p);
/* Builds the sorted ranges of n prefixes; 0 or -ENOMEM. */
int plan_ranges_build(struct plan_ranges *s, const struct prefix *p, size_t n);

#endif
