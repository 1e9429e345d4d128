/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sight.h"

#include "memory.h"
#include "store.h"

#define PROBES 8

static uint64_t word(const struct addr *a, unsigned at)
{
	uint64_t w;

	memcpy(&w, a->b + at, sizeof(w));
	return w;
}

/* Servers are few and not chosen by attackers: any mixing will do. */
static unsigned place_of(uint64_t high, uint64_t low)
{
	return (unsigned)((high ^ low) * 0x9e3779b97f4a7c15u >> 58);
}

static uint64_t get(const _Atomic uint64_t *p)
{
	return atomic_load_explicit(p, memory_order_relaxed);
}

static void set(_Atomic uint64_t *p, uint64_t v)
{
	atomic_store_explicit(p, v, memory_order_relaxed);
}

/* low is never 0 for a real host, so it claims the place. */
static bool is_at(const struct sight *s, uint64_t high, uint64_t low)
{
	return atomic_load_explicit(&s->low, memory_order_acquire) == low &&
	       get(&s->high) == high;
}

static struct sight *at_of(struct state *st, uint64_t high, uint64_t low)
{
	for (unsigned i = 0, at = place_of(high, low); i < PROBES; i++)
		if (is_at(&st->sight[(at + i) % SIGHTS], high, low))
			return &st->sight[(at + i) % SIGHTS];
	return NULL;
}

static const struct sight *find(struct state *st, const struct addr *inside)
{
	return at_of(st, word(inside, 0), word(inside, 8));
}

/*
 * The first question of two threads at once may claim two places: one is left idle.
 * Where a whole network is inside, anybody can ask addresses that are no servers: every
 * other place is for those that have spoken.
 */
static struct sight *make(struct state *st, const struct addr *inside, bool speaks)
{
	uint64_t high = word(inside, 0), low = word(inside, 8);
	struct sight *known = at_of(st, high, low);

	for (unsigned i = 0, at = place_of(high, low); !known && i < PROBES; i++) {
		struct sight *s = &st->sight[(at + i) % SIGHTS];
		uint64_t none = 0;

		if (get(&s->low) || !low || (!speaks && (at + i) % 2))
			continue;
		if (!atomic_compare_exchange_strong(&s->high, &none, high) && none != high)
			continue;
		none = 0;
		if (atomic_compare_exchange_strong(&s->low, &none, low) || none == low)
			return s;
	}
	return known;
}

static void heard(struct sight *s, uint64_t now)
{
	if (now - get(&s->spoke) >= NS || !get(&s->spoke))
		set(&s->spoke, now);
	if (atomic_load_explicit(&s->asked, memory_order_relaxed))
		atomic_store_explicit(&s->asked, 0, memory_order_relaxed);
}

/* Counted no further than it matters: a flood of questions would wrap around. */
static void asked(struct sight *s, uint64_t now)
{
	unsigned n = atomic_load_explicit(&s->asked, memory_order_relaxed);

	/* before the count, or others take it for that of the time before */
	if (!n)
		set(&s->since, now);
	if (n < SIGHT_ASKED)
		atomic_fetch_add_explicit(&s->asked, 1, memory_order_release);
}

void sight_learn(struct state *st, const struct lesson *l)
{
	bool question = l->sip->kind == SIP_REQUEST && l->sip->method != METHOD_ACK;
	struct sight *s;

	if (l->pkt->dir == DIR_INBOUND && (!question || l->again))
		return;
	s = make(st, &l->inside, l->pkt->dir == DIR_OUTBOUND);
	if (!s)
		return;
	if (l->pkt->dir == DIR_OUTBOUND)
		heard(s, l->now);
	else
		asked(s, l->now);
}

static bool is_heard(const struct sight *s, uint64_t now)
{
	return atomic_load_explicit(&s->asked, memory_order_acquire) < SIGHT_ASKED ||
	       now < get(&s->since) + SIGHT_SECONDS * NS;
}

bool sight_replies(struct state *st, const struct addr *inside, uint64_t now)
{
	const struct sight *s = find(st, inside);

	return !s || is_heard(s, now);
}

bool sight_spoke(struct state *st, const struct addr *inside)
{
	const struct sight *s = find(st, inside);

	return s && get(&s->spoke);
}

static bool is_troubled(const struct sight *s, uint64_t now)
{
	return __builtin_popcountll(get(&s->failing)) >= SIGHT_TROUBLED &&
	       now > get(&s->trouble) + SIGHT_PATIENCE * NS;
}

uint64_t sight_excuses(struct state *st, const struct addr *inside, uint64_t now)
{
	const struct sight *s = find(st, inside);

	if (!s)
		return 0;
	return is_troubled(s, now) ? now - SIGHT_PATIENCE * NS : get(&s->excused);
}

void sight_refused(struct state *st, const struct addr *inside, uint64_t user, uint64_t now)
{
	struct sight *s = make(st, inside, true);

	if (!s)
		return;
	if (!get(&s->failing))
		set(&s->trouble, now);
	atomic_fetch_or_explicit(&s->failing, (uint64_t)1 << user % 64, memory_order_relaxed);
}

void sight_accepted(struct state *st, const struct addr *inside, uint64_t now)
{
	struct sight *s = make(st, inside, true);

	if (!s || !get(&s->failing))
		return;
	if (is_troubled(s, now))
		set(&s->excused, now);
	set(&s->failing, 0);
}

/* Claimed: its address is low and what stands in high. */
static void address_of(const struct sight *s, uint64_t low, struct addr *out)
{
	uint64_t high = get(&s->high);

	memcpy(out->b, &high, sizeof(high));
	memcpy(out->b + 8, &low, sizeof(low));
}

bool state_sight_news(struct state *st, uint64_t now, struct addr *server, bool *hears)
{
	for (unsigned i = 0; i < SIGHTS; i++) {
		struct sight *s = &st->sight[i];
		uint64_t low = atomic_load_explicit(&s->low, memory_order_acquire);

		*hears = is_heard(s, now);
		if (!low || atomic_load(&s->told) != *hears)
			continue;
		atomic_store(&s->told, !*hears);
		address_of(s, low, server);
		return true;
	}
	return false;
}

size_t state_servers(struct state *st, uint64_t now, struct server_sight out[SERVERS_MOST])
{
	size_t n = 0;

	_Static_assert(SERVERS_MOST == SIGHTS, "room for all");
	for (unsigned i = 0; i < SIGHTS; i++) {
		const struct sight *s = &st->sight[i];
		uint64_t low = atomic_load_explicit(&s->low, memory_order_acquire);

		if (!low)
			continue;
		address_of(s, low, &out[n].server);
		out[n++].heard = is_heard(s, now);
	}
	return n;
}
