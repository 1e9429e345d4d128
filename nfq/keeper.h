/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's side, kept true: takes over what the kernel holds, writes tables,
 * steering and elements, answers what others do to them.  All of the ban thread's
 * work without the thread.
 *
 * Ownership: keeper_open allocates; state must outlive it.
 * Locking: one thread at a time, but keeper_count: any thread.
 * Units: now in ns of the engine's clock.  Errors: 0 or -errno, one line in err.
 */
#ifndef SIPMOAT_KEEPER_H
#define SIPMOAT_KEEPER_H

#include "ban.h"
#include "byhand.h"

struct keeper;

int keeper_open(struct keeper **out, const struct ban_conf *conf, uint64_t now,
		char err[BAN_ERROR]);
void keeper_close(struct keeper *k); /* takes NULL; leaves the tables as they are */

/* Collects; keeper_flush sends. */
void keeper_take(struct keeper *k, const struct event *ev, uint64_t now);
void keeper_flush(struct keeper *k, uint64_t now);
/* When keeper_go_on has something to do; 0: nothing waits. */
uint64_t keeper_due(const struct keeper *k);
/* What comes little by little: rounds of renewal, prefixes that changed too often. */
void keeper_go_on(struct keeper *k, uint64_t now);
/* What an operator wants, in the kernel before it returns. */
void keeper_by_hand(struct keeper *k, struct byhand *o, uint64_t now);

int keeper_steer(struct keeper *k, uint64_t now, char err[BAN_ERROR]);
int keeper_reload(struct keeper *k, const struct ruleset *rules, uint64_t now,
		  char err[BAN_ERROR]);
/* The steering ends; packets that wait in the queues stay. */
void keeper_unsteer(struct keeper *k);
/* Its empty chains go; packets that still wait are lost. */
void keeper_remove(struct keeper *k);

/* Poll this; keeper_watch reads what others did and sets it right. */
int keeper_fd(const struct keeper *k);
void keeper_watch(struct keeper *k, uint64_t now);
/* Compares state with what the kernel holds; to be called now and then. */
void keeper_reconcile(struct keeper *k, uint64_t now);
void keeper_sweep(struct keeper *k, uint64_t now);

uint64_t keeper_sent(struct keeper *k); /* as elem_sent */
void keeper_count(struct keeper *k, struct ban_counts *out);
/* As ban_known. */
int keeper_known(struct keeper *k, uint64_t now, struct addr **sites, size_t *n);

#endif
