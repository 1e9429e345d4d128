/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a site asked for in vain within a day, however slowly: targets that it was refused,
 * or challenged for and left at that; those of them from its port that asks most; and those of
 * which it is shown that it was this site that asked (TCP, a nonce, the ACK of the refusal).
 * Bitmaps of two half days (sketch.h), of what is shown of this one: all are lower bounds.
 *
 * Ownership, locking: the caller's, scans.c.
 */
#ifndef SIPMOAT_SLOW_H
#define SIPMOAT_SLOW_H

#include "sketch.h"

struct slow {
	struct slow_half {
		struct sketch vain, port;
	} now, before;
	struct sketch shown;
};

static inline void slow_turn(struct slow *s, unsigned half_days)
{
	s->before = half_days > 1 ? (struct slow_half){ 0 } : s->now;
	s->now = (struct slow_half){ 0 };
	s->shown = (struct sketch){ { 0 } };
}

static inline void slow_drop(struct slow *s, uint64_t target)
{
	struct slow_half *all[] = { &s->now, &s->before };

	for (unsigned i = 0; i < 2; i++) {
		sketch_drop(&all[i]->vain, target);
		sketch_drop(&all[i]->port, target);
	}
	sketch_drop(&s->shown, target);
}

/* What is remembered is as of now. */
static inline void slow_renew(struct slow *s)
{
	sketch_join(&s->now.vain, &s->before.vain);
	sketch_join(&s->now.port, &s->before.port);
}

/* Another port asks most. */
static inline void slow_clear_port(struct slow *s)
{
	s->now.port = s->before.port = (struct sketch){ { 0 } };
}

#endif
