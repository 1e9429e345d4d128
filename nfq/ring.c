/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ring.h"

#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Each side writes one counter and rereads the other's only when its own copy
 * says full or empty: the two cache lines change hands once a lap, not once an
 * event. */
struct ring {
	alignas(64) atomic_uint put; /* next to be written; the producer's */
	unsigned get_seen;           /* the producer's copy of get */
	alignas(64) atomic_uint get; /* next to be read; the consumer's */
	unsigned put_seen;           /* the consumer's copy of put */
	alignas(64) unsigned mask;
	size_t size; /* of a slot */
	char *slot;
};

struct ring *ring_new(unsigned slots, size_t size)
{
	struct ring *r = aligned_alloc(64, sizeof(*r));
	unsigned n = 1;

	if (!r)
		return NULL;
	while (n < slots)
		n *= 2;
	atomic_init(&r->put, 0);
	atomic_init(&r->get, 0);
	r->get_seen = r->put_seen = 0;
	r->mask = n - 1;
	r->size = size;
	r->slot = calloc(n, size);
	if (!r->slot) {
		free(r);
		return NULL;
	}
	return r;
}

void ring_free(struct ring *r)
{
	if (!r)
		return;
	free(r->slot);
	free(r);
}

bool ring_put_sparing(struct ring *r, const void *record, unsigned spare)
{
	unsigned put = atomic_load_explicit(&r->put, memory_order_relaxed);

	if (put - r->get_seen + spare > r->mask) {
		r->get_seen = atomic_load_explicit(&r->get, memory_order_acquire);
		if (put - r->get_seen + spare > r->mask)
			return false;
	}
	memcpy(r->slot + (put & r->mask) * r->size, record, r->size);
	atomic_store_explicit(&r->put, put + 1, memory_order_release);
	return true;
}

bool ring_put(struct ring *r, const void *record)
{
	return ring_put_sparing(r, record, 0);
}

bool ring_get(struct ring *r, void *out)
{
	unsigned get = atomic_load_explicit(&r->get, memory_order_relaxed);

	if (get == r->put_seen) {
		r->put_seen = atomic_load_explicit(&r->put, memory_order_acquire);
		if (get == r->put_seen)
			return false;
	}
	memcpy(out, r->slot + (get & r->mask) * r->size, r->size);
	atomic_store_explicit(&r->get, get + 1, memory_order_release);
	return true;
}
