/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bans.  A ban holds from the instant of decision; the kernel's sets mirror
 * this table.  Reasons are cut here: the full text is in the event.
 */
#include "store.h"

#include <stdlib.h>

#define REASON_KEPT 64

/* Newcomers rank below this: no ban is ever evicted by another. */
#define RANK_LIVE 1

struct record {
	struct addr site;
	uint64_t until;
	uint8_t check;
	char reason[REASON_KEPT];
};

size_t bans_size(void)
{
	return sizeof(struct record);
}

static void unpack(const struct record *r, struct ban *out)
{
	out->site = r->site;
	out->until = r->until;
	out->check = r->check;
	memcpy(out->reason, r->reason, REASON_KEPT);
}

bool ban_find(struct state *st, uint64_t key, const struct addr *site, uint64_t now,
	      struct ban *out)
{
	struct hold h = table_find(st->bans, key, now);
	const struct record *r = h.value;
	bool found = r && r->until > now && addr_eq(&r->site, site);

	if (found)
		unpack(r, out);
	table_release(&h);
	return found;
}

bool state_ban_find(struct state *st, const struct addr *site, uint64_t now, struct ban *out)
{
	return ban_find(st, key_of_addr(st, site), site, now, out);
}

bool state_ban_add(struct state *st, const struct ban *ban, uint64_t now)
{
	struct hold h = table_make(st->bans, key_of_addr(st, &ban->site), now, 0);
	struct record *r = h.value;

	if (!r)
		return false;
	if (ban->until > r->until) {
		r->site = ban->site;
		r->until = ban->until;
		r->check = ban->check;
		memcpy(r->reason, ban->reason, REASON_KEPT - 1);
		table_keep(&h, now, ban->until, RANK_LIVE);
	}
	table_release(&h);
	return true;
}

bool state_ban_remove(struct state *st, const struct addr *site)
{
	return table_forget(st->bans, key_of_addr(st, site));
}

size_t state_ban_walk(struct state *st, uint64_t now, void (*each)(const struct ban *, void *),
		      void *arg)
{
	struct record *copy = malloc(table_shard_records(st->bans) * sizeof(*copy));
	size_t total = 0;

	if (!copy)
		return 0;
	for (unsigned shard = 0; shard < table_shards(st->bans); shard++) {
		size_t n = table_copy_shard(st->bans, shard, now, copy);

		for (size_t i = 0; i < n; i++) {
			struct ban ban = { .check = CHECK_NONE };

			if (copy[i].until <= now)
				continue;
			unpack(&copy[i], &ban);
			each(&ban, arg);
			total++;
		}
	}
	free(copy);
	return total;
}
