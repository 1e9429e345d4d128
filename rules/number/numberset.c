/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prefixes lie within each other or apart, so they cut all numbers into ranges with one
 * longest prefix each.  A number is looked up among the beginnings of the ranges, eight of
 * them, a cache line, at a time: 100,000 prefixes are six lines deep.
 */
#include "numberset.h"

#include <stdlib.h>

#include "sip/chars.h"

#define LINE 8
#define LEVELS 8 /* 8^8 ranges: more than a million prefixes make */

struct range {
	uint32_t value, length;
};

struct numberset {
	uint64_t *key[LEVELS]; /* [0]: of each range; [n]: the first of each line of [n - 1] */
	struct range *range;
	size_t ranges, bytes;
	unsigned levels;
	uint64_t keys[];       /* all of them, levels one behind the other */
};

/* A digit is four bits, 1 to 10: what is shorter comes first. */
static uint64_t key_of(struct slice digits)
{
	uint64_t key = 0;
	unsigned n = 0;

	for (; n < digits.n && n < NUMBERSET_DIGITS && is_digit(digits.p[n]); n++)
		key = key << 4 | (uint64_t)(digits.p[n] - '0' + 1);
	return n ? key << 4 * (NUMBERSET_DIGITS - n) : 0;
}

/* The last key that begins with these n digits. */
static uint64_t key_last(uint64_t key, unsigned n)
{
	return n < NUMBERSET_DIGITS ? key | UINT64_MAX >> 4 * n : key;
}

/* ---- ranges out of prefixes ---- */

struct entry {
	uint64_t key;
	uint32_t length, value, order;
};

static int by_key(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	/* of equal ones the last comes first, and is the one that is kept */
	return (x->order < y->order) - (x->order > y->order);
}

static struct entry *entries_of(const struct number_prefix *prefix, size_t n, size_t *kept)
{
	struct entry *e = malloc((n + 1) * sizeof(*e));

	*kept = 0;
	if (!e)
		return NULL;
	for (size_t i = 0; i < n; i++)
		e[i] = (struct entry){ key_of(prefix[i].digits), prefix[i].digits.n,
				       prefix[i].value, (uint32_t)i };
	if (n)
		qsort(e, n, sizeof(*e), by_key);
	for (size_t i = 0; i < n; i++)
		if (!*kept || e[*kept - 1].key != e[i].key)
			e[(*kept)++] = e[i];
	return e;
}

static void range_add(struct numberset *s, uint64_t key, uint32_t value, uint32_t length)
{
	/* a range that begins where the one before it does takes its place */
	if (s->ranges && s->key[0][s->ranges - 1] == key)
		s->ranges--;
	s->key[0][s->ranges] = key;
	s->range[s->ranges++] = (struct range){ value, length };
}

static void ranges_fill(struct numberset *s, const struct entry *e, size_t n)
{
	const struct entry *open[NUMBERSET_DIGITS + 1];
	unsigned depth = 0;

	range_add(s, 0, NUMBERSET_NONE, 0);
	for (size_t i = 0; i <= n; i++) {
		while (depth && (i == n || e[i].key > key_last(open[depth - 1]->key,
							       open[depth - 1]->length))) {
			const struct entry *closed = open[--depth];
			uint64_t last = key_last(closed->key, closed->length);

			if (depth)
				range_add(s, last + 1, open[depth - 1]->value,
					  open[depth - 1]->length);
			else
				range_add(s, last + 1, NUMBERSET_NONE, 0);
		}
		if (i == n)
			break;
		range_add(s, e[i].key, e[i].value, e[i].length);
		open[depth++] = &e[i];
	}
}

/* ---- the set ---- */

static size_t lines(size_t n)
{
	return (n + LINE - 1) / LINE;
}

/* Room for that many keys in whole lines, on all levels. */
static size_t room_for(size_t ranges)
{
	size_t all = 0;

	for (size_t n = ranges;; n = lines(n)) {
		all += lines(n) * LINE;
		if (n <= LINE)
			return all;
	}
}

static void levels_fill(struct numberset *s)
{
	size_t n = s->ranges;

	for (;;) {
		uint64_t *key = s->key[s->levels++];

		for (size_t i = n; i < lines(n) * LINE; i++)
			key[i] = UINT64_MAX; /* no number is as high */
		if (n <= LINE)
			return;
		s->key[s->levels] = key + lines(n) * LINE;
		for (size_t i = 0; i < lines(n); i++)
			s->key[s->levels][i] = key[i * LINE];
		n = lines(n);
	}
}

struct numberset *numberset_build(const struct number_prefix *prefix, size_t n)
{
	size_t kept, most = 2 * n + 1, keys = room_for(most) + LINE;
	struct entry *e = entries_of(prefix, n, &kept);
	struct numberset *s = e ? malloc(sizeof(*s) + keys * sizeof(uint64_t)) : NULL;

	if (s) {
		*s = (struct numberset){ .bytes = sizeof(*s) + keys * sizeof(uint64_t) };
		s->range = malloc(most * sizeof(*s->range));
		s->bytes += most * sizeof(*s->range);
		/* lines of keys are lines of the cache */
		s->key[0] = s->keys + (LINE - (uintptr_t)s->keys / sizeof(uint64_t) % LINE) % LINE;
	}
	if (s && s->range) {
		ranges_fill(s, e, kept);
		levels_fill(s);
	} else {
		numberset_free(s);
		s = NULL;
	}
	free(e);
	return s;
}

void numberset_free(struct numberset *s)
{
	if (!s)
		return;
	free(s->range);
	free(s);
}

/* How many keys of a line are at most that: without a branch that could be guessed wrong. */
static inline unsigned below(const uint64_t *line, uint64_t key)
{
	unsigned n = 0;

	for (unsigned i = 0; i < LINE; i++)
		n += line[i] <= key;
	return n;
}

uint32_t numberset_find(const struct numberset *s, struct slice digits, unsigned *length)
{
	uint64_t key = key_of(digits);
	const struct range *r;
	size_t at = 0;

	if (length)
		*length = 0;
	if (!s)
		return NUMBERSET_NONE;
	for (unsigned level = s->levels; level-- > 0;)
		at = at * LINE + below(s->key[level] + at * LINE, key) - 1;
	r = &s->range[at];
	if (length)
		*length = r->length;
	return r->value;
}

size_t numberset_bytes(const struct numberset *s)
{
	return s ? s->bytes : 0;
}
