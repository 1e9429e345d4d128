/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How often a site was banned on proven evidence: what its next ban is multiplied by.
 *
 * Each ban counts one, up to OFFENDER_MOST.  Each whole `memory` that has gone by since the
 * end of the latest one takes one back, until there is none; the ban that comes then is
 * the first again.  A record outlives its ban for as long as it says anything.  Of those that
 * find no room who was banned least often makes it.
 *
 * Locking: inside.  Units: s for memory, else ns.
 */
#ifndef SIPMOAT_OFFENDERS_H
#define SIPMOAT_OFFENDERS_H

#include <stdint.h>

struct state;

#define OFFENDER_MOST 16

/* Bans that are remembered, and the one that begins now: 1 .. OFFENDER_MOST. */
unsigned offender_times(struct state *st, uint64_t site_key, uint32_t memory, uint64_t now);
/* That one has begun, and ends at `until`. */
void offender_banned(struct state *st, uint64_t site_key, unsigned times, uint64_t until,
		     uint32_t memory, uint64_t now);
/* It lasts until then, because its source goes on: the memory of it begins there. */
void offender_goes_on(struct state *st, uint64_t site_key, uint64_t until, uint32_t memory,
		      uint64_t now);
void offender_forget(struct state *st, uint64_t site_key);

#endif
