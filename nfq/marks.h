/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Marks of packets in the kernel: sources that a check marked stand in maps, and a chain gives
 * their packets the mark, before NAT and before routing, so that an operator's own rules may
 * lead them elsewhere.  Each function adds messages to the transaction that is being built.
 *
 * Ownership: none.  Locking: none; one thread at a time.
 */
#ifndef SIPMOAT_MARKS_H
#define SIPMOAT_MARKS_H

#include "nftset.h"
#include "plan.h"

struct family;

/* The maps must stand, and the sets of whom nothing may drop (shed.h). */
void marks_put(struct nftset *n, const struct plan *p);
/* Nothing is marked; the chain with the hook stays.  _drop: it goes, too, with all packets
 * that wait in queues (steer.h). */
void marks_empty(struct nftset *n);
void marks_drop(struct nftset *n);

/*
 * Rules at the head of a chain that SIP comes by: what DNAT has led from a marked source to a
 * host that is not inside, a honeypot, is no traffic of our servers, nor are its answers.
 * The table needs the maps and the sets of what is inside.
 */
void marks_pass(struct nftset *n, const struct nftset_table *t, const struct family *f,
		const char *chain);

#endif
