/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The last things that were told, for whoever asks or follows: a ring, and beside it a
 * smaller one of those that acted, so that a flood of drops does not push out why somebody
 * was banned.
 *
 * Ids grow, over restarts too as long as nobody sets the clock back.  Who follows and is too
 * slow finds a gap between them.
 *
 * Ownership: copies in, copies out.  Locking: inside; any thread, held for copies only.
 */
#ifndef SIPMOAT_JOURNAL_H
#define SIPMOAT_JOURNAL_H

#include "told.h"

struct journal;

struct journal *journal_new(void); /* NULL: no memory */
void journal_free(struct journal *j);
/* Gives it its id and time; wakes who watches. */
void journal_add(struct journal *j, struct told *t);
/* The id before that of the first one of all. */
uint64_t journal_first(struct journal *j);
/* The id of the last one; before the first, one that no event has. */
uint64_t journal_last(struct journal *j);

/* NULL: all. */
typedef bool journal_want(const struct told *t, const void *arg);
/*
 * Copies those behind the id that are wanted, the oldest first, at most room; returns how
 * many.  *seen: up to which id it has looked: the next `after`.  *missed: how many between
 * `after` and the oldest that is left are gone.
 */
size_t journal_read(struct journal *j, uint64_t after, journal_want *want, const void *arg,
		    struct told *out, size_t room, uint64_t *seen, uint64_t *missed);
/* The latest of both rings that are wanted, the latest first. */
size_t journal_find(struct journal *j, journal_want *want, const void *arg, struct told *out,
		    size_t room);
/* fd is an eventfd that is to be written with each further one; false: too many watch.
 * journal_unwatch before it is closed. */
bool journal_watch(struct journal *j, int fd);
void journal_unwatch(struct journal *j, int fd);

#endif
