/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls: one record each, from its first INVITE to a while after its end (RFC 3261 13 to
 * 15).  A call is named by Call-ID and From tag of that INVITE (call_key), so that forks,
 * repetitions, the INVITE that answers a challenge, and the legs before and behind a proxy
 * are one; the two legs of a B2BUA are two.  Who asks again with that name while the call
 * lasts, for another number or with another CSeq number, has begun another call.
 *
 * What a call has taken of quotas, and what it runs up while it lasts, hangs on its record
 * as slots.  A check takes for a new call and writes the slots into the message's draft;
 * calls_learn puts them on the record when the message has passed, calls_refused gives
 * them back when it has not.  Whatever ends a call, its expiry and its eviction from a full
 * table too, gives back what it holds.
 *
 * Facts come from servers inside: their answers to whoever calls, and of calls that they
 * begin the answers to them.
 *
 * Ownership: values.  Locking: inside, one record at a time; quotas are changed with no
 * record held.  Units: ns; lives in s; times within a call in ms since it began.
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
	uint32_t window, act;
	union {
		uint32_t warn;
		uint32_t least; /* SHORT: s */
	};
	uint16_t rule;         /* whom it belongs to: when_hash() and the like, for messages */
	uint8_t kind : 4;      /* enum slot_kind */
	uint8_t proven : 4;    /* struct quota */
	uint8_t check;         /* index into checks[] */
};

#define CALL_SLOTS 12
#define CALL_TOLD_BANNED CALL_SLOTS /* in call.told: it is that of somebody banned */
#define CALL_MONEY 10000     /* parts of a unit of the currency */
#define CALL_MICRO 1000000   /* parts of it in prices */

/* RFC-less trade custom: "60/60" is billed by the minute, "30/6" 30 s and then by 6 s. */
struct call_price {
	uint32_t minute, setup, least; /* CALL_MICRO; least: a call costs that at least */
	uint16_t first, then;          /* s; then 0: it has no price */
};

/* What is known of a new call when its INVITE is judged. */
struct call_draft {
	uint64_t key;   /* call_key(); 0: nothing is drafted */
	bool again;     /* it has a record already, and pays for it: nothing is to be taken */
	bool copy;      /* with again: but it is none, see call_judge(): servers may call again */
	bool leg;       /* with again: it goes on to a trunk, and so far was on none: what
			 * counts by trunk may be taken, and is added to the record */
	uint8_t slots, room; /* of at most CALL_SLOTS, of a leg what the record has left */
	struct call_price price;
	uint32_t warn_after, cut_after; /* s from its answer; 0: never */
	uint8_t duration_check; /* index into checks[] of who says so */
	uint8_t duration_rule;  /* its own name for why */
	int16_t trunk;  /* of the outside end, -1: none */
	struct call_slot slot[CALL_SLOTS]; /* the first `slots` of them */
};

/* What a transaction goes by (RFC 3261 17.2.3), in short. */
struct call_branch {
	uint32_t id; /* the branch itself, the same in its answers */
	uint32_t by; /* who sends it, as he says, and his credentials */
};
struct call_branch call_branch_of(const struct state *st, const struct sip_msg *sip,
				  const struct names *n);

#define CALL_FORKS 2 /* dialogs of one call that are answered at once: more do not count */

struct call {
	_Alignas(8) uint64_t key; /* i386 would do with 4 */
	uint64_t began;         /* ns */
	uint64_t spent;         /* CALL_MICRO, so far, with what begins within 2 s */
	struct account account; /* zero when a server inside calls */
	struct number number;   /* dialled */
	struct call_slot slot[CALL_SLOTS];
	struct call_price price;
	struct addr outside, inside; /* the ends of its first INVITE */
	uint16_t outside_port, inside_port;
	uint32_t site;          /* part of the outside end's site key */
	uint32_t rang, answered, ended; /* ms since it began, at least 1; 0: not yet */
	uint32_t warn_after, cut_after;
	uint32_t seconds;       /* added to slots so far */
	uint32_t cseq, target;  /* of its INVITE */
	struct call_branch branch;
	uint32_t fork[CALL_FORKS]; /* parts of To tags that answered, 0: none */
	uint16_t life;          /* min without a message once answered, 0: as the settings say */
	uint16_t told;          /* bit per slot: over its limit, and that was told; and
				 * CALL_TOLD_BANNED */
	int16_t trunk;          /* -1: none */
	uint8_t state : 4, why : 4;
	uint8_t dir : 4;        /* enum direction of its first INVITE */
	uint8_t slots : 4;
	uint16_t status;        /* final answer to its INVITE, 0: none yet */
	uint8_t zone;
	uint8_t duration_check; /* once it was cut: who did */
	uint8_t open;           /* INVITEs that have no final answer; once it was cut: how
				 * often it was said */
	uint8_t proto;
	uint8_t flags;          /* see calls.c */
	uint8_t duration_rule;
};

/* The name of the call that a request outside a dialog is for. */
static inline uint64_t call_key(const struct names *n)
{
	return n->from ? n->from : n->call;
}

static inline bool call_over(const struct call *c)
{
	return c->state >= CALL_ENDED;
}

/* ns since its answer, until its end if it has one; 0: it was not answered. */
uint64_t call_lasted(const struct call *c, uint64_t now);

/* The call of a message, by Call-ID and either tag.  false: there is no record. */
bool call_find(struct state *st, const struct names *n, uint64_t now, struct call *out);

/*
 * Begins the draft of an INVITE outside a dialog: its key, and whether the call is known.
 * outbound, trunk: of the message; known: who sends it is trusted.
 */
struct call_asks {
	const struct names *names;
	const struct addr *inside; /* whom it is for, or who sends it */
	struct call_branch branch;
	uint32_t cseq;
	int16_t trunk;
	bool outbound, known;
};
void call_draft_begin(struct state *st, const struct call_asks *a, uint64_t now,
		      struct call_draft *out);

void calls_prefetch(const struct state *st, const struct sip_msg *sip, const struct names *n,
		    table_fetch *fetch);
/* What is known of a call besides what its lesson says. */
struct call_facts {
	const struct call_draft *draft;
	const struct account *account; /* NULL: a server inside calls */
	const struct number *number;
	uint8_t zone;
	bool known; /* who sends is trusted */
};
/* facts: of an INVITE outside a dialog that passed, else NULL. */
void calls_learn(struct state *st, const struct lesson *l, const struct call_facts *facts);
/* The message did not pass: nothing of its draft stays taken. */
void calls_refused(struct state *st, const struct call_draft *draft, uint64_t now);

/*
 * What becomes due while calls run.  calls_sweep adds what they have lasted and cost to
 * their slots, lets go of those of which nothing is heard any more, and shows what is due,
 * at most CALL_DUES at once: call it until it finds nothing.  A round through the table
 * takes a second, and what is left of it when it is called is done at once.  banned: after
 * new bans (state_bans_made) the next round shows the answered calls of whom they cut.
 * Locking: one thread; a few records are held at a time.
 */
enum call_due_kind {
	DUE_WARN,      /* it has lasted warn_after */
	DUE_CUT,       /* cut_after */
	DUE_SLOT_WARN, /* what it adds to has gone above warn, */
	DUE_SLOT_OVER, /* ... is above act; again each second until calls_told */
	DUE_BANNED,    /* the end outside is under a ban that cuts (state_ban_cuts) */
	DUE_AGAIN,     /* it was cut: its end may have to be said again */
};
struct call_due {
	struct call call;
	uint8_t kind;  /* enum call_due_kind */
	uint8_t slot;
	uint32_t used; /* SLOT: of what the slot counts */
};
#define CALL_DUES 24
size_t calls_sweep(struct state *st, bool banned, uint64_t now, struct call_due out[CALL_DUES]);
/* So many bans it has looked at everybody's calls for: modulo 2^32. */
uint32_t calls_bans_done(const struct state *st);
/* Did the last whole round find any that something may become due of? */
bool calls_run(const struct state *st);
/* That a slot is over, or CALL_TOLD_BANNED, is not to be said again. */
void calls_told(struct state *st, uint64_t key, unsigned slot, uint64_t now);
/* What was shown of it a moment ago: is it not over meanwhile? */
bool calls_goes_on(struct state *st, uint64_t key, uint64_t now);
/* The call is cut, by a check: it is over, and gives back what it holds. */
void calls_cut(struct state *st, uint64_t key, unsigned check, uint64_t now);
/* Its end was said once more; done: it need not be again. */
void calls_cut_said(struct state *st, uint64_t key, bool done, uint64_t now);
/* When its end is to be said for the last time, how often it was. */
#define CALL_CUTS 6

/* What a call costs that lasts so long: CALL_MICRO. */
uint64_t call_cost(const struct call_price *p, uint32_t seconds);

#endif
