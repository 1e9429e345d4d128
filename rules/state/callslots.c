/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "callslots.h"

#include <stdlib.h>

#include "callrecord.h"
#include "quotas.h"
#include "store.h"

/* An increment is added before it begins: a call that it would take above a limit ends
 * before it has to be paid. */
#define LEAD 2 /* s: a sweep, and the BYE on its way */

uint32_t call_seconds(const struct call *c, uint64_t now)
{
	uint64_t s = (call_lasted(c, now) + NS - 1) / NS;

	return s > UINT32_MAX ? UINT32_MAX : (uint32_t)s;
}

uint64_t call_cost(const struct call_price *p, uint32_t seconds)
{
	uint64_t billed = p->first, cost;

	if (!p->then)
		return 0;
	if (seconds > p->first)
		billed += ((uint64_t)seconds - p->first + p->then - 1) / p->then * p->then;
	cost = p->setup + (p->minute * billed + 59) / 60;
	return cost > p->least ? cost : p->least;
}

static struct quota quota_of(const struct call_slot *s)
{
	bool is_short = s->kind == SLOT_SHORT;

	return (struct quota){ .key = s->key, .window = s->window,
			       .warn = is_short ? 0 : s->warn, .act = s->act,
			       .proven = s->proven };
}

/* In CALL_MONEY, begun ones: sums of what is added never drift from the whole. */
static uint64_t money_of(uint64_t micro)
{
	return (micro + CALL_MICRO / CALL_MONEY - 1) / (CALL_MICRO / CALL_MONEY);
}

static uint32_t since(uint64_t was, uint64_t is)
{
	uint64_t n = is > was ? is - was : 0;

	return n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

/* What a slot is to be given between two states of its call. */
static uint32_t growth(const struct call_slot *s, const struct call *was, const struct call *c)
{
	if (s->kind == SLOT_SECONDS)
		return since(was->seconds, c->seconds);
	return s->kind == SLOT_MONEY ? since(money_of(was->spent), money_of(c->spent)) : 0;
}

bool calls_add(struct state *st, const struct call *was, const struct call *c, uint64_t now,
	       unsigned *slot, struct slot_news *news)
{
	while (*slot < c->slots && *slot < CALL_SLOTS) {
		unsigned at = (*slot)++;
		const struct call_slot *s = &c->slot[at];
		struct quota q = quota_of(s);
		uint32_t n = growth(s, was, c), used = 0;
		enum quota_said said = n ? quota_add(st, &q, n, now, &used) : QUOTA_FREE;

		if (said == QUOTA_FREE || (said == QUOTA_OVER && c->told >> at & 1))
			continue;
		*news = (struct slot_news){ (uint8_t)at, said == QUOTA_OVER, used };
		return true;
	}
	return false;
}

/* What a slot gives back, or gets at last: c has been brought to its end. */
static void settle_slot(struct state *st, const struct call *c, const struct call_slot *s,
			enum settle how, uint64_t now)
{
	struct quota q = quota_of(s);

	switch (s->kind) {
	case SLOT_NOW:
		quota_give(st, &q, 1, c->began, now);
		break;
	case SLOT_COUNT:
		if (how == SETTLE_BACK)
			quota_give(st, &q, 1, c->began, now);
		break;
	case SLOT_DISTINCT:
		if (how == SETTLE_BACK)
			quota_give_distinct(st, &q, s->act, now);
		break;
	case SLOT_SAME:
		if (how == SETTLE_BACK)
			quota_give_same(st, &q, s->act, c->began, now);
		break;
	case SLOT_SHORT:
		if (how != SETTLE_BACK && how != SETTLE_EVICTED)
			quota_ended(st, &q, c->seconds < s->least, now);
		break;
	}
}

void call_advance(struct call *c, uint64_t now)
{
	uint32_t seconds = c->answered ? call_seconds(c, now) : 0;

	if (seconds <= c->seconds)
		return;
	c->seconds = seconds;
	c->spent = call_cost(&c->price, seconds + LEAD);
}

/* What was added ahead, and was not begun. */
static void give_ahead(struct state *st, const struct call *c, const struct call *last,
		       uint64_t now)
{
	uint32_t ahead = since(money_of(last->spent), money_of(c->spent));

	for (unsigned i = 0; ahead && i < c->slots && i < CALL_SLOTS; i++) {
		struct quota q = quota_of(&c->slot[i]);

		if (c->slot[i].kind == SLOT_MONEY)
			quota_give(st, &q, ahead, now, now);
	}
}

void calls_settle(struct state *st, const struct call *c, enum settle how, uint64_t now)
{
	struct slot_news news;
	struct call last;
	unsigned at = 0;

	if (how == SETTLE_NOT || !c->slots)
		return;
	if (how == SETTLE_EXPIRED && c->state == CALL_INITIAL && !(c->flags & CALL_TAKEN))
		how = SETTLE_BACK; /* no server has begun anything */
	last = *c;
	call_advance(&last, now);
	last.spent = last.answered ? call_cost(&last.price, last.seconds) : 0;
	give_ahead(st, c, &last, now);
	while (calls_add(st, c, &last, now, &at, &news))
		; /* it is over anyway */
	for (unsigned i = 0; i < c->slots && i < CALL_SLOTS; i++)
		settle_slot(st, &last, &c->slot[i], how, now);
}

void calls_refused(struct state *st, const struct call_draft *draft, uint64_t now)
{
	struct call c = { .began = now };

	for (unsigned i = 0; draft && i < draft->slots; i++)
		settle_slot(st, &c, &draft->slot[i], SETTLE_BACK, now);
}

static void take_anew(struct state *st, const struct call *c, uint64_t now)
{
	uint32_t used;

	for (unsigned i = 0; i < c->slots && i < CALL_SLOTS; i++) {
		struct quota q = { .key = c->slot[i].key, .window = c->slot[i].window,
				   .proven = c->slot[i].proven };

		if (c->slot[i].kind == SLOT_NOW)
			(void)quota_add(st, &q, 1, now, &used);
	}
}

_Static_assert(sizeof(struct call) % 8 == 0, "as they lie in the table");

/* Those that ended meanwhile gave nothing back. */
void calls_restored(struct state *st, uint64_t now)
{
	size_t room = table_shard_records(st->calls), n;
	struct call *c = calloc(room, calls_size());

	quotas_restored(st);
	for (unsigned i = 0; c && i < table_shards(st->calls); i++) {
		n = table_copy_shard(st->calls, i, now, c);
		for (size_t k = 0; k < n; k++)
			take_anew(st, &c[k], now);
	}
	free(c);
}
