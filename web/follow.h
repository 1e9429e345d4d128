/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Browsers that follow the events (server-sent events): each has a place and sleeps while there
 * is nothing new.
 *
 * Ownership: the board is borrowed.  A response owns its follower, and frees it.
 * Locking: inside; any thread.
 */
#ifndef SIPMOAT_FOLLOW_H
#define SIPMOAT_FOLLOW_H

#include <microhttpd.h>

#include "board.h"

struct followers;

struct followers *followers_new(struct board *b); /* NULL: no memory */
void followers_free(struct followers *all); /* after the last response is gone */
/*
 * What the connection is answered with; NULL: enough follow already, or no memory.  seen: id of
 * the last event that the browser has had, as it says; NULL: none.
 */
struct MHD_Response *followers_response(struct followers *all, struct MHD_Connection *c,
					const char *seen);
/* There is something new on the board. */
void followers_wake(struct followers *all);
/* Shows them that somebody lives here, which finds out those that do not. */
void followers_beat(struct followers *all);
/* None goes on. */
void followers_end(struct followers *all);

#endif
