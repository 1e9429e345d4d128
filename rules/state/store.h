/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What struct state is made of: for rules/state/ alone. */
#ifndef SIPMOAT_STORE_H
#define SIPMOAT_STORE_H

#include <stdatomic.h>

#include "banround.h"
#include "bindings.h"
#include "flows.h"
#include "hash.h"
#include "key.h"
#include "meter.h"
#include "pipes.h"
#include "sight.h"
#include "state.h"
#include "table.h"

struct state {
	struct hash_key secret;
#define X(name, records, least, help) struct table *name;
	TABLES(X)
#undef X
	struct table *bans;
	_Atomic uint32_t bans_made; /* so many were new, or are sure now */
	/* bit per length of a prefix: there may be a ban, or an allowance, of that length */
	_Atomic uint64_t ban_lengths[2][3];
	struct sight sight[SIGHTS];
	_Atomic int64_t wall;   /* twice the s that the wall clock is ahead of the engine's,
				 * plus 1; 0: unknown */
	_Atomic uint64_t began; /* time of the first packet, 0: none yet */
	_Atomic uint64_t woke;  /* ... of this process: began may be restored */
	_Atomic uint64_t dialogs_lost; /* when a live call had to make room last, 0: never */
	_Atomic uint64_t answered_until; /* then all records of `answers` have ended */
	atomic_bool dialogs_loses;     /* one had to, and that time is not noted yet */
	struct census census;   /* of contacts */
	struct { /* calls_sweep: of the thread that calls it */
		uint64_t turn; /* shards that it has gone through, in shares of a second */
		uint32_t at;   /* bucket of the one in hand */
		uint32_t seen; /* records that hold something, in this round so far, */
		bool run;      /* ... and whether there were any in the last one */
		struct ban_round bans; /* those of the banned */
	} call_sweep;
	struct { /* flows_share: of the thread that calls it */
		struct ban_round bans;
		uint32_t at;   /* bucket of the shard in hand */
		uint64_t turn; /* shares of a second that it has gone through */
	} flow_round;
	struct pool *pipe_times; /* of the logs of pipes */
	_Atomic uint64_t delay[2]; /* the longest wait in a slot of time: pipes.c */
	struct flows *tcp; /* what else belongs to flows */
};

/* Bytes of a record. */
#define X(name, records, least, help) size_t name##_size(void);
TABLES(X)
#undef X
size_t bans_size(void);

#endif
