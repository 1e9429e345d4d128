/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The records of TCP connections: for flow.c and flows.c alone.
 *
 * Ownership: a record owns the chunks of its sides; flow_let_go gives them back.
 * Locking: a record's, by table.
 */
#ifndef SIPMOAT_FLOW_H
#define SIPMOAT_FLOW_H

#include <stdatomic.h>

#include "side.h"

#define LINGER (60 * NS)  /* of a connection that is over: nothing waits longer for an end */
#define CLOSED (5 * NS)   /* of one that the server has closed: only repeats can follow */
#define ANSWERED (3 * NS) /* for whoever was answered to read it before the connection ends */
#define OPENING (64 * NS) /* a server repeats its SYN-ACK for 63 s (RFC 6298 2.1, 5 times) */

enum { FROM_OUTSIDE, FROM_INSIDE };

/* How much a connection has proven; ranks of the table. */
enum rank {
	RANK_OPENING, /* a SYN-ACK was sent */
	RANK_OPEN,    /* both ends spoke to each other */
	RANK_TALKS,   /* a server sends messages over it */
};

struct flow {
	struct addr outside, inside;
	uint16_t outside_port, inside_port;
	uint8_t rank;    /* enum rank */
	bool called;     /* a server opened it */
	bool ended;      /* by us */
	bool closing;    /* an end says so, or somebody who knows its numbers */
	bool closed;     /* the server takes nothing more from outside */
	bool guessed;    /* picked up from outside, and no server has confirmed it: it may
	                  * be forged, and its numbers wrong */
	bool shown;      /* its handshake was seen: who is outside receives what is sent to him */
	bool spoken;     /* a message came from outside */
	bool failed_told; /* FLOW_TLS_FAILED was given out */
	bool cut;        /* something of ours was put in: nothing else may follow */
	bool answered;   /* ... an answer to the end outside, which hears the rest until
	                  * `waiting`; the server has been let go */
	uint32_t base[2]; /* next of each side then, */
	uint32_t put[2];  /* ... and bytes of ours behind it */
	uint32_t first[2]; /* sequence numbers behind the SYNs, by side */
	uint64_t last;    /* when its latest packet came */
	uint64_t waiting; /* since when a message is awaited, 0: none is */
	struct side side[2];
};

struct flows {
	struct table *table;
	struct pool *pool;
	atomic_bool evicted; /* an unknown connection may be one that was known */
};

uint64_t flow_key(const struct state *st, const struct reset *ends);
/* Is it the connection between these ends? */
bool flow_between(const struct flow *f, const struct reset *ends);
void flow_let_go(struct flow *f, struct flows *all);

#endif
