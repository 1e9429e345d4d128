/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables as bytes, and back.  Keys are not whole in a record, so that a table of another
 * shape cannot take them: the shapes are compared before. */
#include <string.h>

#include "layout.h"

/* A bucket as it is saved; the values of its records follow. */
struct saved {
	uint32_t at;   /* in its shard */
	uint32_t zero;
	struct bucket bucket;
};

_Static_assert(sizeof(struct saved) == 72 && WAYS == 8, "see TABLE_SAVE_LEAST");

struct table_shape table_shape(const struct table *t)
{
	return (struct table_shape){ t->buckets, (uint32_t)t->value_size };
}

static size_t save_bucket(const struct table *t, unsigned shard, uint32_t at,
			  uint32_t now, unsigned char *out)
{
	const struct bucket *b = buckets_of(t, shard, at);
	const unsigned char *value = values_of(t, shard, at);
	struct saved saved = { .at = at };
	size_t n = sizeof(saved);

	for (unsigned way = 0; way < WAYS; way++) {
		if (!live(b, way, now))
			continue;
		saved.bucket.label[way] = b->label[way];
		saved.bucket.expires[way] = b->expires[way];
		memcpy(out + n, value + way * t->value_size, t->value_size);
		n += t->value_size;
	}
	/* whoever went on to the second bucket is looked for there only by this mark */
	saved.bucket.label[0] |= b->label[0] & OVERFLOW;
	if (n == sizeof(saved) && !saved.bucket.label[0])
		return 0;
	memcpy(out, &saved, sizeof(saved));
	return n;
}

size_t table_save(struct table *t, unsigned shard, uint32_t *at, uint64_t now, void *out,
		  size_t room)
{
	uint32_t end = t->buckets - *at < COUNTED ? t->buckets : *at + COUNTED;
	struct table_shard *s = &t->shard[shard];
	unsigned char *to = out;
	size_t n = 0;

	pthread_mutex_lock(&s->lock);
	for (; *at < end && room - n >= TABLE_SAVE_LEAST(table_shape(t)); ++*at)
		n += save_bucket(t, shard, *at, ticks(now), to + n);
	pthread_mutex_unlock(&s->lock);
	return n;
}

/* Returns the bytes of the values, or n + 1: more than there are. */
static size_t restore_bucket(struct table *t, unsigned shard, const struct saved *saved,
			     uint32_t now, const unsigned char *values, size_t n, uint64_t *sum)
{
	struct bucket *b = buckets_of(t, shard, saved->at);
	unsigned char *to = values_of(t, shard, saved->at);
	size_t used = 0;

	for (unsigned way = 0; way < WAYS; way++) {
		if (!(saved->bucket.label[way] & PRINT_MASK))
			continue;
		if (n - used < t->value_size)
			return n + 1;
		if (live(&saved->bucket, way, now)) {
			memcpy(to + way * t->value_size, values + used, t->value_size);
			label_set(&b->label[way], saved->bucket.label[way] & ~OVERFLOW);
			b->expires[way] = saved->bucket.expires[way];
			++*sum;
		}
		used += t->value_size;
	}
	label_set(&b->label[0], b->label[0] | (saved->bucket.label[0] & OVERFLOW));
	return used;
}

bool table_restore(struct table *t, unsigned shard, uint64_t now, const void *bytes, size_t n,
		   uint64_t *live_ones)
{
	struct table_shard *s = &t->shard[shard];
	const unsigned char *p = bytes;
	struct saved saved;
	bool good = true;

	pthread_mutex_lock(&s->lock);
	while (good && n) {
		size_t used = n + 1;

		if (n >= sizeof(saved)) {
			memcpy(&saved, p, sizeof(saved));
			p += sizeof(saved);
			n -= sizeof(saved);
			if (saved.at < t->buckets)
				used = restore_bucket(t, shard, &saved, ticks(now), p, n,
						      live_ones);
		}
		good = used <= n;
		if (good) {
			p += used;
			n -= used;
		}
	}
	pthread_mutex_unlock(&s->lock);
	return good;
}
