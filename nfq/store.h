/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What survives a restart, and what people may look up: a database (settings.store_file)
 * that one thread writes.  It holds the memory across packets, which is read at the start,
 * and tables to be read by others (storetables.h).  Each save is one transaction: what is
 * read is one of them, whole.
 *
 * The file is as secret as the memory of the process: nobody but the daemon's user may
 * read it.
 *
 * Ownership: a store owns its file, not the state.  Locking: the main thread; the store's own
 * thread only reads the state and the counters.  Errors: said in the log, and no reason not
 * to run.
 */
#ifndef SIPMOAT_NFQ_STORE_H
#define SIPMOAT_NFQ_STORE_H

#include "engine.h"

struct store;
struct report_totals;

struct store_counts {
	bool kept;      /* something is to be stored */
	bool failing;   /* the last save did not work */
	uint64_t saves; /* that did */
	uint64_t saved; /* when the last of them was, s since 1970; 0: none yet */
};

/* Before any other thread, and before anything is put into the state: takes back what an
 * earlier run left, and sets the clock to go on where that one stood.  NULL: nothing is to be
 * stored, or no memory for it. */
struct store *store_open(const struct settings *s, struct state *st);
/* The bans that it left, but for those by hand, for the caller to free.  s may be NULL. */
size_t store_bans(struct store *s, struct ban **out);
/* When all else runs; count: the workers' counters, until store_halt.  Takes NULL. */
void store_start(struct store *s, void (*count)(void *arg, struct report_totals *out), void *arg);
/* Before the workers go: their counters are read no more, and nothing is saved until the
 * stop.  Takes NULL. */
void store_halt(struct store *s);
/* When no worker runs any more: saves for the last time, if it was started.  Takes NULL. */
void store_stop(struct store *s);
/* At once, by whoever has not started the thread; false: it could not be. */
bool store_save(struct store *s);
/* Any thread; takes NULL. */
void store_count(const struct store *s, struct store_counts *out);
/* Where it is, as long as it lives.  NULL for NULL. */
const char *store_path(const struct store *s);
/* Does a file of that name in a config mean the same one?  s may be NULL. */
bool store_same(const struct store *s, const char *file);

#endif
