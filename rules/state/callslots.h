/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What calls hold of quotas: given back, and added to.
 *
 * Ownership: values; a call here is a copy, or no longer in the table.  Locking: inside
 * the quotas; no record of a call is held.  Units: as calls.h.
 */
#ifndef SIPMOAT_CALLSLOTS_H
#define SIPMOAT_CALLSLOTS_H

#include "calls.h"

enum settle {
	SETTLE_NOT,
	SETTLE_END,     /* it is over, as its state says */
	SETTLE_BACK,    /* it was no attempt: COUNT is given back, too */
	SETTLE_EXPIRED, /* nothing was heard of it for too long */
	SETTLE_EVICTED, /* it had to make room */
};
void calls_settle(struct state *st, const struct call *c, enum settle how, uint64_t now);

/* Adds what it has lasted and cost since: was is the record as it stood before, c as it is
 * now.  More than once: until false.  *slot begins at 0. */
struct slot_news {
	uint8_t slot;
	bool over; /* else warned */
	uint32_t used;
};
bool calls_add(struct state *st, const struct call *was, const struct call *c, uint64_t now,
	       unsigned *slot, struct slot_news *news);

/* The calls were restored: what they have in use is counted anew. */
void calls_restored(struct state *st, uint64_t now);

/* Whole seconds begun of what it lasted. */
uint32_t call_seconds(const struct call *c, uint64_t now);
/* Brings `seconds` and `spent` up to date. */
void call_advance(struct call *c, uint64_t now);

#endif
