/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timelog.h"

#include <string.h>

/* A place: 48 bits of the time, which are three days, and how many events. */
#define COUNT_BITS 16
#define COUNT_MASK (((uint64_t)1 << COUNT_BITS) - 1)

static uint64_t place_get(struct pool *p, uint32_t chunk, unsigned at)
{
	uint64_t place;

	memcpy(&place, pool_chunk(p, chunk)->bytes + at * sizeof(place), sizeof(place));
	return place;
}

static void place_set(struct pool *p, uint32_t chunk, unsigned at, uint64_t now, uint64_t count)
{
	uint64_t place = now << COUNT_BITS | count;

	memcpy(pool_chunk(p, chunk)->bytes + at * sizeof(place), &place, sizeof(place));
}

static uint64_t age_of(uint64_t place, uint64_t now)
{
	return ((now << COUNT_BITS) - (place & ~COUNT_MASK)) >> COUNT_BITS;
}

/* The oldest place is of no use any more. */
static void forget_oldest(struct timelog *g, struct pool *p)
{
	uint32_t chunk = g->first;

	g->head++;
	if (chunk == g->last && g->head == g->tail)
		g->first = g->last = 0;
	else if (g->head == TIMELOG_PLACES)
		g->first = pool_chunk(p, chunk)->next;
	else
		return;
	g->head = 0;
	pool_give(p, chunk);
}

void timelog_expire(struct timelog *g, struct pool *p, uint64_t window, uint64_t now)
{
	while (g->first) {
		uint64_t oldest = place_get(p, g->first, g->head);

		if (age_of(oldest, now) < window)
			return;
		g->load -= (uint32_t)(oldest & COUNT_MASK);
		forget_oldest(g, p);
	}
}

/* Room for a further place; false: there is none. */
static bool grow(struct timelog *g, struct pool *p)
{
	uint32_t chunk;

	if (g->last && g->tail < TIMELOG_PLACES)
		return true;
	if (g->last && pool_left(p) < pool_chunks(p) / 2)
		return false;
	chunk = pool_take(p);
	if (!chunk)
		return false;
	if (g->last)
		pool_chunk(p, g->last)->next = chunk;
	else
		g->first = chunk;
	g->last = chunk;
	g->tail = 0;
	return true;
}

void timelog_add(struct timelog *g, struct pool *p, uint64_t now)
{
	uint64_t newest = g->last ? place_get(p, g->last, g->tail - 1u) : 0;

	if (g->last && (age_of(newest, now) == 0 || !grow(g, p)))
		place_set(p, g->last, g->tail - 1u, now, (newest & COUNT_MASK) + 1);
	else if (g->last || grow(g, p))
		place_set(p, g->last, g->tail++, now, 1);
	else
		return;
	g->load++;
}

/* The newest place is the only one of its chunk: the chunk before it is full. */
static void shrink(struct timelog *g, struct pool *p)
{
	uint32_t before = g->first;

	while (pool_chunk(p, before)->next != g->last)
		before = pool_chunk(p, before)->next;
	pool_give(p, g->last);
	g->last = before;
	g->tail = TIMELOG_PLACES;
}

void timelog_undo(struct timelog *g, struct pool *p)
{
	uint64_t newest;

	if (g->load <= 1) {
		timelog_clear(g, p);
		return;
	}
	newest = place_get(p, g->last, g->tail - 1u);
	g->load--;
	if ((newest & COUNT_MASK) > 1)
		place_set(p, g->last, g->tail - 1u, newest >> COUNT_BITS,
			  (newest & COUNT_MASK) - 1);
	else if (--g->tail == 0)
		shrink(g, p);
}

void timelog_clear(struct timelog *g, struct pool *p)
{
	for (uint32_t chunk = g->first, next; chunk; chunk = next) {
		next = chunk == g->last ? 0 : pool_chunk(p, chunk)->next;
		pool_give(p, chunk);
	}
	*g = (struct timelog){ 0 };
}
