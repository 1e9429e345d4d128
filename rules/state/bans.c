/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bans, and what is allowed by hand.  A ban holds from the instant of decision; the
 * kernel's sets mirror this table.  Reasons are cut here: the full text is in the event.
 *
 * A site is looked for under its own key.  For other prefixes there is one search for each
 * length that is in use at all: none, as a rule.
 */
#include "neighbours.h"
#include "offenders.h"
#include "store.h"

#include <stdlib.h>

#define REASON_KEPT 52
#define BITS 128 /* of an address */

/*
 * Newcomers rank one below: no ban is evicted by another of its kind.  A proven one takes the
 * place of one that is not, so that forged packets cannot fill the table for good; and what is
 * written by hand that of either.
 */
enum { RANK_UNPROVEN = 1, RANK_PROVEN, RANK_HAND };

#define RENEW_PART 8 /* of its life a ban gains at least: else all would change at every look */

enum { MIX_BAN = 0x62616e, MIX_ALLOW = 0x616c6c }; /* + length: into the keys of prefixes */

struct record {
	struct prefix who;
	bool allow : 1, hand : 1, proven : 1;
	uint8_t check, times;
	uint32_t begun, life; /* s: when it was set, and for how long */
	char reason[REASON_KEPT];
	uint64_t until;
};
_Static_assert(sizeof(struct record) == 88, "nothing is left open between them");

size_t bans_size(void)
{
	return sizeof(struct record);
}

static void unpack(const struct record *r, struct ban *out)
{
	*out = (struct ban){ .who = r->who, .until = r->until, .check = r->check,
			     .allow = r->allow, .hand = r->hand, .proven = r->proven,
			     .times = r->times };
	memcpy(out->reason, r->reason, REASON_KEPT);
}

static uint64_t key_of(const struct state *st, const struct prefix *who, bool allow)
{
	uint64_t key = key_of_addr(st, &who->addr);

	if (!allow && prefix_is_site(who))
		return key;
	return key_with(key, (allow ? MIX_ALLOW : MIX_BAN) + ((uint64_t)who->len << 32));
}

static bool find(struct state *st, uint64_t key, const struct prefix *who, uint64_t now,
		 struct ban *out)
{
	struct hold h = table_find(st->bans, key, now);
	const struct record *r = h.value;
	bool found = r && r->until > now && r->who.len == who->len &&
		     addr_eq(&r->who.addr, &who->addr);

	if (found)
		unpack(r, out);
	table_release(&h);
	return found;
}

static uint64_t lengths(const struct state *st, bool allow, unsigned word)
{
	return atomic_load_explicit(&st->ban_lengths[allow][word], memory_order_relaxed);
}

/* Of the lengths in use, longest first; a family has its own: IPv4 begins at 96. */
static bool find_around(struct state *st, const struct addr *a, bool allow, uint64_t now,
			struct ban *out)
{
	unsigned least;

	if (!(lengths(st, allow, 0) | lengths(st, allow, 1) | lengths(st, allow, 2)))
		return false;
	least = addr_is_v4(a) ? ADDR_V4_BITS : 0;
	for (unsigned word = BITS / 64 + 1; word-- > 0;) {
		uint64_t in_use = lengths(st, allow, word);

		for (; in_use; in_use &= ~(1ull << (63 - __builtin_clzll(in_use)))) {
			unsigned len = word * 64 + 63 - (unsigned)__builtin_clzll(in_use);
			struct prefix who = { addr_masked(a, len), (uint8_t)len };

			if (len >= least && find(st, key_of(st, &who, allow), &who, now, out))
				return true;
		}
	}
	return false;
}

bool ban_find(struct state *st, uint64_t site_key, const struct addr *a, uint64_t now,
	      struct ban *out)
{
	struct prefix site = addr_site_prefix(a);

	return find(st, site_key, &site, now, out) || find_around(st, a, false, now, out);
}

bool state_ban_find(struct state *st, const struct addr *a, uint64_t now, struct ban *out)
{
	struct addr site = addr_site(a);

	return ban_find(st, key_of_addr(st, &site), a, now, out);
}

bool state_allow_find(struct state *st, const struct addr *a, uint64_t now, struct ban *out)
{
	return find_around(st, a, true, now, out);
}

bool state_ban_get(struct state *st, const struct prefix *who, bool allow, uint64_t now,
		   struct ban *out)
{
	return find(st, key_of(st, who, allow), who, now, out);
}

static void note_length(struct state *st, const struct ban *ban)
{
	if (ban->allow || !prefix_is_site(&ban->who))
		atomic_fetch_or(&st->ban_lengths[ban->allow][ban->who.len / 64],
				1ull << ban->who.len % 64);
}

static uint32_t life_of(const struct ban *ban, uint64_t now)
{
	uint64_t life = ban->until > now ? (ban->until - now + NS - 1) / NS : 0;

	return life < UINT32_MAX ? (uint32_t)life : UINT32_MAX;
}

static uint8_t rank_of(const struct ban *b)
{
	return b->hand ? RANK_HAND : b->proven ? RANK_PROVEN : RANK_UNPROVEN;
}

/* Written by hand, or shown by its source. */
static bool sure(const struct ban *b)
{
	return !b->allow && (b->hand || b->proven);
}

bool state_ban_add(struct state *st, const struct ban *ban, uint64_t now)
{
	uint8_t rank = rank_of(ban);
	struct hold h = table_make(st->bans, key_of(st, &ban->who, ban->allow), now, rank - 1);
	struct record *r = h.value;
	bool news;

	if (!r)
		return false;
	news = sure(ban) && (h.fresh || !(r->hand || r->proven));
	if (ban->hand || (ban->until > r->until && !r->hand)) {
		*r = (struct record){ .who = ban->who, .until = ban->until, .check = ban->check,
				      .allow = ban->allow, .hand = ban->hand,
				      .proven = ban->proven, .times = ban->times,
				      .life = life_of(ban, now), .begun = (uint32_t)(now / NS) };
		memcpy(r->reason, ban->reason, REASON_KEPT - 1);
		table_set(&h, now, ban->until, rank);
	} else if (news) {
		/* it lasts longer anyway, and is sure from now on */
		r->proven = true;
		table_set(&h, now, r->until, rank);
	}
	table_release(&h);
	note_length(st, ban);
	if (news)
		atomic_fetch_add_explicit(&st->bans_made, 1, memory_order_relaxed);
	return true;
}

/* Those that are written by hand or with nft have the end that somebody gave them. */
static bool renewable(const struct record *r, uint64_t now)
{
	return r->until > now && r->proven && !r->hand && r->check != CHECK_NONE;
}

bool state_ban_renew(struct state *st, const struct addr *site, const struct ban_growth *growth,
		     uint64_t now, struct ban *out)
{
	uint64_t key = key_of_addr(st, site);
	struct hold h = table_find(st->bans, key, now);
	struct record *r = h.value;
	bool renewed = false;
	uint64_t until, last;

	if (r && addr_eq(&r->who.addr, site) && renewable(r, now)) {
		until = now + r->life * NS;
		last = (r->begun + (uint64_t)growth->longest) * NS;
		if (until > last)
			until = last;
		renewed = until > r->until && until - r->until >= r->life * NS / RENEW_PART;
	}
	if (renewed) {
		r->until = until;
		unpack(r, out);
		table_set(&h, now, until, RANK_PROVEN);
	}
	table_release(&h);
	if (renewed && out->times)
		offender_goes_on(st, key, until, growth->memory, now);
	return renewed;
}

bool state_ban_renewable(struct state *st, const struct addr *site, uint64_t now)
{
	struct hold h = table_find(st->bans, key_of_addr(st, site), now);
	const struct record *r = h.value;
	bool yes = r && addr_eq(&r->who.addr, site) && renewable(r, now);

	table_release(&h);
	return yes;
}

uint32_t state_bans_made(const struct state *st)
{
	return atomic_load_explicit(&st->bans_made, memory_order_relaxed);
}

/* Of those around whom a check has banned with his neighbours nobody has shown anything. */
static bool shown_by_itself(const struct ban *b)
{
	return b->hand || b->check == CHECK_NONE || prefix_is_site(&b->who);
}

bool state_ban_cuts(struct state *st, const struct addr *a, uint64_t now, struct ban *out)
{
	struct addr site = addr_site(a);
	uint64_t key = key_of_addr(st, &site);
	struct ban allowed;

	return ban_find(st, key, a, now, out) && sure(out) && shown_by_itself(out) &&
	       !state_allow_find(st, a, now, &allowed) &&
	       source_standing(st, key, now) != REGISTERED;
}

/* Who should not have been banned has not been: what his next ban would go by. */
static void forgive(struct state *st, const struct prefix *who)
{
	uint64_t key = key_of_addr(st, &who->addr);

	if (prefix_is_site(who)) {
		offender_forget(st, key);
		neighbours_drop(st, &who->addr, key);
	} else if (who->len == addr_around_len(&who->addr)) {
		neighbours_forget(st, who);
	}
}

bool state_ban_remove(struct state *st, const struct prefix *who)
{
	forgive(st, who);
	return table_forget(st->bans, key_of(st, who, false));
}

bool state_allow_remove(struct state *st, const struct prefix *who)
{
	return table_forget(st->bans, key_of(st, who, true));
}

size_t state_ban_most(const struct state *st)
{
	return table_records(st->bans);
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
			struct ban ban;

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
