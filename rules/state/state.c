/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "store.h"

#include <stdio.h>
#include <stdlib.h>

struct meter *state_meter(struct state *st)
{
	return st->meter;
}

/* Each table is keyed differently: a collision found in one helps in no other. */
static struct table *make_table(const uint8_t seed[16], uint8_t which, uint32_t records,
				size_t size)
{
	uint8_t own[16];

	memcpy(own, seed, sizeof(own));
	own[0] ^= which;
	return table_new(records, size, own);
}

struct state *state_new(const struct settings *s, const uint8_t seed[16])
{
	struct state *st = calloc(1, sizeof(*st));

	if (!st)
		return NULL;
	memcpy(st->seed, seed, sizeof(st->seed));
	st->meter = meter_new(s->meters, seed);
	st->sources = make_table(seed, 1, s->sources, source_size());
	st->tokens = make_table(seed, 2, s->tokens, 1);
	/* half as much again: the last free record is hard to find */
	st->bans = make_table(seed, 3, s->ban_max + s->ban_max / 2, ban_size());
	if (!st->meter || !st->sources || !st->tokens || !st->bans) {
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
	free(st);
}

size_t state_bytes(const struct state *st)
{
	return table_bytes(meter_table(st->meter)) + table_bytes(st->sources) +
	       table_bytes(st->tokens) + table_bytes(st->bans);
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
	};
	size_t n = 0;

	for (unsigned i = 0; i < sizeof(all) / sizeof(*all) && n < room; i++)
		n += (size_t)snprintf(out + n, room - n, "%s%s %u in %.1f MB", i ? ", " : "",
				      all[i].name, table_records(all[i].table),
				      (double)table_bytes(all[i].table) / 1e6);
	return n < room ? n : room;
}
