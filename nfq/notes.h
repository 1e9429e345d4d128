/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a worker's batch has to tell, and to whom it goes once the verdicts have left.
 *
 * Ownership: a part of the worker.  Locking: none, one thread.
 */
#ifndef SIPMOAT_NOTES_H
#define SIPMOAT_NOTES_H

#include "event.h"
#include "queue.h"
#include "ring.h"
#include "stats.h"

struct notes {
	struct news at[QUEUE_BATCH];
	unsigned n;
	uint64_t second; /* ns: since when these are counted: */
	unsigned read;
};

struct notes_to {
	struct ring *bans, *events; /* of struct event, of struct news */
	int bans_fd, events_fd;     /* eventfds of their consumers */
};

/*
 * Is the message of the next note to be read for people?  Of a burst of one source one is
 * enough, and in a flood of many sources those that there are lines for; but always what acts
 * on its source.
 */
#define NOTES_READ 256 /* a second */
bool notes_read(struct notes *n, const struct event *ev, uint64_t now);
/* Nothing here can hold a packet up; what finds a ring full is counted. */
void notes_tell(struct notes *n, const struct notes_to *to, struct stats *stats);

#endif
