/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "walk.h"

#include <stdlib.h>
#include <string.h>

#define PIECE 16384 /* copied under one lock: a few microseconds */

struct copies {
	unsigned char *at;
	size_t size, n;
};

/* Called with the shard locked. */
static bool copy(void *value, bool lives, void *arg)
{
	struct copies *c = arg;

	if (lives)
		memcpy(c->at + c->n++ * c->size, value, c->size);
	return false;
}

bool table_walk(struct table *t, uint64_t now, void (*each)(const void *value, void *arg),
		void *arg)
{
	struct table_shape shape = table_shape(t);
	size_t bucket = TABLE_WAYS * (size_t)shape.value_size;
	uint32_t buckets = bucket < PIECE ? (uint32_t)(PIECE / bucket) : 1;
	struct copies c = { .size = shape.value_size };

	c.at = malloc(buckets * bucket);
	for (unsigned i = 0; c.at && i < table_shards(t); i++)
		for (uint32_t at = 0; at < shape.buckets;) {
			c.n = 0;
			table_visit(t, i, &at, buckets, now, copy, &c);
			for (size_t k = 0; k < c.n; k++)
				each(c.at + k * c.size, arg);
		}
	free(c.at);
	return c.at;
}
