/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The last events as the daemon told them, for browsers that follow: each reader knows the id of
 * the last that he has, and comes when he likes.
 *
 * Ownership: copies in, copies out.  Locking: none of its own.
 */
#ifndef SIPMOAT_TAPE_H
#define SIPMOAT_TAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TAPE_EVENTS 512
#define TAPE_TEXT 8192 /* longer ones are left out, and counted as a gap */

struct tape {
	uint64_t last; /* id of the last one */
	size_t n, next;
	struct {
		uint64_t id;
		uint64_t missed; /* that many are gone before it */
		char *json;
	} event[TAPE_EVENTS];
};

/* Ids must grow; what does not is taken for a daemon that begins anew.  missed: how many the
 * daemon had before it that it does not know any more. */
void tape_add(struct tape *t, uint64_t id, const char *json, uint64_t missed);
/*
 * The first one behind that id, as server-sent event into out; 0: there is none.  *id becomes
 * its id.  What was lost between is told as an event of its own.
 */
size_t tape_next(const struct tape *t, uint64_t *id, char *out, size_t room);
/* Where somebody begins who wants to see so many to begin with. */
uint64_t tape_before(const struct tape *t, size_t events);
void tape_free(struct tape *t);

#endif
