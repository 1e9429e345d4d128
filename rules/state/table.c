/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "key.h"
#include "layout.h"

_Static_assert(WAYS == TABLE_WAYS, "as it says");

#define PAGE ((size_t)2 << 20) /* a large one */
#define VALUE_LINES 3 /* of a value that are fetched: the rest of a long one may not be read */

static uint32_t buckets_for(uint32_t records)
{
	uint32_t n = 1;

	while ((uint64_t)n * WAYS * SHARDS < records)
		n *= 2;
	return n;
}

/*
 * Records are read in no order: with small pages each would cost a walk through the
 * page tables as well.  Only whole large pages are asked for, so no memory is lost.
 */
static void *zeroed(size_t bytes)
{
	size_t align = bytes < PAGE ? LINE : PAGE;
	void *p = aligned_alloc(align, (bytes + align - 1) / align * align);

	if (!p)
		return NULL;
	if (bytes >= PAGE)
		(void)madvise(p, bytes / PAGE * PAGE, MADV_HUGEPAGE);
	memset(p, 0, bytes);
	return p;
}

void table_on_forget(struct table *t, void (*let_go)(void *value, bool evicted, void *arg),
		     void *arg)
{
	t->let_go = let_go;
	t->arg = arg;
}

struct table *table_new(uint32_t records, size_t value_size)
{
	struct table *t = aligned_alloc(LINE, sizeof(*t));
	size_t buckets;

	if (!t)
		return NULL;
	memset(t, 0, sizeof(*t));
	t->buckets = buckets_for(records);
	t->value_size = (value_size + 7) & ~(size_t)7;
	buckets = (size_t)t->buckets * SHARDS;
	for (unsigned i = 0; i < SHARDS; i++)
		pthread_mutex_init(&t->shard[i].lock, NULL);
	t->bucket = zeroed(buckets * (sizeof(*t->bucket) + WAYS * t->value_size));
	if (!t->bucket) {
		table_free(t);
		return NULL;
	}
	t->value = (unsigned char *)(t->bucket + buckets);
	return t;
}

void table_free(struct table *t)
{
	if (!t)
		return;
	for (unsigned i = 0; i < SHARDS; i++)
		pthread_mutex_destroy(&t->shard[i].lock);
	free(t->bucket);
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

/* The first record of a shard, as a number among all. */
static size_t first_of(const struct table *t, unsigned shard)
{
	return (size_t)shard * t->buckets * WAYS;
}

size_t table_copy_shard(struct table *t, unsigned shard, uint64_t now, void *out)
{
	size_t from = first_of(t, shard), to = from + table_shard_records(t), n = 0;

	pthread_mutex_lock(&t->shard[shard].lock);
	for (size_t i = from; i < to; i++)
		if (live(&t->bucket[i / WAYS], i % WAYS, ticks(now)))
			memcpy((unsigned char *)out + n++ * t->value_size,
			       t->value + i * t->value_size, t->value_size);
	pthread_mutex_unlock(&t->shard[shard].lock);
	return n;
}

void table_sweep_shard(struct table *t, unsigned shard, bool (*each)(void *value, void *arg),
		       void *arg)
{
	size_t from = first_of(t, shard), to = from + table_shard_records(t);

	pthread_mutex_lock(&t->shard[shard].lock);
	for (size_t i = from; i < to; i++) {
		uint32_t *l = &t->bucket[i / WAYS].label[i % WAYS];

		if (*l & PRINT_MASK && each(t->value + i * t->value_size, arg))
			label_set(l, *l & OVERFLOW);
	}
	pthread_mutex_unlock(&t->shard[shard].lock);
}

void table_visit(struct table *t, unsigned shard, uint32_t *at, uint32_t buckets, uint64_t now,
		 bool (*each)(void *value, bool lives, void *arg), void *arg)
{
	uint32_t end = t->buckets - *at < buckets ? t->buckets : *at + buckets;
	struct table_shard *s = &t->shard[shard];

	pthread_mutex_lock(&s->lock);
	for (; *at < end; ++*at) {
		struct bucket *b = buckets_of(t, shard, *at);
		unsigned char *value = values_of(t, shard, *at);

		for (unsigned way = 0; way < WAYS; way++, value += t->value_size)
			if (b->label[way] & PRINT_MASK &&
			    each(value, live(b, way, ticks(now)), arg))
				label_set(&b->label[way], b->label[way] & OVERFLOW);
	}
	pthread_mutex_unlock(&s->lock);
}

/* Live records of n buckets of a shard, of which b is the first. */
static size_t used(struct table_shard *s, const struct bucket *b, uint32_t n, uint32_t now)
{
	size_t found = 0;

	pthread_mutex_lock(&s->lock);
	for (; n; n--, b++)
		for (unsigned way = 0; way < WAYS; way++)
			found += live(b, way, now);
	pthread_mutex_unlock(&s->lock);
	return found;
}

size_t table_used(struct table *t, uint64_t now)
{
	size_t n = 0;

	for (unsigned i = 0; i < SHARDS; i++)
		for (uint32_t b = 0; b < t->buckets; b += COUNTED)
			n += used(&t->shard[i], t->bucket + (size_t)i * t->buckets + b,
				  t->buckets - b < COUNTED ? t->buckets - b : COUNTED,
				  ticks(now));
	return n;
}

void table_pushed(struct table *t, uint64_t *evicted, uint64_t *refused)
{
	*evicted = *refused = 0;
	for (unsigned i = 0; i < SHARDS; i++) {
		struct table_shard *s = &t->shard[i];

		pthread_mutex_lock(&s->lock);
		*evicted += s->evicted;
		*refused += s->refused;
		pthread_mutex_unlock(&s->lock);
	}
}

static uint32_t print_of(uint64_t key)
{
	uint32_t print = (uint32_t)(key >> KEY_PLACE_BITS);

	return print ? print : 1;
}

/* The first bucket of its shard. */
static size_t base_of(const struct table *t, uint64_t key)
{
	return (size_t)(key % SHARDS) * t->buckets;
}

static uint32_t first_bucket(const struct table *t, uint64_t key)
{
	return (uint32_t)(key >> 6) & (t->buckets - 1);
}

/* Among all; 1 to mask further on than the first: never the same, unless there is only one. */
static size_t second_bucket(const struct table *t, uint64_t key)
{
	uint32_t mask = t->buckets - 1, print = (uint32_t)(key >> KEY_PLACE_BITS);
	uint32_t ahead = 1 + (uint32_t)((uint64_t)print * mask >> 28);

	return base_of(t, key) + ((first_bucket(t, key) + ahead) & mask);
}

static struct table_shard *shard_of(struct table *t, uint64_t key)
{
	return &t->shard[key % SHARDS];
}

static void hold_set(struct hold *h, struct table *t, struct table_shard *s, size_t bucket,
		     unsigned way)
{
	h->value = t->value + (bucket * WAYS + way) * t->value_size;
	h->way = (uint8_t)way;
	h->bucket = &t->bucket[bucket];
	h->shard = s;
}

static size_t first_of_all(const struct table *t, uint64_t key)
{
	return base_of(t, key) + first_bucket(t, key);
}

/* Called with the shard locked; seen: where the key's label was before, in its first bucket.
 * false: there is no record, dead or alive. */
static bool search(struct table *t, struct table_shard *s, uint64_t key, unsigned seen,
		   struct hold *h)
{
	size_t bucket = first_of_all(t, key);
	const struct bucket *b = &t->bucket[bucket];
	uint32_t print = print_of(key);

	if (seen == WAYS || (b->label[seen] & PRINT_MASK) != print)
		seen = way_of(b, print);
	if (seen == WAYS && b->label[0] & OVERFLOW) {
		bucket = second_bucket(t, key);
		seen = way_of(&t->bucket[bucket], print);
	}
	if (seen == WAYS)
		return false;
	hold_set(h, t, s, bucket, seen);
	return true;
}

/*
 * Most keys are not there, and no lock is needed to see that: whatever others write meanwhile,
 * there was a moment at which none of the labels was this key's.
 */
static bool absent(const struct table *t, uint64_t key, unsigned *seen)
{
	const struct bucket *b = &t->bucket[first_of_all(t, key)];

	*seen = way_of(b, print_of(key));
	return *seen == WAYS && !(label_get(&b->label[0]) & OVERFLOW);
}

struct hold table_find(struct table *t, uint64_t key, uint64_t now)
{
	struct table_shard *s = shard_of(t, key);
	struct hold h = { 0 };
	unsigned seen;

	if (absent(t, key, &seen))
		return h;
	pthread_mutex_lock(&s->lock);
	if (search(t, s, key, seen, &h) && live(h.bucket, h.way, ticks(now)))
		return h;
	pthread_mutex_unlock(&s->lock);
	h = (struct hold){ 0 };
	return h;
}

static unsigned rank_of(const struct bucket *b, unsigned way)
{
	return b->label[way] >> RANK_SHIFT & (TABLE_RANKS - 1);
}

/* Is record a of bucket x a better victim than record b of bucket y?  Both are alive. */
static bool worse(const struct bucket *x, unsigned a, const struct bucket *y, unsigned b)
{
	if (rank_of(x, a) != rank_of(y, b))
		return rank_of(x, a) < rank_of(y, b);
	return (int32_t)(x->expires[a] - y->expires[b]) < 0;
}

/* A bit for each way. */
static unsigned live_ways(const struct bucket *b, uint32_t now)
{
	unsigned ways = 0;

	for (unsigned way = 0; way < WAYS; way++)
		ways |= (unsigned)live(b, way, now) << way;
	return ways;
}

void table_spread(struct table *t)
{
	t->spread = true;
}

/* Of two buckets without room. */
static unsigned worst(struct bucket *const b[2], unsigned *where)
{
	unsigned way = 0;

	for (unsigned i = 0; i < 2; i++)
		for (unsigned w = 0; w < WAYS; w++)
			if (worse(b[i], w, b[*where], way)) {
				*where = i;
				way = w;
			}
	return way;
}

/* The record to overwrite: in the first bucket if it has room (and is to be filled first),
 * else in either. */
static void victim(struct table *t, struct table_shard *s, uint64_t key, uint32_t now,
		   struct hold *h)
{
	size_t bucket[2] = { first_of_all(t, key), second_bucket(t, key) };
	struct bucket *b[2] = { &t->bucket[bucket[0]], &t->bucket[bucket[1]] };
	unsigned lives[2] = { live_ways(b[0], now), 0 }, where = 0, way;

	if (lives[0] == ALL_WAYS || (lives[0] && t->spread)) {
		lives[1] = live_ways(b[1], now);
		where = __builtin_popcount(lives[1]) < __builtin_popcount(lives[0]);
	}
	way = lives[where] != ALL_WAYS ? (unsigned)__builtin_ctz(~lives[where]) :
					 worst(b, &where);
	if (where == 1)
		label_set(&b[0]->label[0], b[0]->label[0] | OVERFLOW);
	hold_set(h, t, s, bucket[where], way);
}

static void label(struct hold *h, uint32_t print, unsigned rank)
{
	uint32_t *l = &h->bucket->label[h->way];

	label_set(l, (*l & OVERFLOW) | rank << RANK_SHIFT | print);
}

/* Called with the shard locked, of a record that is about to be overwritten. */
static void let_go(struct table *t, const struct hold *h, bool evicted, struct table_lost *lost)
{
	if (!(h->bucket->label[h->way] & PRINT_MASK))
		return;
	if (t->let_go)
		t->let_go(h->value, evicted, t->arg);
	if (!lost)
		return;
	memcpy(lost->value, h->value, t->value_size);
	lost->any = true;
	lost->evicted = evicted;
}

static struct hold make(struct table *t, uint64_t key, uint64_t now, uint8_t rank,
			struct table_lost *lost)
{
	struct table_shard *s = shard_of(t, key);
	struct hold h = { 0 };
	bool evicts = false;

	pthread_mutex_lock(&s->lock);
	if (!search(t, s, key, WAYS, &h)) {
		victim(t, s, key, ticks(now), &h);
		evicts = live(h.bucket, h.way, ticks(now));
	} else if (live(h.bucket, h.way, ticks(now))) {
		return h;
	}
	if (evicts && rank_of(h.bucket, h.way) > rank) {
		s->refused++;
		pthread_mutex_unlock(&s->lock);
		h = (struct hold){ 0 };
		return h;
	}
	let_go(t, &h, evicts, lost);
	s->evicted += evicts;
	label(&h, print_of(key), rank);
	memset(h.value, 0, t->value_size);
	h.bucket->expires[h.way] = ticks(now);
	h.fresh = true;
	return h;
}

struct hold table_make(struct table *t, uint64_t key, uint64_t now, uint8_t rank)
{
	return make(t, key, now, rank, NULL);
}

struct hold table_make_over(struct table *t, uint64_t key, uint64_t now, uint8_t rank,
			    struct table_lost *lost)
{
	lost->any = lost->evicted = false;
	return make(t, key, now, rank, lost);
}

/* When a record that lives until then expires, in ticks. */
static uint32_t end_of(uint64_t now, uint64_t until)
{
	uint64_t most = (uint64_t)INT32_MAX - 1, life = (until >> TABLE_TICK_BITS) + 1;

	life = until > now ? life - (now >> TABLE_TICK_BITS) : 0;
	return ticks(now) + (uint32_t)(life < most ? life : most);
}

void table_keep(struct hold *h, uint64_t now, uint64_t until, uint8_t rank)
{
	uint32_t *expires = &h->bucket->expires[h->way], end = end_of(now, until);

	if ((int32_t)(end - *expires) > 0)
		*expires = end;
	if (rank > rank_of(h->bucket, h->way))
		label(h, h->bucket->label[h->way] & PRINT_MASK, rank);
}

void table_set(struct hold *h, uint64_t now, uint64_t until, uint8_t rank)
{
	h->bucket->expires[h->way] = end_of(now, until);
	label(h, h->bucket->label[h->way] & PRINT_MASK, rank);
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
		label(h, 0, 0);
	table_release(h);
}

void table_prefetch(const struct table *t, uint64_t key)
{
	__builtin_prefetch(&t->bucket[first_of_all(t, key)], 1);
}

/* No lock is taken: what is read here decides nothing but what is fetched. */
void table_prefetch_value(const struct table *t, uint64_t key)
{
	size_t bucket = first_of_all(t, key);
	const struct bucket *b = &t->bucket[bucket];
	unsigned way = way_of(b, print_of(key));

	if (way == WAYS) {
		if (label_get(&b->label[0]) & OVERFLOW)
			__builtin_prefetch(&t->bucket[second_bucket(t, key)], 1);
		return;
	}
	for (size_t at = 0; at < t->value_size && at < VALUE_LINES * LINE; at += LINE)
		__builtin_prefetch(t->value + (bucket * WAYS + way) * t->value_size + at, 1);
}

bool table_forget(struct table *t, uint64_t key)
{
	struct table_shard *s = shard_of(t, key);
	struct hold h = { 0 };
	unsigned seen;

	if (absent(t, key, &seen))
		return false;
	pthread_mutex_lock(&s->lock);
	if (!search(t, s, key, seen, &h)) {
		pthread_mutex_unlock(&s->lock);
		return false;
	}
	table_drop(&h);
	return true;
}
