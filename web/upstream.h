/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Brings to the board what the daemon says: one thread asks its questions, as often as browsers
 * look; one follows its events.  Both begin anew, for good, when the daemon is away.
 *
 * Ownership: the board and what is called with each event must outlive it.
 * Locking: one thread starts and stops it; told is called by a thread of its own.
 */
#ifndef SIPMOAT_UPSTREAM_H
#define SIPMOAT_UPSTREAM_H

#include "board.h"

struct upstream;

/* NULL: no memory, no threads. */
struct upstream *upstream_start(struct board *b, const char *socket_path,
				void (*told)(void *arg), void *arg);
void upstream_stop(struct upstream *u);

#endif
