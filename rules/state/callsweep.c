/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls while they run, and after they were cut. */
#include "callrecord.h"
#include "callslots.h"
#include "store.h"

#define COUNTED 64 /* buckets, with their shard locked */
#define PER_CALL (CALL_DUES / TABLE_WAYS) /* of one call at once: others are due again */

/* A record that asks for something once it is held no more. */
struct step {
	struct call was; /* before this moment was added to it */
	struct call is;
	bool expired, warn, cut, again, asked;
};

struct steps {
	uint64_t now;
	bool ask; /* who is banned */
	unsigned n, seen;
	struct step step[TABLE_WAYS];
};

/* s after the first time; the last says that it was of no use. */
static const uint8_t cut_at[CALL_CUTS] = { 1, 3, 7, 15, 31, 40 };

static bool says_again(const struct call *c, uint64_t now)
{
	return c->why == CALL_CUT && c->open < CALL_CUTS &&
	       call_ms(c, now) >= c->ended + cut_at[c->open] * 1000u;
}

static void run_on(struct call *c, struct step *s, uint64_t now)
{
	uint64_t lasted;

	/* whatever BYE it was, the call goes on */
	if (c->ended && call_ms(c, now) > c->ended + CALL_BYE_MS)
		c->ended = 0;
	call_advance(c, now);
	lasted = call_lasted(c, now);
	s->warn = c->warn_after && !(c->flags & CALL_WARNED) && lasted >= c->warn_after * NS;
	s->cut = c->cut_after && !(c->flags & CALL_LONG) && lasted >= c->cut_after * NS;
	if (s->warn)
		c->flags |= CALL_WARNED;
	if (s->cut)
		c->flags |= CALL_LONG;
}

/* Called with the shard locked. */
static bool look(void *value, bool lives, void *arg)
{
	struct steps *all = arg;
	struct step *s = &all->step[all->n];
	struct call *c = value;
	bool paid = c->slots || c->warn_after || c->cut_after;

	all->seen += call_over(c) ? c->why == CALL_CUT && c->open < CALL_CUTS : paid;
	if (!lives) {
		if (c->slots && !call_over(c)) {
			*s = (struct step){ .was = *c, .expired = true };
			all->n++;
		}
		return true;
	}
	if (call_over(c) ? !says_again(c, all->now) :
			   c->state != CALL_ANSWERED || !(paid || all->ask))
		return false;
	s->expired = s->warn = s->cut = false;
	s->again = call_over(c);
	s->asked = all->ask && !s->again;
	s->was = *c;
	if (!s->again)
		run_on(c, s, all->now);
	s->is = *c;
	if (s->again || s->asked || s->warn || s->cut || s->was.seconds != s->is.seconds)
		all->n++;
	return false;
}

static size_t put(struct call_due *out, const struct call *c, enum call_due_kind kind)
{
	*out = (struct call_due){ .call = *c, .kind = (uint8_t)kind };
	return 1;
}

/* At most PER_CALL of them. */
static size_t act(struct state *st, const struct step *s, uint64_t now, struct call_due *out)
{
	struct slot_news news;
	struct ban ban;
	unsigned at = 0;
	size_t n = 0;

	if (s->expired) {
		calls_settle(st, &s->was, SETTLE_EXPIRED, now);
		return 0;
	}
	if (s->again)
		return put(out, &s->is, DUE_AGAIN);
	if (s->cut)
		n += put(&out[n], &s->is, DUE_CUT);
	else if (s->warn)
		n += put(&out[n], &s->is, DUE_WARN);
	if (s->asked && state_ban_cuts(st, &s->is.outside, now, &ban))
		n += put(&out[n], &s->is, DUE_BANNED);
	while (calls_add(st, &s->was, &s->is, now, &at, &news)) {
		if (n == PER_CALL)
			continue;
		n += put(&out[n], &s->is, news.over ? DUE_SLOT_OVER : DUE_SLOT_WARN);
		out[n - 1].slot = news.slot;
		out[n - 1].used = news.used;
	}
	return n;
}

/* One bucket of a shard. */
static size_t sweep_bucket(struct state *st, unsigned shard, uint64_t now, struct call_due *out)
{
	struct steps all;
	size_t n = 0;

	all.now = now;
	all.ask = st->call_sweep.bans.left;
	all.n = all.seen = 0;
	table_visit(st->calls, shard, &st->call_sweep.at, 1, now, look, &all);
	st->call_sweep.seen += all.seen;
	for (unsigned i = 0; i < all.n; i++)
		n += act(st, &all.step[i], now, &out[n]);
	return n;
}

static void begin_round(struct state *st, bool banned, unsigned shards)
{
	struct ban_round *r = &st->call_sweep.bans;
	uint32_t made = state_bans_made(st);

	if (banned)
		(void)ban_round_begin(r, made, shards);
	else
		ban_round_none(r, made);
}

/* The shards until `due`; what is left of a longer pause is left out, but none twice. */
static void skip_pause(struct state *st, unsigned shards, uint64_t due)
{
	uint64_t *turn = &st->call_sweep.turn;

	if (due - *turn <= shards && due >= *turn)
		return;
	*turn = due > shards ? due - shards : 0;
	if (st->call_sweep.bans.left)
		st->call_sweep.bans.left = shards;
}

size_t calls_sweep(struct state *st, bool banned, uint64_t now, struct call_due out[CALL_DUES])
{
	unsigned shards = table_shards(st->calls);
	uint64_t due = now / (NS / shards), *turn = &st->call_sweep.turn;
	uint32_t end = table_shape(st->calls).buckets;
	size_t n = 0;

	skip_pause(st, shards, due);
	while (*turn < due && !n) {
		if (!st->call_sweep.at)
			begin_round(st, banned, shards);
		n = sweep_bucket(st, (unsigned)(*turn % shards), now, out);
		if (st->call_sweep.at < end)
			continue;
		st->call_sweep.at = 0;
		ban_round_step(&st->call_sweep.bans);
		if (++*turn % shards)
			continue;
		st->call_sweep.run = st->call_sweep.seen > 0;
		st->call_sweep.seen = 0;
	}
	return n;
}

static bool count(void *value, bool lives, void *arg)
{
	struct call_counts *n = arg;
	const struct call *c = value;

	if (!lives)
		return false;
	n->asked += c->state == CALL_INITIAL;
	n->ringing += c->state == CALL_RINGING;
	n->answered += c->state == CALL_ANSWERED;
	n->over += call_over(c);
	return false;
}

void state_calls(struct state *st, uint64_t now, struct call_counts *out)
{
	uint32_t end = table_shape(st->calls).buckets;

	*out = (struct call_counts){ 0 };
	for (unsigned i = 0; i < table_shards(st->calls); i++)
		for (uint32_t at = 0; at < end;)
			table_visit(st->calls, i, &at, COUNTED, now, count, out);
}

bool calls_run(const struct state *st)
{
	return st->call_sweep.run || st->call_sweep.bans.left;
}

uint32_t calls_bans_done(const struct state *st)
{
	return ban_round_done(&st->call_sweep.bans);
}

bool calls_goes_on(struct state *st, uint64_t key, uint64_t now)
{
	struct hold h = call_hold(st, key, now);
	const struct call *c = h.value;
	bool goes_on = c && !call_over(c);

	table_release(&h);
	return goes_on;
}

void calls_told(struct state *st, uint64_t key, unsigned slot, uint64_t now)
{
	struct hold h = call_hold(st, key, now);
	struct call *c = h.value;

	if (c)
		c->told |= (uint16_t)(1u << slot);
	table_release(&h);
}

void calls_cut_said(struct state *st, uint64_t key, bool done, uint64_t now)
{
	struct hold h = call_hold(st, key, now);
	struct call *c = h.value;

	if (c && c->why == CALL_CUT && c->open < CALL_CUTS)
		c->open = done ? CALL_CUTS : c->open + 1;
	table_release(&h);
}
