/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pipes: how much may pass of something, by one of four algorithms.  All are exact and know
 * no chance: the same events give the same verdicts.
 *
 *   TAILDROP  at most `limit` in any window, the window slides
 *   BUCKET    tokens: `limit` come in a window, evenly, and at most `burst` are kept
 *   RED       as TAILDROP, and between early % of the limit and the limit a growing share
 *             of what comes is refused (after Floyd and Jacobson, 1993), evenly spread:
 *             shares are summed, and each whole one is a refusal
 *   FEEDBACK  the share is what keeps the time that packets wait for us (state_delay) at
 *             `target`: a proportional-integral controller
 *
 * Who is known goes first: strangers may fill a pipe to (100 - reserve) % of it.  With
 * FEEDBACK their share of the refusals is 100 / (100 - reserve) times as large, and the
 * known are refused when all strangers are.
 *
 * Ownership: values.  Locking: inside.  Units: ns.
 */
#ifndef SIPMOAT_PIPES_H
#define SIPMOAT_PIPES_H

#include <stdbool.h>
#include <stdint.h>

#include "timelog.h"

struct state;

enum pipe_algorithm { PIPE_TAILDROP, PIPE_BUCKET, PIPE_RED, PIPE_FEEDBACK };

struct pipe_limit {
	uint8_t algorithm; /* enum pipe_algorithm */
	uint32_t limit;    /* 1 to TIMELOG_MOST */
	uint32_t burst;    /* BUCKET: 1 to TIMELOG_MOST */
	uint32_t early;    /* RED: percent, below 100 */
	uint32_t reserve;  /* percent, 100 at most */
	uint64_t window;   /* s, TIMELOG_WINDOW at most, in ns */
	uint64_t target;   /* FEEDBACK: at least PIPE_TARGET */
};

#define PIPE_TARGET 10000000 /* ns */
#define PIPE_WHOLE ((uint32_t)1 << 30) /* of shares */

/* ALWAYS passes and is counted as far as there is room. */
enum pipe_who { PIPE_STRANGER, PIPE_KNOWN, PIPE_ALWAYS };

/*
 * key: of what the pipe counts, made with key.h, and another for each window and algorithm.
 * rank 0..2: how little strangers can do to have such a record.  false: it is refused, and
 * not counted.  *load: events in the window or tokens that are taken, this one included;
 * FEEDBACK: the share of PIPE_WHOLE that is refused of such.
 */
bool pipe_take(struct state *st, uint64_t key, const struct pipe_limit *l, enum pipe_who who,
	       uint8_t rank, uint64_t now, uint32_t *load);
/* It was refused by others: what it has taken is there again.  Shares stay as they are. */
void pipe_give(struct state *st, uint64_t key, const struct pipe_limit *l, uint64_t now);

/* Gives back what idle pipes hold: about once a second. */
void pipes_sweep(struct state *st, uint64_t now);
/* Once, for a new state. */
void pipes_watch(struct state *st);

#define DELAY_BITS 22 /* of a slot, 4.2 ms: state_delay looks at this one and the last */

#endif
