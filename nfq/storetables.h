/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What people may read in the store's database (docs/store.md): bans, calls, registrations,
 * counters; each written when it changes.
 *
 * Ownership: a zeroed struct storetables is fresh, storetables_forget frees what it holds.
 * Locking: one thread.  Units: the tables hold s since 1970.  Errors: 0 or -errno.
 */
#ifndef SIPMOAT_STORETABLES_H
#define SIPMOAT_STORETABLES_H

#include "changes.h"
#include "db.h"
#include "engine.h"
#include "report.h"

struct storetables {
	bool known; /* the database holds what was written here last; */
	bool listed; /* ... of registrations, too */
	struct changes bans, calls, registrations;
	uint64_t looked, looking; /* at all calls last: as it was written, and now; s, 0: never */
	struct report_totals counted, counting; /* in the database, in the transaction under way */
};

/* Where it comes from, and how much of it is kept. */
struct storetables_from {
	struct state *state;
	void (*count)(void *arg, struct report_totals *out); /* NULL: nothing is counted */
	void *count_arg;
	uint32_t history; /* s */
	uint32_t calls;   /* rows, 0: no call is recorded */
};

/* Within a transaction: when that fails, storetables_forget; when not, storetables_done. */
int storetables_write(struct storetables *t, struct db *d, const struct storetables_from *from);
/* ... and what need not be as fresh: registrations, counters, and what becomes too old. */
int storetables_count(struct storetables *t, struct db *d, const struct storetables_from *from);
void storetables_done(struct storetables *t);
void storetables_forget(struct storetables *t);

/* Bans of an earlier run, but for those by hand, for the caller to free. */
int storetables_bans(struct db *d, struct ban **out, size_t *n);

/* --- between the files of the tables --- */

struct storewriting {
	struct db *db;
	struct db_query *put, *drop; /* drop: ?1 is the id, */
	uint64_t last;               /* ... and this its ?2, if not 0 */
	struct changes *changes;
	uint64_t now, wall; /* the same instant: ns, s */
	int error;
};
struct storewriting storewriting_now(struct db *d);
/* After the walk: what is gone is dropped, if all was seen.  Frees the queries. */
int storewriting_end(struct storewriting *w, bool seen);
void storewriting_run(struct storewriting *w);
/* An engine's time as that of the wall clock. */
int64_t storewriting_wall(const struct storewriting *w, uint64_t then);
/* 0: not yet. */
void storewriting_put_time(struct storewriting *w, int at, uint64_t then);

int storecalls_write(struct storetables *t, struct db *d, const struct storetables_from *from);
int storeregistrations_write(struct storetables *t, struct db *d, struct state *st);
/* When all calls were looked at is noted for the next run. */
int storecalls_note(const struct storetables *t, struct db *d);
int storecalls_trim(struct db *d, const struct storetables_from *from, uint64_t wall);

#endif
