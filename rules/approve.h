/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * action = "approve": what a check refuses may be had for a while once somebody has
 * approved of it (state/approvals.h).
 *
 * Locking: inside the state.
 */
#ifndef SIPMOAT_APPROVE_H
#define SIPMOAT_APPROVE_H

#include "check.h"

/* The message is refused: gives out a token for what ev names.  Without one (it names
 * nothing, nobody asks, too many wait) d stays as it is with "drop". */
void approve_ask(const struct probe *p, const struct evidence *ev, struct decision *d);

#endif
