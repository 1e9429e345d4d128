/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The thread that tells: takes events out of the workers' rings and writes one
 * log line for each, or for each burst of the same source and check, so that no
 * flood becomes a flood of lines.  What is written goes into the journal, too.
 *
 * Ownership: the rings and the eventfd must outlive the thread.
 * Locking: it is the only consumer of its rings.
 */
#ifndef SIPMOAT_EVENTS_H
#define SIPMOAT_EVENTS_H

#include "engine.h"
#include "ring.h"

struct events;
struct journal;

struct events_conf {
	struct ring *const *ring; /* of struct news, one per worker; read while it lives */
	unsigned rings;
	int wake_fd;              /* eventfd that workers write after putting */
	struct journal *journal;  /* gets all that is told; NULL: the log only */
	struct state *state;      /* where tokens wait; NULL: they are told without names */
	/* Each token that is told, as it waits; NULL: nobody else wants to know. */
	void (*on_token)(void *arg, const struct approval *a);
	void *token_arg;
};

int events_start(struct events **out, const struct events_conf *conf); /* 0 or -errno */
/* Writes what is left and ends the thread.  Takes NULL. */
void events_stop(struct events *e);

#endif
