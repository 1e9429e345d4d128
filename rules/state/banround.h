/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Once through a table after there were new bans (state_bans_made), shard by shard.  Bans that
 * are made meanwhile are for the next time: so each round ends, however many there are.
 *
 * Ownership: a value.  Locking: of one thread, but for `done`.
 */
#ifndef SIPMOAT_BANROUND_H
#define SIPMOAT_BANROUND_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct ban_round {
	uint32_t made;         /* how many there were when it began */
	unsigned left;         /* shards, 0: nothing is to be done */
	_Atomic uint32_t done; /* whoever was banned by these has been looked at */
};

/* Is there anything to be done? */
static inline bool ban_round_begin(struct ban_round *r, uint32_t made, unsigned shards)
{
	if (!r->left && made != r->made) {
		r->made = made;
		r->left = shards;
	}
	return r->left;
}

/* Nobody is to be looked for; should that change, for all that there were. */
static inline void ban_round_none(struct ban_round *r, uint32_t made)
{
	r->made = 0;
	r->left = 0;
	atomic_store_explicit(&r->done, made, memory_order_release);
}

/* A shard was gone through. */
static inline void ban_round_step(struct ban_round *r)
{
	if (r->left && !--r->left)
		atomic_store_explicit(&r->done, r->made, memory_order_release);
}

static inline uint32_t ban_round_done(const struct ban_round *r)
{
	return atomic_load_explicit(&r->done, memory_order_acquire);
}

#endif
