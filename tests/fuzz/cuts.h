/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A connection fed to rules/sip/stream.h in segments, and what came out of it.
 * However the bytes of a side are cut, that must be the same.
 */
#ifndef SIPMOAT_FUZZ_CUTS_H
#define SIPMOAT_FUZZ_CUTS_H

#include <sanitizer/asan_interface.h>

#include "fuzz.h"
#include "sip/stream.h"

#define CUTS_ROOM 8192 /* bytes of the largest message; inputs are shorter */

/* What came out of one side. */
struct cut_side {
	struct stream stream;
	struct slice rest;   /* of the bytes so far, from the first one not taken */
	uint64_t sum;        /* of the messages, their ends included (FNV-1a) */
	uint32_t taken, messages;
};

/* side[0] opened the connection. */
struct cuts {
	struct cut_side side[2];
	uint32_t dice; /* 0: one segment; 1: byte by byte; else odd segments */
	char *room;    /* CUTS_ROOM bytes */
};

static inline struct cuts cuts_new(uint32_t dice)
{
	struct cuts c = { .dice = dice, .room = malloc(CUTS_ROOM) };

	must(c.room);
	return c;
}

static inline bool cuts_ended(const struct cuts *c)
{
	return c->side[0].stream.flaw != FLAW_NONE || c->side[1].stream.flaw != FLAW_NONE;
}

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

static inline void cut_sane(const struct cuts *c, const struct cut_side *s, enum stream_cut cut,
			    const struct stream_out *out)
{
	must(s->stream.kind <= STREAM_OTHER && s->stream.flaw < FLAW_COUNT);
	must((cut == STREAM_BROKEN) == (s->stream.flaw != FLAW_NONE));
	if (cut == STREAM_MESSAGE || cut == STREAM_BROKEN)
		must(inside(out->message, s->rest) ||
		     inside(out->message, (struct slice){ c->room, CUTS_ROOM }));
	if (cut == STREAM_MESSAGE)
		must(out->message.n && out->message.n <= CUTS_ROOM);
	if (cut == STREAM_MESSAGE || cut == STREAM_SKIP)
		must(out->take && out->take <= s->rest.n);
}

/* All that a side's bytes complete; what it says may complete what the other said. */
static inline void cuts_take(struct cuts *c, unsigned side)
{
	struct cut_side *s = &c->side[side];

	while (s->rest.n && !cuts_ended(c)) {
		struct stream_out out = { { NULL, 7 }, 77 };
		enum stream_cut cut = stream_cut(&s->stream, s->rest, c->room, CUTS_ROOM, &out);

		cut_sane(c, s, cut, &out);
		if (cut == STREAM_MESSAGE)
			cuts_message(s, out.message);
		if (cut == STREAM_MESSAGE || cut == STREAM_SKIP) {
			s->rest.p += out.take;
			s->rest.n -= out.take;
			s->taken += out.take;
		}
		stream_settle(&c->side[0].stream, &c->side[1].stream);
		if (cut == STREAM_MORE)
			return;
	}
}

/*
 * One side sends these bytes; they follow in memory what it sent before, and those
 * that have not come yet must not be touched.
 */
static inline void cuts_feed(struct cuts *c, unsigned side, struct slice bytes)
{
	struct cut_side *s = &c->side[side];
	struct slice all = bytes;

	ASAN_POISON_MEMORY_REGION(all.p, all.n);
	while (bytes.n && !cuts_ended(c)) {
		uint32_t n = c->dice == 0 ? bytes.n : c->dice == 1 ? 1 : cuts_dice(c) % 40 + 1;

		if (n > bytes.n)
			n = bytes.n;
		ASAN_UNPOISON_MEMORY_REGION(bytes.p, n);
		if (!s->rest.n)
			s->rest.p = bytes.p;
		s->rest.n += n;
		bytes.p += n;
		bytes.n -= n;
		cuts_take(c, side);
		cuts_take(c, !side);
		cuts_take(c, side);
	}
	ASAN_UNPOISON_MEMORY_REGION(all.p, all.n);
}

/* Of a connection that ended, what the server said in its last segment is no matter. */
static inline void cuts_same(const struct cuts *a, const struct cuts *b)
{
	bool ended = cuts_ended(a);

	must(ended == cuts_ended(b));
	for (unsigned i = 0; i < (ended ? 1 : 2); i++) {
		const struct cut_side *x = &a->side[i], *y = &b->side[i];

		must(x->messages == y->messages && x->sum == y->sum);
		must(x->taken == y->taken && x->stream.flaw == y->stream.flaw);
		must(x->stream.kind == y->stream.kind && x->stream.tls == y->stream.tls);
	}
}

#endif
