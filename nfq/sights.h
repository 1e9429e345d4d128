/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Says in the log whether the answers of servers are seen.
 *
 * Locking: one thread.  Units: now in ns of the engine's clock.
 */
#ifndef SIPMOAT_SIGHTS_H
#define SIPMOAT_SIGHTS_H

#include "engine.h"

void sights_tell(struct state *st, uint64_t now);

#endif
