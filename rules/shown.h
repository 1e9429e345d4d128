/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a packet from outside shows of whom it comes from, and who that would be.
 *
 * Locking: inside the state.
 */
#ifndef SIPMOAT_SHOWN_H
#define SIPMOAT_SHOWN_H

#include "check.h"
#include "state/memory.h"

/* What the message in p shows. */
enum shows shown_by(const struct probe *p);

/*
 * Is the site one of a trunk, or have our servers to do with it (source_met)?  Whoever calls
 * through them, or is called by them, must not lose them to a forger, not even for minutes:
 * what hits is dropped, and that is all.  That a site returned something is not enough: a
 * scanner has acknowledged a refusal, too.
 */
bool shown_partner(const struct probe *p);

#endif
