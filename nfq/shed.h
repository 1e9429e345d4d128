/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel drops by itself, before a packet costs anybody anything: the chain of the
 * banned, and the police that sheds what one source sends too fast.  Each function adds
 * messages to the transaction that is being built.
 *
 * Ownership: none.  Locking: none; one thread at a time.
 */
#ifndef SIPMOAT_SHED_H
#define SIPMOAT_SHED_H

#include "nftset.h"
#include "plan.h"

/* A chain for sources that a set names: it accepts whom nothing may drop, and comes back with
 * the rest. */
#define SHED_SPARED "bans_spared"
/* A rule that asks it, and one that drops the rest: enforce false: that only counts them. */
void shed_unless_spared(struct nftset *n, const char *chain);
void shed_drop(struct nftset *n, const char *chain, bool enforce);

/* The sets must stand. */
void shed_bans(struct nftset *n, const struct plan *p);
void shed_police(struct nftset *n, const struct plan *p);
/* Nothing is shed; the chain with the hook stays.  _drop: it goes, too, with all packets that
 * wait in queues (steer.h). */
void shed_police_empty(struct nftset *n);
void shed_police_drop(struct nftset *n);

#endif
