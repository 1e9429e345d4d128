/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What survives a restart: the memory across packets, in a file (settings.store_file).
 * It is written at the stop, and every now and then by a thread of its own, so that
 * little is lost when there is no stop; it is read at the start.
 *
 * The file is as secret as the memory of the process: nobody but the daemon's user may
 * read it.  It is written beside itself and renamed, so that it is always whole.
 *
 * Ownership: a store owns its path, not the state.  Locking: the main thread; the
 * store's own thread only calls state_save.  Errors: said in the log, and no reason not
 * to run.
 */
#ifndef SIPMOAT_NFQ_STORE_H
#define SIPMOAT_NFQ_STORE_H

#include "engine.h"

struct store;

/* Before any other thread, and before anything is put into the state: takes back what an
 * earlier run left, and sets the clock to go on where that one stood. */
void store_load(const struct settings *s, struct state *st);
/* When all else runs.  NULL: nothing is to be stored, or no memory for it. */
struct store *store_start(const struct settings *s, struct state *st);
/* When no worker runs any more: saves for the last time.  Takes NULL. */
void store_stop(struct store *s);
/* Does a file of that name in a config mean the same one?  s may be NULL. */
bool store_same(const struct store *s, const char *file);

#endif
