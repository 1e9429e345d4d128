/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one container of all state: fixed memory, sharded, records of equal size.
 * A key has two candidate buckets of eight records in its shard and lives in
 * either (two-choice hashing: Azar, Broder, Karlin, Upfal 1994), so a table fills
 * to nine tenths before it has to evict, and no key costs more than sixteen
 * comparisons, however hostile.
 *
 * When both buckets are full the victim is, in this order: a record that has
 * expired, the lowest rank, the longest unused.  A newcomer never evicts a record
 * of higher rank.  Rank is how much a record's owner has proven.
 *
 * Keys are kept as a 64-bit keyed hash only: what an owner needs to know of its
 * key belongs into the value.
 *
 * Locking: table_find and table_make lock the shard of the key; the caller reads
 * and writes the value and calls table_release at once.  Never two held, nothing
 * called in between.  Units: ns of the engine's clock.
 */
#ifndef SIPMOAT_TABLE_H
#define SIPMOAT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table;

/* A locked record; value is NULL when there is none (and then nothing is locked). */
struct hold {
	void *value;
	uint64_t *expires; /* the caller sets it: when the record is worth nothing more */
	uint8_t *rank;
	uint64_t *used;    /* kept by table.c */
	bool fresh;        /* the record was made by this call: value is all zero */
	struct table_shard *shard;
};

/* records is rounded up; value_size at least 1; NULL without memory. */
struct table *table_new(uint32_t records, size_t value_size, const uint8_t seed[16]);
void table_free(struct table *t);
size_t table_bytes(const struct table *t);
uint32_t table_records(const struct table *t);
size_t table_used(struct table *t, uint64_t now); /* records not expired; takes every lock in turn */

/* A live record of key, or none. */
struct hold table_find(struct table *t, const void *key, size_t n, uint64_t now);
/* A live record of key, or a fresh one of that rank; none when all are ranked higher. */
struct hold table_make(struct table *t, const void *key, size_t n, uint64_t now, uint8_t rank);
void table_release(struct hold *h);
void table_drop(struct hold *h); /* releases it and forgets the record */

/* Copies the values of the live records of one shard into out (room for
 * table_shard_records() values); returns how many. */
unsigned table_shards(const struct table *t);
size_t table_shard_records(const struct table *t);
size_t table_copy_shard(struct table *t, unsigned shard, uint64_t now, void *out);

#endif
