/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "window.h"

/* Bits [from, to) of the word that starts at bit `at`. */
static uint64_t bits(uint32_t at, uint32_t from, uint32_t to)
{
	uint32_t lo = from > at ? from - at : 0, hi = to - at < 64 ? to - at : 64;

	return (hi == 64 ? ~0ull : (1ull << hi) - 1) & ~((1ull << lo) - 1);
}

enum presence { NONE, SOME, ALL };

static enum presence presence(const struct chunk *c, uint32_t from, uint32_t to)
{
	bool any = false, all = true;

	for (uint32_t at = from & ~63u; at < to; at += 64) {
		uint64_t want = bits(at, from, to), have = c->here[at / 64] & want;

		any |= have != 0;
		all &= have == want;
	}
	return all ? ALL : any ? SOME : NONE;
}

static bool is_here(const struct chunk *c, uint32_t at)
{
	return c->here[at / 64] >> at % 64 & 1;
}

/* Are bytes [from, to) of c that are here the same as those at p? */
static bool agrees(const struct chunk *c, uint32_t from, uint32_t to, const char *p)
{
	switch (presence(c, from, to)) {
	case NONE:
		return true;
	case ALL:
		return memcmp(c->bytes + from, p, to - from) == 0;
	case SOME:
		break;
	}
	for (uint32_t at = from; at < to; at++)
		if (is_here(c, at) && c->bytes[at] != p[at - from])
			return false;
	return true;
}

/* The chunk that seq lies in, or the last one before it; 0: all come behind it. */
static uint32_t find(const struct window *w, struct pool *p, uint32_t seq)
{
	uint32_t at = w->first, before = 0;

	if (w->last && !seq_before(seq, pool_chunk(p, w->last)->seq))
		return w->last;
	while (at && !seq_before(seq, pool_chunk(p, at)->seq)) {
		before = at;
		at = pool_chunk(p, at)->next;
	}
	return before;
}

/* The chunk for seq, made when there is none; 0 without memory. */
static uint32_t make(struct window *w, struct pool *p, uint32_t seq, uint32_t most)
{
	uint32_t before = find(w, p, seq), base = seq & ~(CHUNK_BYTES - 1u), number, *link;

	if (before && pool_chunk(p, before)->seq == base)
		return before;
	number = w->chunks < most ? pool_take(p) : 0;
	if (!number)
		return 0;
	link = before ? &pool_chunk(p, before)->next : &w->first;
	pool_chunk(p, number)->seq = base;
	pool_chunk(p, number)->next = *link;
	*link = number;
	if (w->last == before)
		w->last = number;
	w->chunks++;
	return number;
}

static void put(struct chunk *c, uint32_t from, uint32_t to, const char *p)
{
	memcpy(c->bytes + from, p, to - from);
	for (uint32_t at = from & ~63u; at < to; at += 64)
		c->here[at / 64] |= bits(at, from, to);
}

/* How many of n bytes from seq on lie in the chunk of seq. */
static uint32_t part(uint32_t seq, uint32_t n)
{
	uint32_t room = CHUNK_BYTES - seq % CHUNK_BYTES;

	return n < room ? n : room;
}

enum window_put window_put(struct window *w, struct pool *p, uint32_t seq, struct slice bytes,
			   uint32_t most)
{
	uint32_t n;

	/* look first, so that a segment is kept whole or not at all; chunks that were
	 * made for it stay, empty */
	for (uint32_t at = 0; at < bytes.n; at += n) {
		uint32_t number = make(w, p, seq + at, most), from = (seq + at) % CHUNK_BYTES;

		n = part(seq + at, bytes.n - at);
		if (!number)
			return WINDOW_FULL;
		if (!agrees(pool_chunk(p, number), from, from + n, bytes.p + at))
			return WINDOW_DIFFERS;
	}
	for (uint32_t at = 0, number = find(w, p, seq); at < bytes.n; at += n) {
		struct chunk *c = pool_chunk(p, number);
		uint32_t from = (seq + at) % CHUNK_BYTES;

		n = part(seq + at, bytes.n - at);
		put(c, from, from + n, bytes.p + at);
		number = c->next;
	}
	return WINDOW_KEPT;
}

/* The first bit from `from` on that is not set, or CHUNK_BYTES. */
static uint32_t gap(const struct chunk *c, uint32_t from)
{
	for (uint32_t at = from & ~63u; at < CHUNK_BYTES; at += 64) {
		uint64_t missing = ~c->here[at / 64] & bits(at, from, CHUNK_BYTES);

		if (missing)
			return at + (uint32_t)__builtin_ctzll(missing);
	}
	return CHUNK_BYTES;
}

uint32_t window_reach(const struct window *w, struct pool *p, uint32_t from)
{
	for (uint32_t number = find(w, p, from); number;) {
		const struct chunk *c = pool_chunk(p, number);
		uint32_t to;

		if (from - c->seq >= CHUNK_BYTES)
			return from;
		to = gap(c, from - c->seq);
		from = c->seq + to;
		if (to < CHUNK_BYTES)
			return from;
		number = c->next;
	}
	return from;
}

uint32_t window_end(const struct window *w, struct pool *p, uint32_t from)
{
	return w->last ? pool_chunk(p, w->last)->seq + CHUNK_BYTES : from;
}

void window_copy(const struct window *w, struct pool *p, uint32_t from, uint32_t n, char *out)
{
	uint32_t number = find(w, p, from);

	while (n && number) {
		const struct chunk *c = pool_chunk(p, number);
		uint32_t k = part(from, n);

		memcpy(out, c->bytes + from % CHUNK_BYTES, k);
		out += k;
		from += k;
		n -= k;
		number = c->next;
	}
}

void window_forget(struct window *w, struct pool *p, uint32_t seq)
{
	while (w->first) {
		uint32_t number = w->first;
		const struct chunk *c = pool_chunk(p, number);

		/* a connection that rests keeps no memory: there are more of them than chunks */
		if (seq_before(seq, c->seq + CHUNK_BYTES) &&
		    (seq_before(seq, c->seq) || presence(c, seq - c->seq, CHUNK_BYTES) != NONE))
			return;
		w->first = c->next;
		w->chunks--;
		pool_give(p, number);
	}
	w->last = 0;
}

void window_remove(struct window *w, struct pool *p, uint32_t seq, uint32_t n)
{
	for (uint32_t number = w->first; number; number = pool_chunk(p, number)->next) {
		struct chunk *c = pool_chunk(p, number);

		for (uint32_t at = 0; at < CHUNK_BYTES; at++)
			if (c->seq + at - seq < n)
				c->here[at / 64] &= ~(1ull << at % 64);
	}
}

void window_clear(struct window *w, struct pool *p)
{
	while (w->first) {
		uint32_t number = w->first;

		w->first = pool_chunk(p, number)->next;
		pool_give(p, number);
	}
	*w = (struct window){ 0 };
}
