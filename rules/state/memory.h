/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What messages teach, once they have passed: memory.c finds the transaction that a
 * message belongs to and shows the lesson to each memory in turn.  A refused message
 * teaches nothing.  Only what servers inside say makes anything true.
 *
 * Locking: inside the memories; none is held here.
 */
#ifndef SIPMOAT_MEMORY_H
#define SIPMOAT_MEMORY_H

#include "engine.h"
#include "names.h"
#include "table.h"
#include "transactions.h"

/* What a message shows of its sender: that it was he, or that a server asked him, too. */
enum shows { SHOWS_NOTHING, SHOWS_SENDER, SHOWS_ASKED };

struct lesson {
	const struct settings *settings;
	const struct pkt *pkt;   /* pkt->dir: DIR_INBOUND or DIR_OUTBOUND */
	const struct sip_msg *sip; /* a request or a response */
	const struct names *names;
	struct addr outside, inside; /* the two ends, whole addresses */
	uint16_t outside_port;
	enum shows shows;        /* a request or a response from outside */
	bool again;              /* a request repeated, or a response whose kind was seen */
	const struct transaction *asked; /* response: the request it answers; NULL when
	                                  * none is known.  CANCEL and ACK: the INVITE
	                                  * with their branch, or NULL */
	const struct transaction *other; /* request: one that was not answered yet, whose name
	                  * it has taken for another target or for other credentials; NULL */
	unsigned spoke;          /* dialogs_learn */
	uint64_t now;
};

/* facts: of an INVITE outside a dialog, else NULL.  true: it was said in a confirmed call, in
 * which the outside was heard. */
struct call_facts;
bool memory_learn(struct state *st, const struct settings *s, const struct pkt *pkt,
		  const struct sip_msg *sip, const struct names *n,
		  const struct call_facts *facts, enum shows shows, uint64_t now);

/* Fetches what the checks and memory_learn will read of a message: twice, see table.h. */
void memory_prefetch(const struct state *st, const struct sip_msg *sip, const struct names *n,
		     table_fetch *fetch);

/* now is the time of a packet, maybe the first one. */
void memory_begin(struct state *st, uint64_t now);
/* ns since the first packet of all that is remembered. */
uint64_t memory_age(const struct state *st, uint64_t now);
/* ... that this process saw: its TCP connections were not restored from anywhere. */
uint64_t memory_awake(const struct state *st, uint64_t now);
/* Shortly after the start (settings.learning) dialogs and registrations may be older
 * than our memory: what is not known is accepted, and learned. */
bool memory_learning(const struct state *st, const struct settings *s, uint64_t now);
/* Nothing can be concluded from what was not seen: we are learning, or do not hear the
 * server (sight.h). */
bool memory_blind(struct state *st, const struct settings *s, const struct addr *server,
		  uint64_t now);

#endif
