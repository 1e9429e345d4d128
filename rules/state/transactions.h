/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transactions (RFC 3261 17): which requests are under way, who asked, and what was
 * answered.  They tell a retransmission from a new request, an answer from a stray
 * one, and whom an outcome concerns.
 *
 * Lives: INVITE until TXN_FINAL after its final answer, TXN_EARLY without one, one of
 * ours that rings TXN_RINGS; others TXN_SHORT, TXN_FINAL once answered.  A record of
 * what a server inside asked outranks those of a site with standing, and these those of
 * strangers.
 *
 * Ownership: values.  Locking: inside.  Units: ns.
 */
#ifndef SIPMOAT_TRANSACTIONS_H
#define SIPMOAT_TRANSACTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct state;

#define TXN_EARLY 300 /* s: Timer C is more than 180 (16.6), and 1xx prolong it */
#define TXN_RINGS 3600 /* s: queues play music, and not all repeat their 1xx (13.3.1.1) */
#define TXN_SHORT 64  /* s: twice Timer F */
#define TXN_FINAL 64  /* s: Timers B, H, L: repeats of the request and of its answer */

enum txn_flag {
	TXN_INSIDE = 1,    /* a server inside asked; else somebody outside */
	TXN_LOGIN = 2,     /* it carried digest credentials: user is names.login */
	TXN_IN_DIALOG = 4, /* it had a To tag */
	TXN_CHALLENGED = 8,  /* with LOGIN: a server inside gave that nonce to that site */
	TXN_SAME = 16,       /* and gave it last for the very same INVITE: see what */
	TXN_SEVERAL = 32,    /* with LOGIN: names.several */
	TXN_ALONE = 128,     /* with CHALLENGED: and to no other site */
	TXN_SHOWN = 64,      /* it showed its sender: nonce, tag, TCP */
};

struct transaction {
	uint64_t site;   /* key of the outside end's site */
	uint64_t user;   /* names.login with TXN_LOGIN, else names.from_user; 0 in a dialog */
	uint64_t target; /* names.target; 0 in a dialog */
	uint64_t guess;  /* names.guess: a repetition with others is another attempt */
	uint32_t cseq;
	uint32_t what;   /* of INVITE from outside, no dialog: Request-URI and From, in short */
	uint16_t status; /* highest answer so far, 0 = none */
	uint8_t method;  /* enum sip_method */
	uint8_t flags;   /* enum txn_flag */
};

bool txn_find(struct state *st, uint64_t key, uint64_t now, struct transaction *out);

/*
 * A request passed.  AGAIN: a retransmission (or the table is full of better proven
 * ones).  OTHER: the name was taken by *other, but this one has another CSeq number, is
 * for somebody else or brings other credentials: it takes its place.  Stateless proxies
 * and RFC 2543 do so one after the other, whoever hides how much he asks all at once.
 * rank 0..2: how much its sender has proven (enum standing).
 */
enum asked { ASKED_NEW, ASKED_AGAIN, ASKED_OTHER };
enum asked txn_open(struct state *st, uint64_t key, const struct transaction *t, unsigned rank,
		    uint64_t now, struct transaction *other);

/*
 * A response passed; cseq: its number.  *asked is the request as it was before it, valid
 * unless UNASKED.  FIRST: the first 1xx above 100, or the first final one; AGAIN: a
 * repetition, or one of several answers to a forked INVITE.
 */
enum answer { ANSWER_UNASKED, ANSWER_FIRST, ANSWER_AGAIN };
enum answer txn_answer(struct state *st, uint64_t key, uint32_t cseq, unsigned status,
		       uint64_t now, struct transaction *asked);

#endif
