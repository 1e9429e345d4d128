/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A TCP connection between a client outside and a server inside, for tests of
 * rules/state/flows.c.  Include after cmocka.h.
 */
#ifndef SIPMOAT_TEST_CONNECTION_H
#define SIPMOAT_TEST_CONNECTION_H

#include <stdio.h>
#include <stdlib.h>

#include "state/flows.h"
#include "state/memory.h"
#include "state/pool.h"
#include "state/store.h"

#define REQUEST(id) \
	"OPTIONS sip:100@192.0.2.10 SIP/2.0\r\nVia: SIP/2.0/TCP 203.0.113.9;branch=z9hG4bK" id \
	"\r\nFrom: <sip:1@x>;tag=1\r\nTo: <sip:100@x>\r\nCall-ID: " id \
	"\r\nCSeq: 1 OPTIONS\r\nContent-Length: 4\r\n\r\nbody"
#define ANSWER "SIP/2.0 200 OK\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"

enum { FIN = 1, SYN = 2, RST = 4, ACK = 16 };

struct world {
	struct settings s;
	struct state *st;
	struct flow_room *room;
	struct segment seg; /* the latest one */
	uint64_t now;
	uint16_t port;      /* of the client */
	uint32_t c, v;      /* next sequence numbers of client and server */
	char got[1 << 17];  /* all messages from outside, one behind the other */
	size_t n;
	unsigned messages;  /* of the latest segment */
};

static inline struct world *world_new(uint32_t kib)
{
	static const uint8_t seed[16] = { 3 };
	struct world *w = calloc(1, sizeof(*w));

	w->s = (struct settings){ .meters = 1024, .sources = 1024, .tokens = 1024, .ban_max = 64,
				  .flows = 512, .stream_memory = kib, .tcp_first = 60,
				  .tcp_idle = 3600 };
	w->st = state_new(&w->s, seed);
	w->room = flow_room_new();
	w->now = NS;
	w->port = 40000;
	assert_non_null(w->st);
	assert_non_null(w->room);
	return w;
}

static inline void world_free(struct world *w)
{
	flow_room_free(w->room);
	state_free(w->st);
	free(w);
}

static inline struct pkt packet(const struct world *w, bool in, unsigned flags, uint32_t seq,
			 uint32_t ack, struct slice text)
{
	static const uint8_t client[4] = { 203, 0, 113, 9 }, server[4] = { 192, 0, 2, 10 };
	struct addr c = addr_v4(client), v = addr_v4(server);

	return (struct pkt){ .src = in ? c : v, .dst = in ? v : c, .sport = in ? w->port : 5060,
			     .dport = in ? 5060 : w->port, .proto = PROTO_TCP, .version = 4,
			     .tcp_flags = (uint8_t)flags, .tcp_seq = seq, .tcp_ack = ack,
			     .dir = in ? DIR_INBOUND : DIR_OUTBOUND, .payload = text };
}

static inline unsigned take(struct world *w, bool in, unsigned flags, uint32_t seq, uint32_t ack,
		     struct slice text)
{
	struct pkt pkt = packet(w, in, flags, seq, ack, text);
	struct slice m;

	memory_begin(w->st, w->now);
	flow_take(w->st, &w->s, w->room, &pkt, w->now, &w->seg);
	for (w->messages = 0; flow_next(&w->seg, &m); w->messages++)
		if (in && w->n + m.n <= sizeof(w->got)) {
			memcpy(w->got + w->n, m.p, m.n);
			w->n += m.n;
		}
	return w->seg.notes;
}

/* From the client, at an offset behind what it has sent so far. */
static inline unsigned at(struct world *w, uint32_t offset, struct slice text)
{
	return take(w, true, ACK, w->c + offset, w->v, text);
}

static inline unsigned say(struct world *w, struct slice text)
{
	unsigned notes = at(w, 0, text);

	w->c += text.n;
	return notes;
}

/* From the server, which has all that the client sent. */
static inline unsigned answer(struct world *w, struct slice text)
{
	unsigned notes = take(w, false, ACK, w->v, w->c, text);

	w->v += text.n;
	return notes;
}

static inline void connect_at(struct world *w, uint32_t c, uint32_t v)
{
	w->c = c;
	w->v = v;
	w->n = 0;
	assert_int_equal(take(w, true, SYN, w->c++, 0, SLICE_NONE), FLOW_OPENING);
	assert_int_equal(take(w, false, SYN | ACK, w->v++, w->c, SLICE_NONE), 0);
	assert_int_equal(at(w, 0, SLICE_NONE), FLOW_OPENED);
}

static inline void assert_got(const struct world *w, struct slice text)
{
	assert_int_equal(w->n, text.n);
	assert_memory_equal(w->got, text.p, text.n);
}

/* Ends what waited too long. */
static inline size_t sweep(struct world *w, struct reset *out, size_t room)
{
	size_t n = flows_sweep(w->st, &w->s, w->now, out, room);

	for (size_t i = 0; i < n; i++)
		assert_true(flow_expire(w->st, &out[i], w->now));
	return n;
}

static inline uint32_t dice(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

#endif
