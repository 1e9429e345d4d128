/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls: one record each, from its first INVITE to a while after its end (RFC 3261 13 to
 * 15).  A call is named by Call-ID and From tag of that INVITE (names.from), so that forks,
 * repetitions, the INVITE that answers a challenge, and the legs before and behind a proxy
 * are one; the two legs of a B2BUA are two.
 *
 * What a call has taken of quotas, and what it runs up while it lasts, hangs on its record
 * as slots.  A check takes for a new call and writes the slots into the message's draft;
 * calls_learn puts them on the record when the message has passed, calls_refused gives
 * them back when it has not.  Whatever ends a call, its expiry and its eviction from a full
 * table too, gives back what it holds.
 *
 * Ownership: values.  Locking: inside.  Units: ns; lives in s.
 */
#ifndef SIPMOAT_CALLS_H
#define SIPMOAT_CALLS_H

#include "account.h"
#include "memory.h"
#include "number/number.h"

enum call_state {
	CALL_INITIAL,  /* asked for; a challenged one waits for its credentials here */
	CALL_RINGING,
	CALL_ANSWERED,
	CALL_ENDED,    /* was answered, and is over */
	CALL_CANCELED,
	CALL_FAILED,
};

enum call_why { /* why it is over */
	CALL_BYE, CALL_REFUSED, CALL_CANCEL, CALL_EXPIRED, CALL_CUT, CALL_EVICTED,
};

enum slot_kind {
	SLOT_NOW,     /* 1 taken while the call lasts */
	SLOT_COUNT,   /* 1 taken; given back when the INVITE is challenged */
	SLOT_SECONDS, /* what the call lasts, added while it does */
	SLOT_MONEY,   /* what it costs, likewise, in CALL_MONEY of the currency */
	SLOT_SHORT,   /* at its end: quota_ended(), bad when it lasted less than `least` */
	SLOT_DISTINCT, /* act is an item that was a new one, quota_give_distinct() gives it */
	SLOT_SAME,     /* ... and quota_give_same() this one, each as a COUNT is given back */
};

struct call_slot {
	uint64_t key;          /* struct quota */
	uint32_t window, warn, act;
	uint32_t rule;         /* whom it belongs to: when_hash() and the like, for messages */
	uint8_t kind;          /* enum slot_kind */
	uint8_t check;         /* index into checks[] */
	uint16_t least;        /* SHORT: s */
};

#define CALL_SLOTS 12
#define CALL_MONEY 10000     /* parts of a unit of the currency */
#define CALL_MICRO 1000000   /* parts of it in prices */

/* RFC-less trade custom: "60/60" is billed by the minute, "30/6" 30 s and then by 6 s. */
struct call_price {
	uint32_t minute, setup, least; /* CALL_MICRO; least: a call costs that at least */
	uint16_t first, then;          /* s; then 0: it has no price */
};

/* What is known of a new call when its INVITE is judged. */
struct call_draft {
	uint64_t key;   /* names.from; 0: nothing is drafted */
	bool again;     /* it has a record already: repeated, challenged, or another leg */
	uint8_t slots;
	struct call_slot slot[CALL_SLOTS];
	struct call_price price;
	uint32_t warn_after, cut_after; /* s from its answer; 0: never */
	uint8_t duration_check; /* index into checks[] of who says so */
	int16_t trunk;  /* -1: none */
};

struct call {
	uint64_t key, site;
	uint64_t began, rang, answered, ended; /* 0: not yet */
	struct account account; /* zero when a server inside calls */
	struct number number;   /* dialled */
	uint8_t state, why;
	uint8_t dir;            /* enum direction of its first INVITE */
	uint8_t zone;
	int16_t trunk;          /* -1: none */
	uint8_t slots;
	struct call_slot slot[CALL_SLOTS];
	struct call_price price;
	uint32_t warn_after, cut_after;
	uint32_t seconds;       /* added to slots so far */
	uint64_t spent;         /* CALL_MICRO, so far */
};

/* The call of a message, by Call-ID and either tag.  false: there is no record. */
bool call_find(struct state *st, const struct names *n, uint64_t now, struct call *out);

void calls_prefetch(const struct state *st, const struct names *n, table_fetch *fetch);
/* draft: of an INVITE that passed, else NULL. */
void calls_learn(struct state *st, const struct lesson *l, const struct call_draft *draft);
/* The message did not pass: nothing of its draft stays taken. */
void calls_refused(struct state *st, const struct call_draft *draft, uint64_t now);

/* What a call costs that lasts so long: CALL_MICRO. */
uint64_t call_cost(const struct call_price *p, uint32_t seconds);

#endif
