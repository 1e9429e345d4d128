/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Times of events, each to the nanosecond: how many there were in the last `window` is exact,
 * whatever their number.  Events of the same instant take one place; 64 places are a chunk
 * of a pool.
 *
 * A log always gets its first chunk, and more while half of the pool is free.  Where it gets
 * none, an event shares the place of the one before it, which counts as late as that one:
 * the log may then say too much for a window, never too little.
 *
 * Ownership: a log owns its chunks, timelog_clear gives them back.  All zero is an empty
 * one.  Locking: none of its own.  Units: ns; times never run backwards.
 */
#ifndef SIPMOAT_TIMELOG_H
#define SIPMOAT_TIMELOG_H

#include <stdbool.h>

#include "pool.h"

#define TIMELOG_PLACES (CHUNK_BYTES / sizeof(uint64_t))
#define TIMELOG_MOST 65535 /* events in a window */
#define TIMELOG_WINDOW 86400 /* s, the longest */

struct timelog {
	uint32_t first, last; /* a chain of chunks */
	uint8_t head;  /* place of the oldest in the first */
	uint8_t tail;  /* behind that of the newest in the last */
	uint32_t load; /* events in all places */
};

/* Forgets what is as old as a window.  Call it before the two others look or add. */
void timelog_expire(struct timelog *g, struct pool *p, uint64_t window, uint64_t now);
/* load must be below TIMELOG_MOST. */
void timelog_add(struct timelog *g, struct pool *p, uint64_t now);
/* Takes back the newest. */
void timelog_undo(struct timelog *g, struct pool *p);
void timelog_clear(struct timelog *g, struct pool *p);

#endif
