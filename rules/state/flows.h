/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TCP connections (RFC 9293) as the two ends see them.
 *
 * A server acts on the bytes that reach it in order.  So a segment may pass as
 * long as it completes nothing that is to be refused, and what it carries is put
 * together here in the same order.  For that to be true whatever the network or
 * an attacker does, the bytes of a direction are kept until they were judged and
 * the receiver has acknowledged them: a repeated or overlapping segment must
 * repeat the same bytes, or it is refused.  Segments may come out of order.
 *
 * A connection is recorded when a server answers SYN with SYN-ACK, so forged SYNs
 * cost nothing; one that was not seen from the start is picked up where a message
 * begins (settings.midstream).
 *
 * Ownership: a segment and the slices it gives out are valid until the next
 * flow_take with the same room.  Locking: inside; flow_take copies what it needs
 * and holds nothing when it returns.  Who has taken a segment must judge it before
 * another thread takes one of the same connection: a repeat passes because the first
 * copy is known, and that copy must have been judged.  The kernel sees to it: both
 * lanes have as many queues (into_queue in nfq/steer.c), among which it chooses by a
 * hash of the two addresses, whichever comes first (nfqueue_hash; IPv4 and IPv6,
 * native and xt), and one worker reads the same one of both lanes.
 * Units: ns; sequence numbers in host order.  Clocks of threads may differ a little.
 */
#ifndef SIPMOAT_FLOWS_H
#define SIPMOAT_FLOWS_H

#include "engine.h"
#include "sip/stream.h"

struct state;
struct table;

/*
 * What a segment says beyond its bytes.  Most segments say nothing.  OUTSIDE,
 * CHECKSUM, EARLY and URGENT, and DIFFERS and UNKNOWN where no reset is wanted, should only
 * be dropped (evidence.gentle); with ENDED the RST may have been lost.
 */
enum flow_note {
	FLOW_OPENING = 1 << 0,  /* SYN from outside */
	FLOW_OPENED = 1 << 1,   /* the handshake is complete: the return path is proven */
	FLOW_UNKNOWN = 1 << 2,  /* no record, and no message begins here */
	FLOW_DIFFERS = 1 << 3,  /* repeats bytes, but not the same ones */
	FLOW_OUTSIDE = 1 << 4,  /* too far from what is expected, or no memory for it:
	                         * drop it, the sender will repeat it */
	FLOW_CHECKSUM = 1 << 5, /* the receiver will not take it: drop it */
	FLOW_ENDED = 1 << 6,    /* belongs to a connection that was ended by us */
	FLOW_EARLY = 1 << 7,    /* SYN with data: drop it, the sender falls back (RFC 7413) */
	FLOW_TOO_LONG = 1 << 8, /* a message longer than the memory for it */
	FLOW_TLS_HELLO = 1 << 9,   /* a TLS ClientHello */
	FLOW_TLS_FAILED = 1 << 10, /* a TLS connection ended before any data */
	FLOW_NOT_SIP = 1 << 11, /* neither SIP, TLS nor WebSocket: see other */
	FLOW_CUT = 1 << 13,     /* something of ours is in it: drop it, whatever it says */
	FLOW_URGENT = 1 << 12,  /* URG: drop it, servers leave a byte out or not (RFC 6093 3) */
};

struct flow_room; /* memory of one worker to put messages together in */
struct flow_room *flow_room_new(void);
void flow_room_free(struct flow_room *r);

/* One segment, and what its bytes complete. */
struct segment {
	uint16_t notes;      /* bitmap of enum flow_note */
	uint8_t kind;        /* enum stream_kind of the connection */
	uint8_t other;       /* enum sip_defect with FLOW_NOT_SIP (sip_other) */
	uint8_t flaw;        /* enum stream_flaw: its last message is broken, and why */
	bool first_message;  /* the next message is the first one of the connection */
	bool missed;         /* what the server said over it was not all read */
	bool guessed;        /* no server has confirmed the connection: it may be forged */
	bool shown;          /* of a connection whose handshake was seen: it is not */
	struct reset ending; /* would end the connection; always filled */
	/* private to flows.c */
	const struct flow_room *room;
	uint64_t key;
	unsigned at; /* messages that were given out */
	struct taken {
		bool any;
		uint32_t seq, n;                 /* what it brought */
		uint32_t done, next, next_after; /* of its direction, before and after */
		struct stream stream;            /* before */
	} taken;
};

/*
 * Takes in the segment (pkt->dir tells whose).  Never fails: trouble is a note.
 * settings: midstream, tcp_first, tcp_idle.
 */
void flow_take(struct state *st, const struct settings *s, struct flow_room *room,
	       const struct pkt *pkt, uint64_t now, struct segment *seg);
/*
 * The next message that the segment completes, in order; false when there is none.
 * A message whose framing is beyond repair comes as it is, for the malformed check.
 */
bool flow_next(struct segment *seg, struct slice *message);
/*
 * The connection was ended: all its later segments get FLOW_ENDED.  One that was only
 * guessed is forgotten: the next segment may be that of the true one.
 */
void flow_end(struct state *st, const struct segment *seg, uint64_t now);
/* The segment is dropped, and its sender may send it again: its bytes have not come. */
void flow_undo(struct state *st, const struct segment *seg, uint64_t now);

/*
 * Puts n bytes of ours into the connection, in the name of one end, behind all that this end
 * has said: *seq and *ack of the segment.  From now on nothing else passes.  false: it is not
 * known, or in the middle of a message.
 */
bool flow_put(struct state *st, const struct reset *ends, bool to_inside, uint16_t n,
	      uint64_t now, uint32_t *seq, uint32_t *ack);
/*
 * Likewise the answer to a request in the segment, towards the end outside; once more for
 * what follows it.  For that end the connection goes on until some seconds after `last`, when
 * flows_sweep finds it; the other end is to be reset at once.  false: nobody has confirmed the
 * connection, or the server is in the middle of a message.
 */
bool flow_answer(struct state *st, const struct segment *seg, uint16_t n, uint64_t last,
		 uint64_t now, uint32_t *seq, uint32_t *ack);
/* Ends a connection with bytes of ours in it: fills the numbers of *ends.  false: there is
 * none, or it was ended. */
bool flow_put_end(struct state *st, struct reset *ends, uint64_t now);

/* The memory of all connections; a part of struct state. */
struct flows;
struct flows *flows_new(struct table *table, uint32_t kib); /* the table stays the caller's */
void flows_free(struct flows *f);
struct pool *flows_pool(struct flows *f);
/*
 * Forgets what is over, and finds connections that waited too long: out, at most room.
 * Each of them is to be ended or spared then: a spared one waits no more or, when it is
 * silent, is forgotten.
 */
size_t flows_sweep(struct state *st, const struct settings *s, uint64_t now, struct reset *out,
		   size_t room);
/* Fills the numbers of *ends.  false: it is gone meanwhile. */
bool flow_expire(struct state *st, struct reset *ends, uint64_t now);
void flow_spare(struct state *st, const struct reset *ends, uint64_t now);
/*
 * Connections that go on, all of them once when `bans` has changed (state_bans_made), in the
 * course of a second: the next part of what is due.  false: nothing is due.
 * Locking: one thread; a few records are held at a time.
 */
#define FLOWS_PART 64
bool flows_share(struct state *st, uint32_t bans, uint64_t now, struct reset out[FLOWS_PART],
		 size_t *n);

#endif
