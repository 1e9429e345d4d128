/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answers of a worker on their way out: those that leave behind the verdicts of the batch in
 * hand, and those that wait until they are due (action "tarpit").  The latter stand in a ring
 * of a fixed size, in the order in which they came: all wait equally long.  After a reload with
 * a shorter answers.delay those from before it hold later ones up, for the rest of their time.
 *
 * Ownership: a worker's; parcels are copied.  What still waits at the end is never sent.
 * Locking: none; one thread.  Units: ns of the engine's clock.
 */
#ifndef SIPMOAT_OUTBOX_H
#define SIPMOAT_OUTBOX_H

#include "engine.h"
#include "inject.h"
#include "queue.h"

struct outbox;

struct outbox_asked {
	const struct queue_packet *packet;
	const struct pkt *pkt; /* the same, judged */
};

struct outbox *outbox_new(unsigned places); /* of those that wait; NULL: no memory */
void outbox_free(struct outbox *o);         /* takes NULL */
/* What the scratch's latest decision asks for; its answer leaves from where the request was
 * sent to, which behind DNAT is not where it goes.  At most QUEUE_BATCH times between two sends. */
void outbox_put(struct outbox *o, const struct scratch *s, const struct decision *d,
		const struct outbox_asked *asked, uint64_t now, struct stats *stats);
/* Sends all that does not wait, and what is due, but not to who is banned by now; false:
 * nothing was.  in NULL: it is lost. */
bool outbox_send(struct outbox *o, struct inject *in, struct state *st, uint64_t now,
		 struct stats *stats);
/* ms from now until the next is due, at most `most`. */
unsigned outbox_wait(const struct outbox *o, uint64_t now, unsigned most);

#endif
