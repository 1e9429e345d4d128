/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sites.h"

#include "store.h"

#define RETURNED_SECONDS 3600
#define LATE_SECONDS 32 /* a refresh may be a Timer F late */
#define STEPS 64 /* of a score's half-life */
#define SCORE_STEP (SOURCE_HALF_LIFE * NS / STEPS)
#define FADED (32 * STEPS)
#define BEHIND 64
#define MET_HOURS 168 /* no record lives longer without having been looked through */
#define HOUR (3600 * NS)
#define MIX_AROUND 0x6d6574 /* a prefix is no site */
#define REG_TICK (8 * NS) /* unit of a registration's end: 16 bits reach 6 days */

_Static_assert(SOURCE_HALF_LIFE * NS % STEPS == 0, "a step is a whole number of ns");
_Static_assert(MET_HOURS * HOUR / SCORE_STEP < UINT16_MAX - BEHIND, "steps do not wrap meanwhile");

enum { RANK_SCORED, RANK_RETURNED, RANK_REGISTERED };

/* There may be millions of these.  Ends are in ticks of the table, 0 = never. */
struct site {
	uint32_t returned_until;
	uint32_t registered_until; /* at the latest */
	uint32_t score;            /* points << SCORE_BITS, at the time of */
	uint16_t scored;           /* steps since the clock's zero */
	uint16_t met_until;        /* hours since then */
};

struct registration {
	uint16_t who;   /* hash of address-of-record and port, 0 = empty */
	uint16_t until; /* in REG_TICK */
};

struct registrant {
	uint32_t others_until; /* registrations of before it was pushed out once */
	struct registration reg[SOURCE_REGS]; /* none behind an empty one */
};

size_t sources_size(void)
{
	return sizeof(struct site);
}

size_t registrants_size(void)
{
	return sizeof(struct registrant);
}

static uint32_t end_of(uint64_t until)
{
	uint32_t tick = (uint32_t)(until >> TABLE_TICK_BITS) + 1;

	return tick ? tick : 1;
}

static bool ahead(uint32_t end, uint64_t now)
{
	return end && (int32_t)(end - (uint32_t)(now >> TABLE_TICK_BITS)) > 0;
}

static bool met(const struct site *s, uint64_t now)
{
	return s->met_until && (int16_t)(s->met_until - (uint16_t)(now / HOUR)) > 0;
}

/* A worker's clock may be a little behind another's. */
static uint16_t steps_since(const struct site *s, uint64_t now)
{
	uint16_t steps = (uint16_t)(now / SCORE_STEP - s->scored);

	return steps > UINT16_MAX - BEHIND ? 0 : steps;
}

/* Ends wrap: what is over must be gone before it seems to lie ahead again, years
 * later.  Done whenever a record is prolonged. */
static void tidy(struct site *s, uint64_t now)
{
	if (!ahead(s->returned_until, now))
		s->returned_until = 0;
	if (!ahead(s->registered_until, now))
		s->registered_until = 0;
	if (!met(s, now))
		s->met_until = 0;
	if (steps_since(s, now) >= FADED)
		s->score = 0;
}

static bool reg_live(const struct registration *r, uint64_t now)
{
	return r->who && (int16_t)(r->until - (uint16_t)(now / REG_TICK)) > 0;
}

/* The same for registrations; a record of these is prolonged once a day, or gone. */
static void sweep(struct registrant *r, uint64_t now)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < SOURCE_REGS && r->reg[i].who; i++)
		if (reg_live(&r->reg[i], now))
			r->reg[kept++] = r->reg[i];
	while (kept < SOURCE_REGS && r->reg[kept].who)
		r->reg[kept++] = (struct registration){ 0, 0 };
}

/* Counts up to `most`. */
static unsigned registrations(struct state *st, uint64_t key, unsigned most, uint64_t now)
{
	struct hold h = table_find(st->registrants, key, now);
	const struct registrant *r = h.value;
	unsigned n = 0;

	if (!r)
		return 1; /* it was pushed out: nobody can say more */
	for (unsigned i = 0; i < SOURCE_REGS && r->reg[i].who && n < most; i++)
		n += reg_live(&r->reg[i], now);
	n += !n && ahead(r->others_until, now);
	table_release(&h);
	return n;
}

static void find(struct state *st, uint64_t site_key, unsigned most, uint64_t now,
		 struct source *out)
{
	struct hold h = table_find(st->sources, site_key, now);
	struct site s = { 0 };

	if (h.value)
		s = *(const struct site *)h.value;
	table_release(&h);
	*out = (struct source){ .standing = STRANGER, .met = met(&s, now) };
	if (ahead(s.registered_until, now))
		out->registrations = registrations(st, site_key, most, now);
	if (out->registrations)
		out->standing = REGISTERED;
	else if (ahead(s.returned_until, now))
		out->standing = RETURNED;
}

void source_find(struct state *st, uint64_t site_key, uint64_t now, struct source *out)
{
	find(st, site_key, SOURCE_REGS, now, out);
}

enum standing source_standing(struct state *st, uint64_t site_key, uint64_t now)
{
	struct source s;

	find(st, site_key, 1, now, &s);
	return s.standing;
}

void source_returned(struct state *st, uint64_t site_key, uint64_t now)
{
	struct hold h = table_make(st->sources, site_key, now, RANK_RETURNED);
	uint64_t until = now + RETURNED_SECONDS * NS;
	struct site *s = h.value;

	if (!s)
		return;
	tidy(s, now);
	s->returned_until = end_of(until);
	table_keep(&h, now, until, RANK_RETURNED);
	table_release(&h);
}

/* false: it was noted within this hour. */
static bool meet(struct state *st, uint64_t key, uint64_t now)
{
	struct hold h = table_make(st->sources, key, now, RANK_REGISTERED);
	uint16_t until = (uint16_t)(now / HOUR + MET_HOURS + 1);
	struct site *s = h.value;
	bool news = s && s->met_until != until;

	if (news) {
		tidy(s, now);
		s->met_until = until ? until : 1;
		table_keep(&h, now, now + MET_HOURS * HOUR, RANK_REGISTERED);
	}
	table_release(&h);
	return news;
}

static uint64_t key_around(const struct state *st, const struct prefix *around)
{
	return key_with(key_of_addr(st, &around->addr), MIX_AROUND);
}

void source_met(struct state *st, const struct addr *a, uint64_t site_key, uint64_t now)
{
	struct prefix around = addr_around(a);

	if (meet(st, site_key, now))
		(void)meet(st, key_around(st, &around), now);
}

bool source_met_around(struct state *st, const struct prefix *around, uint64_t now)
{
	struct source s;

	source_find(st, key_around(st, around), now, &s);
	return s.met;
}

/* That one's, else an empty one; NULL: there is none. */
static struct registration *reg_slot(struct registrant *r, uint16_t who)
{
	for (unsigned i = 0; i < SOURCE_REGS; i++)
		if (r->reg[i].who == who || !r->reg[i].who)
			return &r->reg[i];
	return NULL;
}

/* The last one comes into its place. */
static void reg_remove(struct registrant *r, uint16_t who)
{
	struct registration *slot = reg_slot(r, who), *last = r->reg + SOURCE_REGS;

	if (!slot || slot->who != who)
		return;
	while (!last[-1].who)
		last--;
	*slot = last[-1];
	last[-1] = (struct registration){ 0, 0 };
}

/* had: end of the last registration that the site is known for. */
static void count_in(struct state *st, uint64_t site_key, uint16_t who, uint64_t until,
		     uint32_t had, uint64_t now)
{
	struct hold h = table_make(st->registrants, site_key, now, 0);
	struct registrant *r = h.value;
	struct registration *slot;

	if (!r)
		return;
	if (h.fresh || !ahead(r->others_until, now))
		r->others_until = h.fresh ? had : 0;
	sweep(r, now);
	slot = reg_slot(r, who);
	if (slot)
		*slot = (struct registration){ who, (uint16_t)(until / REG_TICK + 1) };
	table_keep(&h, now, until, 0);
	table_release(&h);
}

static uint32_t registered_until(struct state *st, uint64_t site_key, uint64_t now)
{
	struct hold h = table_find(st->sources, site_key, now);
	const struct site *s = h.value;
	uint32_t until = s && ahead(s->registered_until, now) ? s->registered_until : 0;

	table_release(&h);
	return until;
}

void site_registered(struct state *st, uint64_t site_key, uint16_t who, uint32_t seconds,
		     uint64_t now)
{
	uint64_t until = now + (seconds + LATE_SECONDS) * NS;
	struct hold h;
	struct site *s;

	count_in(st, site_key, who, until, registered_until(st, site_key, now), now);
	h = table_make(st->sources, site_key, now, RANK_REGISTERED);
	s = h.value;
	if (!s)
		return;
	tidy(s, now);
	if (!s->registered_until || (int32_t)(end_of(until) - s->registered_until) > 0)
		s->registered_until = end_of(until);
	table_keep(&h, now, until, RANK_REGISTERED);
	table_release(&h);
}

/*
 * The record stays when the last one goes, and says that there is none: whether the
 * site holds registrations is decided here, under one lock, whoever else registers.
 */
void site_unregistered(struct state *st, uint64_t site_key, uint16_t who, uint64_t now)
{
	struct hold h = table_find(st->registrants, site_key, now);

	if (h.value)
		reg_remove(h.value, who);
	table_release(&h);
}

/*
 * Scores.  A step is a 64th of the half-life.  Points of one step fade together, so
 * that 2^-(1/64) and its powers are all that is needed, and a whole half-life is
 * exactly half, however often somebody looked meanwhile.
 */
#define SCORE_BITS 16
#define ROUNDING (1u << 9) /* 1/128 point, more than all rounding can sum up to */

/* v after so many steps, rounded to the nearest. */
static uint32_t faded(uint32_t v, uint32_t steps)
{
	/* 2^-(1/64), 2^-(1/32), ... 2^-(1/2), as fractions of 2^32 */
	static const uint32_t root[] = { 4248701965, 4202935003, 4112874773,
					 3938502376, 3611622603, 3037000500 };
	uint64_t factor = (uint64_t)1 << 32;

	if (steps / STEPS >= 32)
		return 0;
	for (unsigned i = 0; i < sizeof(root) / sizeof(*root); i++)
		if (steps >> i & 1)
			factor = (factor * root[i] + (1u << 31)) >> 32;
	return (uint32_t)((v * factor + (1u << 31)) >> 32 >> steps / STEPS);
}

static uint32_t score_at(const struct site *s, uint64_t now)
{
	return faded(s->score, steps_since(s, now));
}

static unsigned whole(uint32_t v)
{
	return (unsigned)(((uint64_t)v + ROUNDING) >> SCORE_BITS);
}

unsigned source_score(struct state *st, uint64_t site_key, uint64_t now)
{
	struct hold h = table_find(st->sources, site_key, now);
	const struct site *s = h.value;
	unsigned points = s ? whole(score_at(s, now)) : 0;

	table_release(&h);
	return points;
}

unsigned source_score_add(struct state *st, uint64_t site_key, unsigned points, uint64_t now)
{
	const uint32_t most = (uint32_t)SOURCE_SCORE_MOST << SCORE_BITS;
	uint32_t more = points < SOURCE_SCORE_MOST ? points << SCORE_BITS : most, had;
	struct hold h = table_make(st->sources, site_key, now, RANK_SCORED);
	struct site *s = h.value;
	unsigned life = 0, sum;

	if (!s)
		return whole(more);
	tidy(s, now);
	had = score_at(s, now);
	if (!s->score || steps_since(s, now))
		s->scored = (uint16_t)(now / SCORE_STEP);
	s->score = more < most - had ? had + more : most;
	sum = whole(s->score);
	while (sum >> life)
		life++; /* half-lives until less than a point is left */
	table_keep(&h, now, now + life * (uint64_t)SOURCE_HALF_LIFE * NS, RANK_SCORED);
	table_release(&h);
	return sum;
}
