/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory across packets in the store's database: the parts of state_save, a row each, of
 * which only those are written that have changed.
 *
 * Ownership: a zeroed one is fresh; what is read is the caller's.  Locking: one thread.
 * Errors: 0 or -errno.
 */
#ifndef SIPMOAT_STOREMEMORY_H
#define SIPMOAT_STOREMEMORY_H

#include "db.h"
#include "engine.h"
#include "statefile.h"

struct storememory {
	bool known; /* what the database holds is what was saved here last, by its hashes */
	uint64_t hash[STATE_PARTS];
	bool held[STATE_PARTS]; /* it has that row */
	uint64_t written; /* bytes, by the last save */
};

/* Within a transaction: when that fails, storememory_forget. */
int storememory_save(struct storememory *m, struct db *d, struct state *st);
void storememory_forget(struct storememory *m);
/* All parts, put together; n is 0 where there are none. */
int storememory_read(struct db *d, struct statefile *out);

#endif
