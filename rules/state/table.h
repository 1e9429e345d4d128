/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one container of all state: fixed memory, sharded, records of equal size,
 * made so that looking for a key that is not there, the commonest case by far,
 * costs one cache line.
 *
 * A key lives in its first bucket of eight or, where that was full, in its second
 * (an overflow mark tells whether to look there), so no key costs more than
 * sixteen comparisons, however hostile the others.  When both are full the victim
 * is, in this order: a record that has expired, the lowest rank, the one that
 * would expire soonest.  A newcomer never evicts a record of higher rank.  Rank is
 * how much a record's owner has proven.
 *
 * Keys are 64-bit hashes that the caller made with the state's secret (key.h), of
 * which 28 bits are kept beside the choice of the bucket: two keys are taken for
 * one with a probability of 16 / 2^28 at most, and nobody without the secret can
 * look for such a pair.  Where that matters the value names its owner.
 *
 * Locking: table_find and table_make lock the shard of the key; the caller reads
 * and writes the value and calls table_release at once.  Never two held, nothing
 * called in between.  Units: ns of the engine's clock.  A record lives at least
 * until the time it was given and at most TABLE_SLACK longer.
 */
#ifndef SIPMOAT_TABLE_H
#define SIPMOAT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TABLE_TICK_BITS 26 /* 67 ms: lives up to four years fit into 31 bits */
#define TABLE_SLACK ((uint64_t)1 << TABLE_TICK_BITS)
#define TABLE_RANKS 4

struct table;
struct bucket;
struct table_shard;

/* A locked record; value is NULL when there is none (and then nothing is locked). */
struct hold {
	void *value;
	bool fresh; /* the record was made by this call: value is all zero */
	uint8_t way;
	struct bucket *bucket;
	struct table_shard *shard;
};

/* records is rounded up; value_size at least 1; NULL without memory. */
struct table *table_new(uint32_t records, size_t value_size);
void table_free(struct table *t);
/*
 * For records that own something: table_make calls let_go, with the shard locked,
 * before it overwrites one.  evicted: it was alive, and had to go for want of room.
 */
void table_on_forget(struct table *t, void (*let_go)(void *value, bool evicted, void *arg),
		     void *arg);
/* Fills the two buckets of a key evenly, before there is any record: three quarters of the
 * table are full before the first one has to go, and more searches cost two cache lines. */
void table_spread(struct table *t);
size_t table_bytes(const struct table *t);
uint32_t table_records(const struct table *t);
/* Live records.  Takes every lock in turn, each for a few microseconds at a time. */
size_t table_used(struct table *t, uint64_t now);
/* Since the start: live records that were overwritten for want of room, and calls of
 * table_make that found all records ranked higher. */
void table_pushed(struct table *t, uint64_t *evicted, uint64_t *refused);

/* A live record of key, or none. */
struct hold table_find(struct table *t, uint64_t key, uint64_t now);
/* A live record of key, or a fresh one of that rank; none when all are ranked
 * higher.  A fresh one is gone with table_release unless table_keep is called. */
struct hold table_make(struct table *t, uint64_t key, uint64_t now, uint8_t rank);
/*
 * The same, for records that hold something elsewhere.  What was in the place of a fresh
 * one, alive or expired, is copied to lost->value, which has room for a value: it is the
 * caller's once the shard is released.
 */
struct table_lost {
	void *value;
	bool any;     /* there was something */
	bool evicted; /* it was alive */
};
struct hold table_make_over(struct table *t, uint64_t key, uint64_t now, uint8_t rank,
			    struct table_lost *lost);
/* Prolongs the record's life, never shortens it, and raises its rank. */
void table_keep(struct hold *h, uint64_t now, uint64_t until, uint8_t rank);
/* Sets both, in whichever direction: what has ended needs no long life. */
void table_set(struct hold *h, uint64_t now, uint64_t until, uint8_t rank);
void table_release(struct hold *h);
void table_drop(struct hold *h); /* releases it and forgets the record */
bool table_forget(struct table *t, uint64_t key); /* was there one? */
/*
 * Fetches what a search for key will read; no lock, no effect but time.  In two steps: the
 * labels and, once these have arrived, the value that they point to.
 */
typedef void table_fetch(const struct table *t, uint64_t key);
table_fetch table_prefetch, table_prefetch_value;

/* Copies the values of the live records of one shard into out (room for
 * table_shard_records() values); returns how many. */
unsigned table_shards(const struct table *t);
size_t table_shard_records(const struct table *t);
size_t table_copy_shard(struct table *t, unsigned shard, uint64_t now, void *out);
/*
 * For what survives the process.  Two tables of the same shape hold a record in the same
 * place.  table_save copies live records of a shard, from bucket *at on, whose next one
 * it leaves there (shape.buckets: that was all); no lock is held for longer than to copy
 * room, which is TABLE_SAVE_LEAST at least.  Returns bytes, a multiple of 8.
 * table_restore takes them back, without those that have ended by now, and adds the rest
 * to *live_ones; false: damaged.
 */
struct table_shape {
	uint32_t buckets, value_size; /* of a shard */
};
#define TABLE_SAVE_LEAST(shape) (72 + 8 * (size_t)(shape).value_size)
struct table_shape table_shape(const struct table *t);
size_t table_save(struct table *t, unsigned shard, uint32_t *at, uint64_t now, void *out,
		  size_t room);
bool table_restore(struct table *t, unsigned shard, uint64_t now, const void *bytes, size_t n,
		   uint64_t *live_ones);
/*
 * Shows each record of at most so many buckets of a shard, from *at on, whose next one it
 * leaves there (shape.buckets: that was all).  A bucket has TABLE_WAYS records.  lives:
 * it has not expired.  true: it is to be forgotten.
 */
#define TABLE_WAYS 8
void table_visit(struct table *t, unsigned shard, uint32_t *at, uint32_t buckets, uint64_t now,
		 bool (*each)(void *value, bool lives, void *arg), void *arg);
/* Shows each record of a shard, expired ones too; the shard is locked meanwhile.
 * true: the record is to be forgotten. */
void table_sweep_shard(struct table *t, unsigned shard, bool (*each)(void *value, void *arg),
		       void *arg);

#endif
