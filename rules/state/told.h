/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was told: findings that are told once in a while, and what somebody outside told
 * us, so that it is no finding.  A table `told`, in which the record that would be
 * forgotten soonest makes room for another.
 *
 * Locking: inside.  Units: ns.
 */
#ifndef SIPMOAT_TOLD_H
#define SIPMOAT_TOLD_H

#include "memory.h"
#include "state.h"

bool told_before(struct state *st, uint64_t key, uint64_t now);
/* It is told now, and not again before `until`; false: somebody else was faster. */
bool told_now(struct state *st, uint64_t key, uint64_t now, uint64_t until);

/* An answer that came from outside will leave again where a proxy is inside; with the
 * same To tag and Call-ID, which are a secret between its sender and ours. */
void told_learn(struct state *st, const struct lesson *l);
bool told_from_outside(struct state *st, const struct names *n, uint64_t now);

#endif
