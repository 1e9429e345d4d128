/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Users at sites, and sites.  Two kinds of records in one table: what is asked most
 * often, whether a user is bound at a site, is one small record of its own, kept a day
 * longer than it holds, so that a phone that comes back is known.
 */
#include "bindings.h"

#include "registry.h"
#include "store.h"

#define DAY (86400 * NS)
#define LEFT (3600 * NS) /* who unregisters is not late: his end lies as far back */
#define AORS 4 /* domains in which one user name is bound at one site */
#define ENDING 24 /* slices of ENDING_S: longer lives are counted as if that long */
#define ENDING_S 180
#define FRESH 6 /* slices of FRESH_S: an hour */
#define FRESH_S 600

enum { RANK_ASKED = 0, RANK_BOUND = 2 };

struct chair {
	uint32_t aor;     /* print, 0: empty */
	uint32_t end;     /* tick */
	uint32_t counted; /* slice of the site's tally, 0: none */
};

/* Of a user at a site. */
struct seat {
	struct chair chair[AORS];
	uint32_t asked; /* a REGISTER is under way until that tick */
	bool any_asked;
};

/* Of a site: slices of time, each in the place of its number modulo their count. */
struct tally {
	uint32_t ending_at, fresh_at; /* the slices of the present */
	uint16_t ending[ENDING];      /* addresses-of-record that end then */
	uint16_t fresh[FRESH];        /* ... that were new then */
	uint16_t most[2];             /* ... at once, today and yesterday */
	uint32_t day;                 /* today */
};

/* A site at which a server of ours is registered. */
struct upstream {
	uint32_t end; /* tick */
};

union row {
	struct seat seat;
	struct upstream upstream;
	struct tally tally;
	struct contacts_asked asked; /* of a REGISTER under way: contacts.c */
};

size_t bindings_size(void)
{
	return sizeof(union row);
}

static uint64_t mixed(uint64_t a, uint64_t b)
{
	uint64_t key = (a ^ b * 0xd6e8feb86659fd93u) * 0x9e3779b97f4a7c15u;

	key = (key ^ key >> 32) * 0xd6e8feb86659fd93u;
	return key ^ key >> 29;
}

static uint64_t tally_key(uint32_t site)
{
	return mixed(0x7a11, site);
}

static bool chair_live(const struct chair *c, uint64_t now)
{
	return c->aor && tick_ahead(c->end, now);
}

bool binding_held(struct state *st, uint64_t user, uint64_t site, uint64_t now)
{
	struct hold h = table_find(st->bindings, mixed(user, print_of(site)), now);
	const struct seat *s = h.value;
	bool held = false;

	if (!s)
		return false;
	for (unsigned i = 0; i < AORS; i++)
		held |= chair_live(&s->chair[i], now);
	table_release(&h);
	return held;
}

static uint64_t upstream_key(uint64_t site)
{
	return mixed(0xca11, print_of(site));
}

bool upstream_held(struct state *st, uint64_t site, uint64_t now)
{
	struct hold h = table_find(st->bindings, upstream_key(site), now);
	const struct upstream *u = h.value;
	bool held = u && tick_ahead(u->end, now);

	table_release(&h);
	return held;
}

/* Of several accounts at one carrier the longest counts: the end of one ends no other. */
void upstream_set(struct state *st, uint64_t site, uint64_t until, uint64_t now)
{
	struct hold h = table_make(st->bindings, upstream_key(site), now, RANK_BOUND);
	struct upstream *u = h.value;

	if (!u)
		return;
	if (h.fresh || !tick_ahead(u->end, until))
		u->end = tick_of(until) + 1;
	table_keep(&h, now, until + LEFT, RANK_BOUND);
	table_release(&h);
}

void binding_prefetch(const struct state *st, uint64_t user, uint64_t site, table_fetch *fetch)
{
	fetch(st->bindings, mixed(user, print_of(site)));
}

void bindings_site_prefetch(const struct state *st, uint64_t site, table_fetch *fetch)
{
	fetch(st->bindings, tally_key(print_of(site)));
}

void binding_find(struct state *st, uint64_t user, uint64_t aor, uint64_t site, uint64_t now,
		  struct binding *out)
{
	struct hold h = table_find(st->bindings, mixed(user, print_of(site)), now);
	const struct seat *s = h.value;

	*out = (struct binding){ false };
	if (!s)
		return;
	for (unsigned i = 0; i < AORS; i++) {
		const struct chair *c = &s->chair[i];

		out->held |= chair_live(c, now);
		if (c->aor != print_of(aor))
			continue;
		out->bound = chair_live(c, now);
		out->known = tick_ahead(c->end, now > DAY ? now - DAY : 0);
	}
	out->asked = s->any_asked && tick_ahead(s->asked, now);
	table_release(&h);
}

void seat_asked(struct state *st, uint64_t user, uint64_t site, uint64_t now)
{
	struct hold h = table_make(st->bindings, mixed(user, print_of(site)), now, RANK_ASKED);
	struct seat *s = h.value;
	uint64_t until = now + BINDING_ASKED * NS;

	if (!s)
		return;
	s->any_asked = true;
	s->asked = tick_of(until);
	table_keep(&h, now, until, RANK_ASKED);
	table_release(&h);
}

static uint32_t slice_at(uint64_t now, uint64_t seconds)
{
	return (uint32_t)(now / NS / seconds);
}

/* Empties the places of slices that begin now, and with them those that are past. */
static void turn(uint16_t *slice, uint32_t n, uint32_t *at, uint32_t now)
{
	for (uint32_t i = 0; i < n && *at + i < now; i++)
		slice[(now - i) % n] = 0;
	*at = now > *at ? now : *at;
}

static void day_turn(struct tally *t, uint64_t now)
{
	uint32_t day = slice_at(now, DAY / NS);

	if (day <= t->day)
		return;
	t->most[1] = day == t->day + 1 ? t->most[0] : 0;
	t->most[0] = 0;
	t->day = day;
}

static unsigned bound_now(const struct tally *t)
{
	unsigned n = 0;

	for (unsigned i = 0; i < ENDING; i++)
		n += t->ending[i];
	return n;
}

static void tally_turn(struct tally *t, uint64_t now)
{
	uint32_t was = t->ending_at, is = slice_at(now, ENDING_S);

	/* the future lies in `ending`: what is behind gives its places to what is ahead */
	for (uint32_t i = 0; i < ENDING && was + i < is; i++)
		t->ending[(was + i) % ENDING] = 0;
	t->ending_at = is > was ? is : was;
	turn(t->fresh, FRESH, &t->fresh_at, slice_at(now, FRESH_S));
	day_turn(t, now);
}

/* The slice in which is counted what ends at that tick; 0: it has ended. */
static uint32_t ending_slice(uint32_t end, uint64_t now)
{
	uint64_t ahead = tick_left(end, now);
	uint32_t slice = slice_at(now + ahead, ENDING_S);
	uint32_t last = slice_at(now, ENDING_S) + ENDING - 1;

	if (!tick_ahead(end, now))
		return 0;
	return slice < last ? slice : last;
}

/* An address-of-record that was counted in one slice is in another now; 0: in none. */
static void tally_move(struct state *st, uint32_t site, uint32_t from, uint32_t to, bool fresh,
		       uint64_t now)
{
	struct hold h = table_make(st->bindings, tally_key(site), now, RANK_BOUND);
	struct tally *t = h.value;
	unsigned n;

	if (!t)
		return;
	tally_turn(t, now);
	if (from >= t->ending_at && t->ending[from % ENDING])
		t->ending[from % ENDING]--;
	t->ending[to % ENDING] += to >= t->ending_at && to > 0;
	t->fresh[t->fresh_at % FRESH] += fresh;
	n = bound_now(t);
	if (n > t->most[0])
		t->most[0] = n < UINT16_MAX ? (uint16_t)n : UINT16_MAX;
	table_keep(&h, now, now + DAY, RANK_BOUND);
	table_release(&h);
}

void bindings_site(struct state *st, uint64_t site, uint64_t now, struct bindings_site *out)
{
	struct hold h = table_find(st->bindings, tally_key(print_of(site)), now);
	struct tally *t = h.value;

	*out = (struct bindings_site){ 0 };
	if (!t)
		return;
	tally_turn(t, now);
	out->aors = bound_now(t);
	out->lately = t->most[0] > t->most[1] ? t->most[0] : t->most[1];
	for (unsigned i = 0; i < FRESH; i++)
		out->fresh += t->fresh[i];
	table_release(&h);
}

/* The place of the address-of-record; else an empty one, else the one that ended first. */
static struct chair *chair_of(struct seat *s, uint32_t aor)
{
	struct chair *c = NULL;

	for (unsigned i = 0; i < AORS; i++) {
		struct chair *other = &s->chair[i];

		if (other->aor == aor)
			return other;
		if (!c || (c->aor && (!other->aor || (int32_t)(other->end - c->end) < 0)))
			c = other;
	}
	return c;
}

void seat_set(struct state *st, uint64_t user, uint32_t aor, uint32_t site, uint32_t end,
	      uint64_t now)
{
	uint64_t key = mixed(user, site), ahead = tick_left(end, now);
	bool live = tick_ahead(end, now), fresh = true;
	struct hold h = live ? table_make(st->bindings, key, now, RANK_BOUND) :
			       table_find(st->bindings, key, now);
	struct chair *c = h.value ? chair_of(h.value, aor) : NULL;
	uint32_t was = 0;

	if (!c)
		return;
	/* who uses ever more domains has no more chairs for it, and makes no one else wait */
	was = c->aor == aor || live ? c->counted : 0;
	if (c->aor == aor)
		fresh = !tick_ahead(c->end, now > DAY ? now - DAY : 0);
	else
		fresh = !chair_live(c, now);
	if (live || c->aor == aor)
		*c = (struct chair){ aor, live ? end : tick_of(now) - tick_of(LEFT),
				     ending_slice(end, now) };
	if (live)
		table_keep(&h, now, now + ahead + DAY, RANK_BOUND);
	table_release(&h);
	/* another record: two are never held at once */
	tally_move(st, site, was, ending_slice(end, now), live && fresh, now);
}

/* Counts out what has ended.  Whoever moves `at` on takes the slice it passes. */
static void census_turn(struct census *c, uint64_t now)
{
	uint32_t is = (uint32_t)(now >> CENSUS_BITS), at = atomic_load(&c->at);

	if (!at) {
		atomic_compare_exchange_strong(&c->at, &at, is);
		return;
	}
	while (at < is) {
		uint32_t next = is - at > CENSUS_SLICES ? is - CENSUS_SLICES : at;

		if (!atomic_compare_exchange_weak(&c->at, &at, next + 1))
			continue;
		atomic_fetch_sub(&c->live, atomic_exchange(&c->ending[next % CENSUS_SLICES], 0));
		at = next + 1;
	}
}

void census_add(struct census *c, uint32_t end, int n, uint64_t now)
{
	uint64_t ahead = tick_left(end, now);
	uint32_t slice = (uint32_t)((now + ahead) >> CENSUS_BITS);

	census_turn(c, now);
	/* for another thread it may be a little later: its slice is counted out */
	if (!tick_ahead(end, now) || slice < atomic_load(&c->at))
		return;
	atomic_fetch_add(&c->ending[slice % CENSUS_SLICES], n);
	atomic_fetch_add(&c->live, n);
}

uint64_t bindings_live(struct state *st, uint64_t now)
{
	int64_t live;

	census_turn(&st->census, now);
	live = atomic_load(&st->census.live);
	return live > 0 ? (uint64_t)live : 0;
}

uint64_t state_contacts(struct state *st, uint64_t now)
{
	return bindings_live(st, now);
}
