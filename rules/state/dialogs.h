/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Dialogs (RFC 3261 12, RFC 6665 4): which calls and subscriptions there are, and
 * from where each of their two sides may speak.
 *
 * A record is a dialog, named by Call-ID and both tags, or half of one: a request
 * that may begin one and has no To tag yet.  From the half one dialog is made for
 * each To tag that answers (forking), and what the far side sends before its answer
 * arrives is known by our own tag alone.
 *
 * A side is known by its tag and has the sites that spoke with it, were spoken to
 * through it, or were named in its Contact and Record-Route; a side without any is
 * one of our servers.  Where a proxy inside joins two sides outside, both have some.
 *
 * Only what servers inside say makes a dialog: their requests and answers, and the
 * answers from outside to their requests.
 *
 * Ownership: values.  Locking: inside.  Units: lives in s, now in ns.
 */
#ifndef SIPMOAT_DIALOGS_H
#define SIPMOAT_DIALOGS_H

#include "memory.h"

enum dialog_state {
	DIALOG_HALF,
	DIALOG_EARLY,
	DIALOG_ANSWERED,  /* 2xx to INVITE, and nothing since */
	DIALOG_CONFIRMED,
	DIALOG_ENDED,
};

#define DIALOG_SITES 3

struct dialog_side {
	uint64_t tag;     /* as in names */
	uint64_t user;    /* name_user() of its address, 0: none */
	uint32_t site[DIALOG_SITES]; /* dialog_site(), last used first, 0: none */
	uint32_t cseq;    /* highest in its requests, 0: none yet */
	struct addr addr; /* where it was heard or spoken to last; zero: nowhere yet */
	uint16_t port;
	bool by_name;     /* it named itself by a domain name: it may be anywhere */
	bool asks_many;   /* before its dialog: not always the same host was asked */
	uint64_t targets; /* hosts that it was told to send to: targets.h */
};

struct dialog {
	struct dialog_side side[2];
	uint32_t life;  /* without any message, once confirmed; 0: as the settings say */
	uint8_t state;  /* enum dialog_state */
	bool call;      /* INVITE made it, or nobody knows; else a subscription */
	bool heard;     /* the outside spoke in it, so it knows both tags */
};

/* A site as a side remembers it; two are taken for one with probability 2^-31. */
static inline uint32_t dialog_site(uint64_t site_key)
{
	return (uint32_t)(site_key >> 32) | 1;
}

/* The dialog that a message with a To tag belongs to.  A side without a tag is one
 * of RFC 2543 (RFC 3261 12.2.1.1). */
static inline uint64_t dialog_key(const struct names *n)
{
	return n->to ? n->from + n->to : 0;
}

bool dialog_find(struct state *st, const struct names *n, uint64_t now, struct dialog *out);
/* The half that a request of ours left: what comes in with its tag as To tag. */
bool dialog_find_asked(struct state *st, const struct names *n, uint64_t now, struct dialog *out);
/* The half that the sender of a message left. */
bool dialog_find_half(struct state *st, const struct names *n, uint64_t now, struct dialog *out);

/* The side whose tag stands in From, and the other one. */
const struct dialog_side *dialog_from(const struct dialog *d, const struct names *n);
bool dialog_has_site(const struct dialog_side *side, uint64_t site_key);

/* Calls that go on had to make room in the full table lately, within the life of a
 * confirmed one: that a dialog is not known says nothing. */
bool dialogs_forgot(const struct state *st, const struct settings *s, uint64_t now);
/* Once, for a new state. */
void dialogs_watch(struct state *st);

/* A request is refused: true when it is a retransmission of one that was. */
bool dialog_refused(struct state *st, const struct names *n, uint64_t now);

/* makes: it may be the first message of a dialog. */
void dialogs_prefetch(const struct state *st, const struct names *n, bool makes,
		      table_fetch *fetch);
/* Of a request in a dialog that is known; bits. */
enum spoke { SPOKE_ITS_SIDE = 1, /* for the side that it claims */
	     SPOKE_IN_CALL = 2 };  /* in a call that is confirmed, and the outside was heard */
unsigned dialogs_learn(struct state *st, const struct lesson *l);

#endif
