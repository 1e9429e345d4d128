/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table `guesses`: attempts to log in that failed, or are not answered yet (a
 * trial: of one user from one site), and failures alone (a tally).  For logins.c.
 *
 * Locking: inside, one record at a time.  Units: ns; within a record steps of 2^20 ns,
 * about a millisecond.
 */
#ifndef SIPMOAT_GUESSES_H
#define SIPMOAT_GUESSES_H

#include "logins.h"

/* txn, guess: names.txn and names.guess.  vouched: what is under way need not count. */
enum login_answer trial_try(struct state *st, uint64_t key, uint64_t txn, uint64_t guess,
			    const struct login_limit *l, bool vouched, uint64_t now,
			    uint64_t *until);
enum login_answer trial_state(struct state *st, uint64_t key, const struct login_limit *l,
			      uint64_t now, uint64_t *until);
void trial_failed(struct state *st, uint64_t key, uint64_t txn, uint64_t guess, uint64_t now);
/* It was answered, and that says nothing about the credentials. */
void trial_let_go(struct state *st, uint64_t key, uint64_t txn, uint64_t now);
void trial_forget(struct state *st, uint64_t key);

void tally_add(struct state *st, uint64_t key, uint64_t now);
uint32_t tally_count(struct state *st, uint64_t key, uint64_t window, uint64_t now);

#endif
