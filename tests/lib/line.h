/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A TCP connection between a phone outside and a server inside, through the whole engine.
 * Include after cmocka.h.
 */
#ifndef SIPMOAT_TEST_LINE_H
#define SIPMOAT_TEST_LINE_H

#include "check.h"
#include "message.h"
#include "rules.h"

enum { SYN = 2, ACK = 16, URG = 32 };

#define GOOD LINE HEAD "User-Agent: Phone 1\r\nContent-Length: 0\r\n\r\n"
#define BAD LINE HEAD "User-Agent: friendly-scanner\r\nContent-Length: 0\r\n\r\n"

struct line {
	struct ruleset *rs;
	struct state *st;
	struct scratch *s;
	struct addr phone, server;
	uint16_t port;
	uint32_t seq, ack; /* of the phone */
	uint64_t now;
	struct decision d; /* of the latest packet */
};

static inline void line_open(struct line *l, const char *config)
{
	const uint8_t seed[16] = { 7 }, server[4] = { 192, 0, 2, 10 },
		      phone[4] = { 203, 0, 113, 9 };
	struct prefix inside = { addr_v4(server), 128 };

	*l = (struct line){ .rs = rules_load(config), .s = scratch_new(), .phone = addr_v4(phone),
			    .server = addr_v4(server), .port = 40000, .now = NS };
	l->st = state_new(ruleset_settings(l->rs), seed);
	assert_non_null(l->st);
	assert_int_equal(ruleset_set_inside(l->rs, &inside, 1), 0);
}

static inline void line_close(struct line *l)
{
	scratch_free(l->s);
	state_free(l->st);
	ruleset_free(l->rs);
}

/* From the phone, `offset` behind what it sent; the verdict. */
static inline unsigned at(struct line *l, unsigned flags, uint32_t offset, struct slice text)
{
	struct pkt pkt = { .src = l->phone, .dst = l->server, .sport = l->port, .dport = 5060,
			   .version = 4, .proto = PROTO_TCP, .tcp_flags = (uint8_t)flags,
			   .tcp_seq = l->seq + offset, .tcp_ack = l->ack, .payload = text };

	engine_run(l->rs, l->st, l->s, &pkt, l->now, &l->d);
	return l->d.verdict;
}

static inline unsigned say(struct line *l, struct slice text)
{
	unsigned verdict = at(l, ACK, 0, text);

	l->seq += text.n;
	return verdict;
}

static inline void server_says(struct line *l, unsigned flags, struct slice text)
{
	struct pkt pkt = { .src = l->server, .dst = l->phone, .sport = 5060, .dport = l->port,
			   .version = 4, .proto = PROTO_TCP, .tcp_flags = (uint8_t)flags,
			   .tcp_seq = l->ack, .tcp_ack = l->seq, .payload = text };

	engine_run(l->rs, l->st, l->s, &pkt, l->now, &l->d);
	assert_int_equal(l->d.verdict, VERDICT_ACCEPT);
	assert_false(l->d.reset);
	l->ack += text.n;
}

static inline void line_connect(struct line *l)
{
	l->seq = 1000;
	l->ack = 5000;
	assert_int_equal(at(l, SYN, 0, SLICE_NONE), VERDICT_ACCEPT);
	l->seq++;
	server_says(l, SYN | ACK, SLICE_NONE);
	l->ack++;
	assert_int_equal(at(l, ACK, 0, SLICE_NONE), VERDICT_ACCEPT);
}

/* From the server, that the packet may be judged as well. */
static inline unsigned leaves(struct line *l, struct slice text)
{
	struct pkt pkt = { .src = l->server, .dst = l->phone, .sport = 5060, .dport = l->port,
			   .version = 4, .proto = PROTO_TCP, .tcp_flags = ACK,
			   .tcp_seq = l->ack, .tcp_ack = l->seq, .payload = text };

	engine_run(l->rs, l->st, l->s, &pkt, l->now, &l->d);
	l->ack += text.n;
	return l->d.verdict;
}

#endif
