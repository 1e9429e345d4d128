/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pool.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/*
 * Free chunks are a stack.  Its head carries a count of changes beside the number
 * of the top one: somebody who was interrupted between looking and taking must
 * notice that the top was taken and given back meanwhile.
 */
struct pool {
	_Atomic uint64_t head; /* changes << 32 | number */
	atomic_uint left;
	atomic_uint_fast64_t refused;
	uint32_t n;
	atomic_uint *below; /* of each free chunk, the one under it */
	struct chunk *chunk; /* [0] is number 1 */
};

struct pool *pool_new(uint32_t kib)
{
	struct pool *p = calloc(1, sizeof(*p));
	uint64_t n = (uint64_t)kib * 1024 / sizeof(struct chunk);

	if (!p)
		return NULL;
	p->n = n ? (uint32_t)n : 1;
	p->below = calloc((size_t)p->n + 1, sizeof(*p->below));
	p->chunk = calloc(p->n, sizeof(*p->chunk));
	if (!p->below || !p->chunk) {
		pool_free(p);
		return NULL;
	}
	/* touched here, so that the packet path never waits for a page */
	memset(p->chunk, 0, (size_t)p->n * sizeof(*p->chunk));
	for (uint32_t i = p->n; i; i--)
		pool_give(p, i);
	return p;
}

void pool_free(struct pool *p)
{
	if (!p)
		return;
	free(p->below);
	free(p->chunk);
	free(p);
}

size_t pool_bytes(const struct pool *p)
{
	return (size_t)p->n * (sizeof(*p->chunk) + sizeof(*p->below));
}

uint32_t pool_chunks(const struct pool *p)
{
	return p->n;
}

uint32_t pool_left(const struct pool *p)
{
	return atomic_load_explicit(&p->left, memory_order_relaxed);
}

uint64_t pool_refused(const struct pool *p)
{
	return atomic_load_explicit(&p->refused, memory_order_relaxed);
}

struct chunk *pool_chunk(struct pool *p, uint32_t number)
{
	return &p->chunk[number - 1];
}

uint32_t pool_take(struct pool *p)
{
	uint64_t head = atomic_load_explicit(&p->head, memory_order_acquire), next;
	struct chunk *c;
	uint32_t number;

	do {
		number = (uint32_t)head;
		if (!number) {
			atomic_fetch_add_explicit(&p->refused, 1, memory_order_relaxed);
			return 0;
		}
		next = ((head >> 32) + 1) << 32 |
		       atomic_load_explicit(&p->below[number], memory_order_relaxed);
	} while (!atomic_compare_exchange_weak_explicit(&p->head, &head, next, memory_order_acquire,
							memory_order_acquire));
	atomic_fetch_sub_explicit(&p->left, 1, memory_order_relaxed);
	c = pool_chunk(p, number);
	c->next = c->seq = 0;
	memset(c->here, 0, sizeof(c->here));
	return number;
}

void pool_give(struct pool *p, uint32_t number)
{
	uint64_t head = atomic_load_explicit(&p->head, memory_order_relaxed), next;

	do {
		atomic_store_explicit(&p->below[number], (uint32_t)head, memory_order_relaxed);
		next = ((head >> 32) + 1) << 32 | number;
	} while (!atomic_compare_exchange_weak_explicit(&p->head, &head, next, memory_order_acq_rel,
							memory_order_relaxed));
	atomic_fetch_add_explicit(&p->left, 1, memory_order_relaxed);
}
