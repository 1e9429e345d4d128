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

struct answers; /* answer.h */

/* true: the packet's fate is sealed.  out: filled when the verdict asks for an answer. */
bool settle(const struct probe *p, unsigned check, struct evidence *ev, struct answers *out,
	    struct decision *d);

#endif
