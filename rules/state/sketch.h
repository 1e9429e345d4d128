/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many different things there were, in a few bytes: bitmaps of linear counting
 * (Whang, Vander-Zanden, Taylor: "A linear-time probabilistic counting algorithm for
 * database applications", 1990).  A thing sets the bit that its hash names.
 *
 * The answer is the number of bits and not the paper's estimate from them: things
 * share bits, so it is never too high, and somebody is blamed for what he did at
 * least.  Of 256 bits 20 things set 19 on average, 200 set 139.
 *
 * Keys: hashes made with the state's secret; only their low bits are used.
 * Ownership, locking: the caller's.
 */
#ifndef SIPMOAT_SKETCH_H
#define SIPMOAT_SKETCH_H

#include <stdbool.h>
#include <stdint.h>

#define SKETCH_WORDS 4
#define SKETCH_BITS (64 * SKETCH_WORDS)

struct sketch {
	uint64_t w[SKETCH_WORDS];
};

static inline bool sketch_has(const struct sketch *s, uint64_t key)
{
	return s->w[key / 64 % SKETCH_WORDS] >> key % 64 & 1;
}

static inline void sketch_add(struct sketch *s, uint64_t key)
{
	s->w[key / 64 % SKETCH_WORDS] |= (uint64_t)1 << key % 64;
}

/* Takes out what shares its bit too: the count may only become too low. */
static inline void sketch_drop(struct sketch *s, uint64_t key)
{
	s->w[key / 64 % SKETCH_WORDS] &= ~((uint64_t)1 << key % 64);
}

static inline void sketch_join(struct sketch *s, const struct sketch *other)
{
	for (unsigned i = 0; i < SKETCH_WORDS; i++)
		s->w[i] |= other->w[i];
}

/* Of what is in either. */
static inline unsigned sketch_count(const struct sketch *a, const struct sketch *b)
{
	unsigned n = 0;

	for (unsigned i = 0; i < SKETCH_WORDS; i++)
		n += (unsigned)__builtin_popcountll(a->w[i] | b->w[i]);
	return n;
}

#endif
