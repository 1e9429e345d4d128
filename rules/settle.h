/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What follows when a check hits: mode and action are policy of settle.c, bans of penalty.c,
 * and of nothing else.
 *
 * Locking: inside the state.
 */
#ifndef SIPMOAT_SETTLE_H
#define SIPMOAT_SETTLE_H

#include "check.h"
#include "engine.h"

/* true: the packet's fate is sealed.  answer: filled when the verdict asks for one. */
bool settle(const struct probe *p, unsigned check, struct evidence *ev, struct parcel *answer,
	    struct decision *d);

#endif
