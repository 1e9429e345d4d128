/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "callslots.h"

#include "quotas.h"

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
			       .warn = is_short ? 0 : s->warn, .act = s->act };
}

/* In CALL_MONEY, begun ones: sums of what is added never drift from the whole. */
static uint64_t money_of(uint64_t micro)
{
	return (micro + CALL_MICRO / CALL_MONEY - 1) / (CALL_MICRO / CALL_MONEY);
}

static uint32_t amount_of(uint64_t n)
{
	return n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

/* What a slot gives back, or gets at last. */
static void settle_slot(struct state *st, const struct call *c, const struct call_slot *s,
			enum settle how, uint64_t now)
{
	struct quota q = quota_of(s);
	uint32_t seconds = call_seconds(c, now), used;
	uint64_t spent = call_cost(&c->price, seconds);

	switch (s->kind) {
	case SLOT_NOW:
		quota_give(st, &q, 1, c->began, now);
		break;
	case SLOT_COUNT:
		if (how == SETTLE_BACK)
			quota_give(st, &q, 1, c->began, now);
		break;
	case SLOT_SECONDS:
		if (c->answered && seconds > c->seconds)
			(void)quota_add(st, &q, seconds - c->seconds, now, &used);
		break;
	case SLOT_MONEY:
		if (c->answered && money_of(spent) > money_of(c->spent))
			(void)quota_add(st, &q, amount_of(money_of(spent) - money_of(c->spent)),
					now, &used);
		break;
	case SLOT_SHORT:
		if (how != SETTLE_BACK && how != SETTLE_EVICTED)
			quota_ended(st, &q, seconds < s->least, now);
		break;
	}
}

void calls_settle(struct state *st, const struct call *c, enum settle how, uint64_t now)
{
	if (how == SETTLE_NOT)
		return;
	for (unsigned i = 0; i < c->slots && i < CALL_SLOTS; i++)
		settle_slot(st, c, &c->slot[i], how, now);
}

void calls_refused(struct state *st, const struct call_draft *draft, uint64_t now)
{
	for (unsigned i = 0; draft && i < draft->slots; i++) {
		struct quota q = quota_of(&draft->slot[i]);

		if (draft->slot[i].kind == SLOT_NOW || draft->slot[i].kind == SLOT_COUNT)
			quota_give(st, &q, 1, now, now);
	}
}
