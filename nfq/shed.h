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
#include "ruleparts.h"

/* Rules of a chain for sources that a set names: some that accept whom nothing may
 * drop, and one that drops the rest; enforce false: that only counts them.
 * counts: the rule does; a counter costs as much as a look-up, and elements may have their own.
 * Not a chain of its own to jump to: a flood of banned sources would pay for the way. */
void shed_spare(struct nftset *n, const char *chain, const struct family *f,
		unsigned n_families);
void shed_drop(struct nftset *n, const char *chain, bool enforce, bool counts);

/* The chain of those in the set of banned sites.  sure: nobody is in it of whom a set says that
 * nothing may drop him, so those need not be asked. */
void shed_sites(struct nftset *n, const struct plan *p, const struct family *f, bool sure);

/* The sets must stand. */
void shed_bans(struct nftset *n, const struct plan *p);
void shed_police(struct nftset *n, const struct plan *p);
/* Nothing is shed; the chain with the hook stays.  _drop: it goes, too, with all packets that
 * wait in queues (steer.h). */
void shed_police_empty(struct nftset *n);
void shed_police_drop(struct nftset *n);

#endif
