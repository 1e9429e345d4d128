/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A connection fed to rules/sip/stream.h in segments, and what came out of it.
 * However the bytes of a side are cut, that must be the same.
 */
#ifndef SIPMOAT_FUZZ_CUTS_H
#define SIPMOAT_FUZZ_CUTS_H

#include "fuzz.h"
#include "sip/stream.h"

#define CUTS_ROOM 1024 /* bytes of the largest message */

/* What came out of one side. */
struct cut_side {
	struct stream stream;
	struct slice rest;   /* of the bytes so far, from the first one not taken */
	uint64_t sum;        /* of the messages, their ends included (FNV-1a) */
	uint32_t taken, messages;
	bool broken;
};

/* side[0] opened the connection. */
struct cuts {
	struct cut_side side[2];
	uint32_t dice; /* 0: one segment; 1: byte by byte; else odd segments */
};

static inline uint32_t cuts_dice(struct cuts *c)
{
	c->dice = c->dice * 1664525u + 1013904223u;
	return c->dice >> 16;
}

static inline void cuts_message(struct cut_side *s, struct slice m)
{
	for (uint32_t i = 0; i < m.n; i++)
		s->sum = (s->sum ^ (uint8_t)m.p[i]) * 1099511628211u;
	s->sum = (s->sum ^ 0x100) * 1099511628211u;
	s->messages++;
}

/* All that s->rest completes. */
static inline void cuts_take(struct cut_side *s)
{
	while (s->rest.n && !s->broken) {
		struct slice bytes = piece_new(s->rest), room;
		struct stream_out out = { { (const char *)1, 7 }, 77 };
		char *memory = malloc(CUTS_ROOM);
		enum stream_cut cut;

		must(memory);
		room = (struct slice){ memory, CUTS_ROOM };
		cut = stream_cut(&s->stream, bytes, memory, CUTS_ROOM, &out);
		must(s->stream.kind <= STREAM_OTHER);
		must(cut == STREAM_MORE || cut == STREAM_BROKEN || out.take > 0);
		must(cut == STREAM_MORE || cut == STREAM_BROKEN || out.take <= bytes.n);
		if (cut == STREAM_MESSAGE || cut == STREAM_BROKEN)
			must(inside(out.message, bytes) || inside(out.message, room));
		if (cut == STREAM_MESSAGE) {
			must(out.message.n && out.message.n <= CUTS_ROOM);
			cuts_message(s, out.message);
		}
		s->broken = cut == STREAM_BROKEN;
		must(s->broken == (s->stream.flaw != FLAW_NONE));
		if (cut == STREAM_MESSAGE || cut == STREAM_SKIP) {
			s->rest.p += out.take;
			s->rest.n -= out.take;
			s->taken += out.take;
		}
		piece_free(bytes);
		free(memory);
		if (cut == STREAM_MORE)
			return;
	}
}

/* One side sends these bytes; they follow in memory what it sent before. */
static inline void cuts_feed(struct cuts *c, unsigned side, struct slice bytes)
{
	struct cut_side *s = &c->side[side];

	while (bytes.n && !s->broken) {
		uint32_t n = c->dice == 0 ? bytes.n : c->dice == 1 ? 1 : cuts_dice(c) % 40 + 1;

		if (n > bytes.n)
			n = bytes.n;
		if (!s->rest.n)
			s->rest.p = bytes.p;
		s->rest.n += n;
		bytes.p += n;
		bytes.n -= n;
		cuts_take(s);
		stream_settle(&c->side[0].stream, &c->side[1].stream);
		s->broken |= s->stream.flaw != FLAW_NONE;
		c->side[!side].broken |= c->side[!side].stream.flaw != FLAW_NONE;
	}
}

static inline void cuts_same(const struct cuts *a, const struct cuts *b)
{
	for (unsigned i = 0; i < 2; i++) {
		const struct cut_side *x = &a->side[i], *y = &b->side[i];

		must(x->messages == y->messages && x->sum == y->sum);
		must(x->broken == y->broken && x->taken == y->taken);
		must(x->stream.kind == y->stream.kind && x->stream.tls == y->stream.tls);
	}
}

#endif
