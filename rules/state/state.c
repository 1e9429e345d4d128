/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dialogs.h"
#include "pool.h"
#include "store.h"

#include <endian.h>
#include <stdio.h>
#include <stdlib.h>

/* Every table, in the order of reports. */
static const struct row {
	const char *name;
	size_t at;      /* its place in struct state */
	size_t records; /* and of its size in struct settings */
	size_t (*size)(void);
} rows[] = {
#define X(name, records, least, help) \
	{ #name, offsetof(struct state, name), offsetof(struct settings, name), name##_size },
	TABLES(X)
#undef X
	{ "bans", offsetof(struct state, bans), offsetof(struct settings, ban_max), bans_size },
};

/* Two chunks of times for each pipe: timelog.h. */
#define TIMES_KIB(pipes) (uint32_t)((uint64_t)(pipes) * 2 * sizeof(struct chunk) / 1024 + 1)

#define ROWS (sizeof(rows) / sizeof(*rows))

static struct table **place_of(struct state *st, const struct row *r)
{
	return (struct table **)((char *)st + r->at);
}

static struct table *table_of(const struct state *st, const struct row *r)
{
	return *(struct table *const *)((const char *)st + r->at);
}

static uint32_t records_of(const struct settings *s, const struct row *r)
{
	uint32_t n = *(const uint32_t *)((const char *)s + r->records);

	/* half as much again for bans: the last free record is hard to find */
	return r->records == offsetof(struct settings, ban_max) ? n + n / 2 : n;
}

struct meter *state_meter(struct state *st)
{
	return meter_of(st->meters);
}

void state_set_wall(struct state *st, uint64_t now, uint64_t wall)
{
	int64_t ahead = (int64_t)((wall - now / NS) << 1 | 1);

	/* it hardly ever changes, and every worker tells it with every batch */
	if (atomic_load_explicit(&st->wall, memory_order_relaxed) != ahead)
		atomic_store_explicit(&st->wall, ahead, memory_order_relaxed);
}

uint64_t state_wall(const struct state *st, uint64_t now)
{
	int64_t ahead = atomic_load_explicit(&st->wall, memory_order_relaxed);

	return ahead ? now / NS + (uint64_t)(ahead >> 1) : 0;
}

uint64_t key_of_addr(const struct state *st, const struct addr *a)
{
	return hash_bytes(&st->secret, a, sizeof(*a));
}

void state_prefetch(const struct state *st, uint64_t site_key)
{
	table_prefetch(st->bans, site_key);
	table_prefetch(st->sources, site_key);
	table_prefetch(st->registrants, site_key);
}

void state_prefetch_site(const struct state *st, uint64_t site_key)
{
	table_prefetch_value(st->sources, site_key);
	table_prefetch_value(st->registrants, site_key);
	table_prefetch(st->meters, site_key);
}

struct state *state_new(const struct settings *s, const uint8_t seed[16])
{
	struct state *st = calloc(1, sizeof(*st));

	if (!st)
		return NULL;
	memcpy(&st->secret, seed, sizeof(st->secret));
	/* decisions are the same on every machine, for one seed */
	st->secret.k0 = le64toh(st->secret.k0);
	st->secret.k1 = le64toh(st->secret.k1);
	for (unsigned i = 0; i < ROWS; i++) {
		struct table *t = table_new(records_of(s, &rows[i]), rows[i].size());

		*place_of(st, &rows[i]) = t;
		if (!t)
			goto out;
	}
	st->pipe_times = pool_new(TIMES_KIB(table_records(st->pipes)));
	if (!st->pipe_times)
		goto out;
	pipes_watch(st);
	dialogs_watch(st);
	table_spread(st->calls);
	table_spread(st->legs);
	st->tcp = flows_new(st->flows, s->stream_memory);
	if (st->tcp)
		return st;
out:
	state_free(st);
	return NULL;
}

void state_free(struct state *st)
{
	if (!st)
		return;
	flows_free(st->tcp);
	pool_free(st->pipe_times);
	for (unsigned i = 0; i < ROWS; i++)
		table_free(table_of(st, &rows[i]));
	free(st);
}

size_t state_bytes(const struct state *st)
{
	size_t n = pool_bytes(flows_pool(st->tcp)) + pool_bytes(st->pipe_times);

	for (unsigned i = 0; i < ROWS; i++)
		n += table_bytes(table_of(st, &rows[i]));
	return n;
}

static struct table_fill fill_of(const char *name, const struct pool *p)
{
	return (struct table_fill){ name, pool_chunks(p), pool_bytes(p),
				    pool_chunks(p) - pool_left(p), 0, pool_refused(p) };
}

void state_fill(struct state *st, uint64_t now, struct table_fill out[TABLE_COUNT])
{
	_Static_assert(ROWS + 2 == TABLE_COUNT, "every row, and the two kinds of chunks");
	for (unsigned i = 0; i < ROWS; i++) {
		struct table *t = table_of(st, &rows[i]);

		out[i] = (struct table_fill){ rows[i].name, table_records(t), table_bytes(t),
					      table_used(t, now) };
		table_pushed(t, &out[i].evicted, &out[i].refused);
	}
	out[ROWS] = fill_of("streams", flows_pool(st->tcp));
	out[ROWS + 1] = fill_of("pipe_times", st->pipe_times);
}

size_t state_describe(const struct state *st, char *out, size_t room)
{
	const struct pool *p = flows_pool(st->tcp), *times = st->pipe_times;
	size_t n = 0;

	for (unsigned i = 0; i < ROWS && n < room; i++) {
		const struct table *t = table_of(st, &rows[i]);

		n += (size_t)snprintf(out + n, room - n, "%s %u in %.1f MB, ", rows[i].name,
				      table_records(t), (double)table_bytes(t) / 1e6);
	}
	if (n < room)
		n += (size_t)snprintf(out + n, room - n,
				      "streams %u in %.1f MB, pipe_times %u in %.1f MB",
				      pool_chunks(p), (double)pool_bytes(p) / 1e6,
				      pool_chunks(times), (double)pool_bytes(times) / 1e6);
	return n < room ? n : room;
}
