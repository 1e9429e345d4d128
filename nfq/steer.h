/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The shape of our tables: sets, the chain that drops banned sources, the chain
 * that polices rates, and the chains that steer SIP into the queues.  Each
 * function adds messages to the transaction that is being built; running one
 * again brings the tables to the plan whatever they held, in one stroke.
 *
 *   inet sipmoat            sets, bans, police; steering by nft's queue
 *   ip, ip6 sipmoat-queue   steering by the xt NFQUEUE target, where the kernel
 *                           has no queue expression.  Tables cannot see each
 *                           other's sets: these hold copies of known and trusted
 *
 * When any chain with a hook goes, the kernel drops all packets that wait in the
 * namespace's queues.  While queues are served such chains are only emptied; they
 * go when nothing waits: at the start, and after the queues were drained.
 *
 * Ownership: none.  Locking: none; one thread at a time.
 */
#ifndef SIPMOAT_STEER_H
#define SIPMOAT_STEER_H

#include "nftset.h"
#include "plan.h"

/* A chain that sources come to that nobody has banned or allowed; feedset.c fills it. */
#define STEER_FEEDS "feeds"

#define STEER_TEXT 256

enum steer_kind { STEER_NATIVE, STEER_XT };

extern const struct nftset_table steer_main, steer_queue4, steer_queue6;

/* Which way into a queue the kernel has; wanted is settings.steering. */
int steer_probe(struct nftset *n, uint8_t wanted, enum steer_kind *kind, char err[STEER_TEXT]);
void steer_base(struct nftset *n, const struct plan *p);
/* Police and queue chains; sweep: what an earlier run may have left goes too. */
void steer_on(struct nftset *n, const struct plan *p, enum steer_kind kind, bool sweep);
/* No packet enters a queue any more; those that wait stay. */
void steer_off(struct nftset *n, enum steer_kind kind);
/* The empty chains go too. */
void steer_remove(struct nftset *n, enum steer_kind kind);
/* Deletes our tables; absent ones are fine. */
void steer_drop_main(struct nftset *n);
void steer_drop_queue(struct nftset *n);

#endif
