/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a table lies in memory: for table.c and tablesave.c alone.  Locking: see table.h. */
#ifndef SIPMOAT_LAYOUT_H
#define SIPMOAT_LAYOUT_H

#include <pthread.h>

#include "table.h"

#define WAYS 8
#define ALL_WAYS ((1u << WAYS) - 1)
#define SHARDS 64
#define LINE 64
#define COUNTED 256 /* buckets that are looked at under one lock */

#define PRINT_MASK 0x0fffffffu
#define RANK_SHIFT 28
#define OVERFLOW 0x80000000u /* in label[0]: some key went on to its second bucket */

/* One cache line.  label: rank and print of a way, print 0 = empty. */
struct bucket {
	uint32_t label[WAYS];
	uint32_t expires[WAYS]; /* ticks */
};

/* One cache line, too: what a lock guards are the buckets of its number. */
struct table_shard {
	_Alignas(LINE) pthread_mutex_t lock;
	uint64_t evicted, refused; /* see table_pushed */
};

struct table {
	struct bucket *bucket; /* those of the first shard, of the second ... */
	unsigned char *value;  /* WAYS values a bucket, behind all the buckets */
	size_t value_size;
	uint32_t buckets; /* in a shard, a power of two */
	bool spread;
	void (*let_go)(void *value, bool evicted, void *arg);
	void *arg;
	struct table_shard shard[SHARDS];
};

static inline uint32_t ticks(uint64_t ns)
{
	return (uint32_t)(ns >> TABLE_TICK_BITS);
}

/* Written with the shard locked; who looks for a key that may not be there looks without. */
static inline void label_set(uint32_t *label, uint32_t v)
{
	__atomic_store_n(label, v, __ATOMIC_RELAXED);
}

static inline uint32_t label_get(const uint32_t *label)
{
	return __atomic_load_n(label, __ATOMIC_RELAXED);
}

/* Two at once, the first of them at an even way. */
static inline uint64_t labels_get(const uint32_t *label)
{
	return __atomic_load_n((const uint64_t *)(const void *)label, __ATOMIC_RELAXED);
}

/*
 * Of two labels at once the top bits of those whose print is another one: what is not zero,
 * plus the largest number of 31 bits, reaches the 32nd; prints have 28.
 */
#define BOTH 0x100000001u
#define TOPS (0x80000000u * BOTH)

static inline uint64_t others(const struct bucket *b, unsigned way, uint32_t print)
{
	return ((labels_get(&b->label[way]) & PRINT_MASK * BOTH) ^ print * BOTH) + (TOPS - BOTH);
}

/* The way whose label has that print, else WAYS. */
static inline unsigned way_of(const struct bucket *b, uint32_t print)
{
	unsigned way = 0;

	_Static_assert(WAYS == 8, "these are all of them");
	if ((others(b, 0, print) & others(b, 2, print) & others(b, 4, print) &
	     others(b, 6, print) & TOPS) == TOPS)
		return WAYS;
	while (way < WAYS - 1 && (label_get(&b->label[way]) & PRINT_MASK) != print)
		way++;
	return way;
}

static inline bool live(const struct bucket *b, unsigned way, uint32_t now)
{
	return (b->label[way] & PRINT_MASK) && (int32_t)(b->expires[way] - now) > 0;
}

/* Buckets of a shard, and the values of theirs, from its bucket `at` on. */
static inline struct bucket *buckets_of(const struct table *t, unsigned shard, uint32_t at)
{
	return t->bucket + (size_t)shard * t->buckets + at;
}

static inline unsigned char *values_of(const struct table *t, unsigned shard, uint32_t at)
{
	return t->value + ((size_t)shard * t->buckets + at) * WAYS * t->value_size;
}

#endif
