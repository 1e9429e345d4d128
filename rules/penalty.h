/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether a source is banned for what a check found, and for how long.
 *
 * Locking: inside the state.
 */
#ifndef SIPMOAT_PENALTY_H
#define SIPMOAT_PENALTY_H

#include "check.h"

/* d->reason is written already.  Sets d->ban and d->banned. */
void penalty(const struct probe *p, unsigned check, const struct evidence *ev,
	     struct decision *d);

#endif
