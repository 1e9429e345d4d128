/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a table lies in memory: for table.c and tablesave.c alone.  Locking: see table.h. */
#ifndef SIPMOAT_LAYOUT_H
#define SIPMOAT_LAYOUT_H

#include <pthread.h>

#include "table.h"

#define WAYS 8
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

struct table_shard {
	pthread_mutex_t lock;
	struct bucket *bucket;
	unsigned char *value; /* WAYS values a bucket */
	uint64_t evicted, refused; /* see table_pushed */
};

struct table {
	struct table_shard shard[SHARDS];
	uint32_t buckets; /* in a shard, a power of two */
	size_t value_size;
	void (*let_go)(void *value, bool evicted, void *arg);
	void *arg;
};

static inline uint32_t ticks(uint64_t ns)
{
	return (uint32_t)(ns >> TABLE_TICK_BITS);
}

static inline bool live(const struct bucket *b, unsigned way, uint32_t now)
{
	return (b->label[way] & PRINT_MASK) && (int32_t)(b->expires[way] - now) > 0;
}

#endif
