/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A worker: two lanes of packets, strangers and known sources, each with a queue
 * of its own, and one thread that judges them.  The known lane goes first, so a
 * flood of strangers fills only its own queue; strangers get a smaller share of a
 * busy worker, never none.
 *
 * Ownership: a worker owns its queues, batch, scratch, counters and the rings'
 * producing ends; the conf's pointers must outlive it.
 * Locking: worker_stop, worker_phase, worker_beats and worker_stats may be called
 * by any thread, the rest by the one that made it.
 * Errors: 0 or -errno with a line for the operator in err.
 */
#ifndef SIPMOAT_WORKER_H
#define SIPMOAT_WORKER_H

#include "engine.h"
#include "publish.h"
#include "queue.h"
#include "ring.h"

enum worker_phase {
	WORKER_RUN,
	WORKER_DRAIN,  /* asked to leave once both queues are empty */
	WORKER_LEAVE,  /* asked to leave after the batch in hand */
	WORKER_ENDED,  /* left as asked */
	WORKER_FAILED, /* a queue is lost and could not be opened again */
};

struct hep;

struct worker_conf {
	unsigned index;      /* also its reader number in live */
	const struct settings *settings; /* read by worker_new only */
	unsigned workers;    /* strangers: queue first + index, known: + workers */
	struct publish *live;
	struct state *state;
	const struct hep *hep; /* NULL: there is none */
	struct ring *events; /* struct news: what an operator wants to know */
	struct ring *bans;   /* struct event: what the ban thread must do */
	int events_fd, bans_fd; /* eventfds of their consumers */
	int phase_fd;        /* eventfd: told when the phase becomes ENDED or FAILED */
};

struct worker;

/* Binds both queues. */
int worker_new(struct worker **out, const struct worker_conf *conf, char err[QUEUE_ERROR]);
int worker_start(struct worker *w);
/* Asks it to drain or to leave. */
void worker_stop(struct worker *w, enum worker_phase how);
enum worker_phase worker_phase(struct worker *w);
/* Ends the thread (asking it to leave if need be) and frees all.  Takes NULL. */
void worker_free(struct worker *w);

/* Grows with every turn of the loop, at least once a second: a worker whose beats
 * stand still is stuck. */
uint64_t worker_beats(struct worker *w);
const struct stats *worker_stats(struct worker *w);

#endif
