/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rates of sources, for people: the check itself is in flood.c.
 *
 * Ownership: none.  Locking: inside the meters.
 */
#ifndef SIPMOAT_FLOOD_H
#define SIPMOAT_FLOOD_H

#include "check.h"

/* Messages a second of the site that p->pkt comes from, within the window of that
 * configuration of the check. */
double flood_rate(const void *conf, const struct probe *p);

#endif
