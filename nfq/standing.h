/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the daemon stands: since when it runs, by which settings, and what the main thread has
 * found of late, for other threads to ask.
 *
 * Ownership: a value with a lock in it; copies are what readers get.
 * Locking: inside.  Units: s since 1970; 0: never.
 */
#ifndef SIPMOAT_STANDING_H
#define SIPMOAT_STANDING_H

#include <pthread.h>

#include "engine.h"
#include "handmode.h"

struct standing {
	struct settings settings; /* in force; only its numbers, no text, are valid */
	uint64_t started;
	uint64_t loaded;      /* when these settings came into force */
	uint32_t generation;  /* which these are; 1: those of the start */
	uint32_t refusals;    /* reloads that were refused since the start */
	uint64_t refused;     /* when the last one was, if none was taken after it, else 0 */
	uint64_t overflowed[LANES]; /* when it was last seen that a queue of the lane was full, */
	uint64_t lost[LANES];       /* ... and how many packets had found it so by then */
	struct handmode mode; /* by hand; settings.mode is what holds */
	uint8_t config_mode;  /* what the config says */
	uint64_t capped;      /* likewise that bans were not made: bans.rate */
};

struct standing_board {
	pthread_mutex_t lock;
	struct standing is;
};

void standing_begin(struct standing_board *b, const struct settings *s, uint64_t wall);
void standing_end(struct standing_board *b);
/* A reload was taken, or refused. */
void standing_loaded(struct standing_board *b, const struct settings *s, uint64_t wall);
/* The same configuration in another mode, and what was set by hand. */
void standing_settings(struct standing_board *b, const struct settings *s);
void standing_mode(struct standing_board *b, const struct handmode *by_hand, uint8_t config);
void standing_refused(struct standing_board *b, uint64_t wall);
void standing_overflowed(struct standing_board *b, enum lane lane, uint64_t lost, uint64_t wall);
void standing_capped(struct standing_board *b, uint64_t wall);
struct standing standing_of(struct standing_board *b);

#endif
