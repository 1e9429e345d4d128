/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whoever is banned loses what he has under way, too: his TCP connections (engine_cut) and, if
 * so configured, his calls (rules/running.c).  Only by a ban that nobody else can have brought
 * about: see state_ban_cuts.
 *
 * Locking: inside the state.
 */
#ifndef SIPMOAT_BARRED_H
#define SIPMOAT_BARRED_H

#include "check.h"
#include "engine.h"

/* Is the sender of pkt trusted, by address or in his zone?  The zone is told in any case. */
bool sender_trusted(const struct ruleset *rs, struct state *st, const struct pkt *pkt,
		    uint64_t now, const struct zone **zone);
/* Is what the sender of pkt has under way to end?  pkt: its ends and proto. */
bool sender_barred(const struct ruleset *rs, struct state *st, const struct pkt *pkt,
		   uint64_t now, struct ban *out);

/* In whose name that is told: the place of `banned` in checks[]. */
unsigned barred_check(void);

#endif
