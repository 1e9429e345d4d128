/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pool.h"
#include "store.h"

#include <stdio.h>
#include <stdlib.h>

struct meter *state_meter(struct state *st)
{
	return st->meter;
}

uint64_t key_of_addr(const struct state *st, const struct addr *a)
{
	return hash_bytes(&st->secret, a, sizeof(*a));
}

void state_prefetch(const struct state *st, uint64_t site_key)
{
	table_prefetch(st->bans, site_key);
	table_prefetch(st->sources, site_key);
}

struct state *state_new(const struct settings *s, const uint8_t seed[16])
{
	struct state *st = calloc(1, sizeof(*st));

	if (!st)
		return NULL;
	memcpy(&st->secret, seed, sizeof(st->secret));
	st->meter = meter_new(s->meters);
	st->sources = table_new(s->sources, source_size());
	st->tokens = table_new(s->tokens, 1);
	/* half as much again: the last free record is hard to find */
	st->bans = table_new(s->ban_max + s->ban_max / 2, ban_size());
	st->flows = flows_new(s->flows, s->stream_memory);
	if (!st->meter || !st->sources || !st->tokens || !st->bans || !st->flows) {
		state_free(st);
		return NULL;
	}
	return st;
}

void state_free(struct state *st)
{
	if (!st)
		return;
	meter_free(st->meter);
	table_free(st->sources);
	table_free(st->tokens);
	table_free(st->bans);
	flows_free(st->flows);
	free(st);
}

size_t state_bytes(const struct state *st)
{
	return table_bytes(meter_table(st->meter)) + table_bytes(st->sources) +
	       table_bytes(st->tokens) + table_bytes(st->bans) +
	       table_bytes(flows_table(st->flows)) + pool_bytes(flows_pool(st->flows));
}

size_t state_describe(const struct state *st, char *out, size_t room)
{
	const struct {
		const char *name;
		const struct table *table;
	} all[] = {
		{ "meters", meter_table(st->meter) },
		{ "sources", st->sources },
		{ "tokens", st->tokens },
		{ "bans", st->bans },
		{ "flows", flows_table(st->flows) },
	};
	size_t n = 0;

	for (unsigned i = 0; i < sizeof(all) / sizeof(*all) && n < room; i++)
		n += (size_t)snprintf(out + n, room - n, "%s%s %u in %.1f MB", i ? ", " : "",
				      all[i].name, table_records(all[i].table),
				      (double)table_bytes(all[i].table) / 1e6);
	if (n < room)
		n += (size_t)snprintf(out + n, room - n, ", streams %u in %.1f MB",
				      pool_chunks(flows_pool(st->flows)),
				      (double)pool_bytes(flows_pool(st->flows)) / 1e6);
	return n < room ? n : room;
}
