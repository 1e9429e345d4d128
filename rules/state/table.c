/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "table.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"

#define WAYS 8
#define SHARDS 64

struct life {
	uint64_t used, expires;
};

/* The part of a bucket that searches touch, apart from the values: a hit costs a
 * line of tags, a line of lives and those of its value. */
struct bucket {
	uint64_t tag[WAYS]; /* 0 = empty */
	struct life life[WAYS];
	uint8_t rank[WAYS];
};

struct table_shard {
	pthread_mutex_t lock;
	struct bucket *bucket;
	unsigned char *value; /* WAYS values a bucket */
};

struct table {
	struct table_shard shard[SHARDS];
	struct hash_key key;
	uint32_t buckets; /* in a shard, a power of two */
	size_t value_size;
};

static uint32_t buckets_for(uint32_t records)
{
	uint32_t n = 1;

	while ((uint64_t)n * WAYS * SHARDS < records)
		n *= 2;
	return n;
}

static int shard_init(struct table *t, struct table_shard *s)
{
	pthread_mutex_init(&s->lock, NULL);
	s->bucket = calloc(t->buckets, sizeof(*s->bucket));
	s->value = calloc((size_t)t->buckets * WAYS, t->value_size);
	return s->bucket && s->value ? 0 : -1;
}

struct table *table_new(uint32_t records, size_t value_size, const uint8_t seed[16])
{
	struct table *t = calloc(1, sizeof(*t));
	int bad = 0;

	if (!t)
		return NULL;
	memcpy(&t->key, seed, sizeof(t->key));
	t->buckets = buckets_for(records);
	t->value_size = (value_size + 7) & ~(size_t)7;
	for (unsigned i = 0; i < SHARDS; i++)
		bad |= shard_init(t, &t->shard[i]);
	if (bad) {
		table_free(t);
		return NULL;
	}
	return t;
}

void table_free(struct table *t)
{
	if (!t)
		return;
	for (unsigned i = 0; i < SHARDS; i++) {
		pthread_mutex_destroy(&t->shard[i].lock);
		free(t->shard[i].bucket);
		free(t->shard[i].value);
	}
	free(t);
}

uint32_t table_records(const struct table *t)
{
	return t->buckets * WAYS * SHARDS;
}

size_t table_bytes(const struct table *t)
{
	return sizeof(*t) + (size_t)t->buckets * SHARDS *
				    (sizeof(struct bucket) + WAYS * t->value_size);
}

unsigned table_shards(const struct table *t)
{
	(void)t;
	return SHARDS;
}

size_t table_shard_records(const struct table *t)
{
	return (size_t)t->buckets * WAYS;
}

size_t table_copy_shard(struct table *t, unsigned shard, uint64_t now, void *out)
{
	struct table_shard *s = &t->shard[shard];
	unsigned char *to = out;
	size_t n = 0;

	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < table_shard_records(t); i++) {
		const struct bucket *b = &s->bucket[i / WAYS];

		if (!b->tag[i % WAYS] || b->life[i % WAYS].expires <= now)
			continue;
		memcpy(to + n++ * t->value_size, s->value + i * t->value_size, t->value_size);
	}
	pthread_mutex_unlock(&s->lock);
	return n;
}

size_t table_used(struct table *t, uint64_t now)
{
	size_t n = 0;

	for (unsigned i = 0; i < SHARDS; i++) {
		struct table_shard *s = &t->shard[i];

		pthread_mutex_lock(&s->lock);
		for (size_t r = 0; r < table_shard_records(t); r++)
			n += s->bucket[r / WAYS].tag[r % WAYS] &&
			     s->bucket[r / WAYS].life[r % WAYS].expires > now;
		pthread_mutex_unlock(&s->lock);
	}
	return n;
}

/* Where a key may live. */
struct place {
	struct table_shard *shard;
	uint64_t tag;
	uint32_t bucket[2];
};

static struct place place_of(struct table *t, const void *key, size_t n)
{
	uint64_t h = hash_bytes(&t->key, key, n);
	uint32_t mask = t->buckets - 1;
	struct place at = { &t->shard[h % SHARDS], h ? h : 1, { 0 } };

	at.bucket[0] = (uint32_t)(h >> 8) & mask;
	at.bucket[1] = (uint32_t)(h >> 36) & mask;
	return at;
}

static struct hold hold_of(struct table *t, struct table_shard *s, uint32_t bucket, unsigned way)
{
	struct bucket *b = &s->bucket[bucket];

	return (struct hold){
		.value = s->value + ((size_t)bucket * WAYS + way) * t->value_size,
		.expires = &b->life[way].expires,
		.used = &b->life[way].used,
		.rank = &b->rank[way],
		.shard = s,
	};
}

/* Called with the shard locked; value NULL when there is no record, dead or alive. */
static struct hold search(struct table *t, const struct place *at)
{
	for (unsigned i = 0; i < 2; i++) {
		const struct bucket *b = &at->shard->bucket[at->bucket[i]];

		for (unsigned way = 0; way < WAYS; way++)
			if (b->tag[way] == at->tag)
				return hold_of(t, at->shard, at->bucket[i], way);
	}
	return (struct hold){ 0 };
}

struct hold table_find(struct table *t, const void *key, size_t n, uint64_t now)
{
	struct place at = place_of(t, key, n);
	struct hold h;

	pthread_mutex_lock(&at.shard->lock);
	h = search(t, &at);
	if (h.value && *h.expires > now) {
		*h.used = now;
		return h;
	}
	pthread_mutex_unlock(&at.shard->lock);
	return (struct hold){ 0 };
}

/* Is record a (of bucket x) a better victim than record b (of bucket y)? */
static bool worse(const struct bucket *x, unsigned a, const struct bucket *y, unsigned b,
		  uint64_t now)
{
	bool dead_a = !x->tag[a] || x->life[a].expires <= now;
	bool dead_b = !y->tag[b] || y->life[b].expires <= now;

	if (dead_a != dead_b)
		return dead_a;
	if (dead_a)
		return false;
	if (x->rank[a] != y->rank[b])
		return x->rank[a] < y->rank[b];
	return x->life[a].used < y->life[b].used;
}

static unsigned dead_in(const struct bucket *b, uint64_t now)
{
	unsigned n = 0;

	for (unsigned way = 0; way < WAYS; way++)
		n += !b->tag[way] || b->life[way].expires <= now;
	return n;
}

/* The record to overwrite: in the emptier bucket while there is room in either. */
static void victim(const struct place *at, uint64_t now, uint32_t *bucket, unsigned *way)
{
	const struct bucket *all = at->shard->bucket;
	unsigned room[2] = { dead_in(&all[at->bucket[0]], now), dead_in(&all[at->bucket[1]], now) };
	unsigned from = room[1] > room[0], to = room[0] || room[1] ? from + 1 : 2;

	*bucket = at->bucket[from];
	*way = 0;
	for (unsigned i = from; i < to; i++)
		for (unsigned w = 0; w < WAYS; w++)
			if (worse(&all[at->bucket[i]], w, &all[*bucket], *way, now)) {
				*bucket = at->bucket[i];
				*way = w;
			}
}

struct hold table_make(struct table *t, const void *key, size_t n, uint64_t now, uint8_t rank)
{
	struct place at = place_of(t, key, n);
	struct bucket *b;
	struct hold h;
	uint32_t where;
	unsigned way;

	pthread_mutex_lock(&at.shard->lock);
	h = search(t, &at);
	if (h.value && *h.expires > now) {
		*h.used = now;
		return h;
	}
	if (!h.value) {
		victim(&at, now, &where, &way);
		b = &at.shard->bucket[where];
		if (b->tag[way] && b->life[way].expires > now && b->rank[way] > rank) {
			pthread_mutex_unlock(&at.shard->lock);
			return h;
		}
		b->tag[way] = at.tag;
		h = hold_of(t, at.shard, where, way);
	}
	memset(h.value, 0, t->value_size);
	*h.used = now;
	*h.expires = now;
	*h.rank = rank;
	h.fresh = true;
	return h;
}

void table_release(struct hold *h)
{
	if (h->value)
		pthread_mutex_unlock(&h->shard->lock);
	h->value = NULL;
}

void table_drop(struct hold *h)
{
	if (h->value)
		*h->expires = 0;
	table_release(h);
}
