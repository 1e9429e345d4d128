/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transactions that we answered in a server's name, for as long as their requests may be
 * repeated and acknowledged (RFC 3261 17.1: 64 T1).  A table `answers`, in which those of
 * strangers, who get one answer each, outrank the others.
 *
 * Locking: inside.  Units: ns.
 */
#ifndef SIPMOAT_ANSWERED_H
#define SIPMOAT_ANSWERED_H

#include <stdbool.h>
#include <stdint.h>

struct state;

bool answered_before(struct state *st, uint64_t txn, uint64_t now);
/* It is answered now; false: somebody else was faster. */
bool answered_now(struct state *st, uint64_t txn, bool stranger, uint64_t now);
/* An ACK of that INVITE came: is it of an answer of ours?  No longer once it was said as
 * often as nobody repeats it: whoever goes on is judged like anybody. */
bool answered_acked(struct state *st, uint64_t invite, uint64_t now);

#endif
