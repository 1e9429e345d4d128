/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whom no block list may hit: inside, trusted, the never list, and the sources that are known
 * at the moment, unless they are allowed.
 *
 * Ownership: a guard owns copies; feedguard_free takes a zeroed one.  Locking: none.
 */
#ifndef SIPMOAT_FEEDGUARD_H
#define SIPMOAT_FEEDGUARD_H

#include "engine.h"
#include "feedmix.h"

struct feedguard {
	struct never *named; /* one by one, for messages */
	size_t n;
	struct plan_ranges ranges; /* the same */
	struct plan_ranges known;
};

/* 0 or -ENOMEM. */
int feedguard_init(struct feedguard *g, const struct ruleset *rules);
void feedguard_free(struct feedguard *g);
/* Takes the place of the former known ones; allowed: by a feed. */
int feedguard_known(struct feedguard *g, const struct addr *site, size_t n, struct state *st,
		    const struct feedmix *allowed);

#define FEEDGUARD_TEXT 192
/* The first entry of a block list that hits somebody: true, and a text for people. */
bool feedguard_hit(const struct feedguard *g, const struct feed_text *t,
		   char why[FEEDGUARD_TEXT]);

#endif
