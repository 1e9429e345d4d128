/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The thread that writes what is told to a file, to standard output and to journald, as the
 * group `events` of the config asks.  It reads the journal as anybody does: a slow disk holds
 * up nobody, and what the journal has lost meanwhile is told.
 *
 * Ownership: the journal must outlive it.
 * Locking: inside; the functions are the main thread's.
 */
#ifndef SIPMOAT_SINKS_H
#define SIPMOAT_SINKS_H

#include "engine.h"

struct journal;
struct sinks;

int sinks_start(struct sinks **out, struct journal *j, const struct settings *s); /* or -errno */
/* From now on; also where nothing has changed, for a file that was renamed.  Takes NULL. */
void sinks_reload(struct sinks *k, const struct settings *s);
/* Writes what is left and ends the thread.  Takes NULL. */
void sinks_stop(struct sinks *k);

#endif
