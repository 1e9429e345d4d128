/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prefixes lie within each other or apart.  Sorted, the last one that does not come behind a
 * number is its longest prefix, or lies within it, or within one that this lies within.  It
 * is looked up eight prefixes, a cache line, at a time: 100,000 are six lines deep.
 */
#include "numberset.h"

#include <stdlib.h>

#include "sip/chars.h"

#define LINE 8
#define LEVELS 8 /* 8^8 prefixes: more than there may be */
#define ABOVE_BITS 24

/* What belongs to a key. */
struct found {
	uint32_t value;
	uint32_t length : 32 - ABOVE_BITS;
	uint32_t above : ABOVE_BITS; /* the prefix that it lies within; 0: none */
};

struct numberset {
	uint64_t *key[LEVELS]; /* [0]: of each prefix; [n]: the first of each line of [n - 1] */
	struct found *found;   /* [0] is no prefix, and before all of them */
	size_t n, bytes;
	unsigned levels;
	uint64_t room[];       /* of the keys, levels one behind the other, and of found */
};

_Static_assert(sizeof(struct found) == sizeof(uint64_t), "a line of them is one of keys");

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

/* ---- prefixes, sorted ---- */

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

static void found_fill(struct numberset *s, const struct entry *e, size_t n)
{
	uint32_t open[NUMBERSET_DIGITS + 1];
	unsigned depth = 0;

	s->n = n + 1;
	s->key[0][0] = 0;
	s->found[0] = (struct found){ .value = NUMBERSET_NONE };
	for (uint32_t i = 1; i <= n; i++, e++) {
		while (depth && e->key > key_last(s->key[0][open[depth - 1]],
						  s->found[open[depth - 1]].length))
			depth--;
		s->key[0][i] = e->key;
		s->found[i] = (struct found){ .value = e->value, .length = e->length,
					      .above = depth ? open[depth - 1] : 0 };
		open[depth++] = i;
	}
}

/* ---- the set ---- */

static size_t lines(size_t n)
{
	return (n + LINE - 1) / LINE;
}

/* Room for that many keys in whole lines, on all levels. */
static size_t room_for(size_t keys)
{
	size_t all = 0;

	for (size_t n = keys;; n = lines(n)) {
		all += lines(n) * LINE;
		if (n <= LINE)
			return all;
	}
}

static void levels_fill(struct numberset *s)
{
	size_t n = s->n;

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
	size_t kept, most = lines(n + 1) * LINE, keys = room_for(most);
	struct entry *e = entries_of(prefix, n, &kept);
	size_t bytes = sizeof(struct numberset) + (keys + most + LINE) * sizeof(uint64_t);
	struct numberset *s = e ? malloc(bytes) : NULL;

	if (s) {
		*s = (struct numberset){ .bytes = bytes };
		/* lines of keys, and of what belongs to them, are lines of the cache */
		s->key[0] = s->room + (LINE - (uintptr_t)s->room / sizeof(uint64_t) % LINE) % LINE;
		s->found = (struct found *)(s->key[0] + keys);
		found_fill(s, e, kept);
		levels_fill(s);
	}
	free(e);
	return s;
}

void numberset_free(struct numberset *s)
{
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
	size_t at = 0;

	if (length)
		*length = 0;
	if (!s)
		return NUMBERSET_NONE;
	for (unsigned level = s->levels; level-- > 1;)
		at = at * LINE + below(s->key[level] + at * LINE, key) - 1;
	/* what the last line will choose from is on its way with it */
	__builtin_prefetch(&s->found[at * LINE]);
	at = at * LINE + below(s->key[0] + at * LINE, key) - 1;
	while (at && key > key_last(s->key[0][at], s->found[at].length))
		at = s->found[at].above;
	if (length)
		*length = s->found[at].length;
	return s->found[at].value;
}

size_t numberset_bytes(const struct numberset *s)
{
	return s ? s->bytes : 0;
}
