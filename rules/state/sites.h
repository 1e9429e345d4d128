/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is remembered of a site: for rules/state/ alone; all others ask source_find.
 *
 * Two tables.  `sources` has a light record of every site that has proven or done
 * something.  `registrants` has the registrations of those that hold any; who is not
 * among these any more for want of room still counts as registered, with one phone.
 *
 * Locking: inside, one table after the other.  Units: ns, seconds.
 */
#ifndef SIPMOAT_SITES_H
#define SIPMOAT_SITES_H

#include "state.h"

/* who: names a registration within the site, not 0. */
void site_registered(struct state *st, uint64_t site_key, uint16_t who, uint32_t seconds,
		     uint64_t now);
void site_unregistered(struct state *st, uint64_t site_key, uint16_t who, uint64_t now);

#endif
