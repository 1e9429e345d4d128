/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "quotas.h"

#include "distinct.h"
#include "store.h"

#define IN_USE_LIFE ((uint64_t)604800 * NS) /* no call lasts longer without another */
#define PARTS (QUOTA_PARTS + 1) /* those of the window, and the one that is now */

_Static_assert(PARTS == DISTINCT_PARTS, "one kind of window");

/* What a record counts; part of its key.  0 is none: a record that is all zero is new. */
enum kind { KIND_IN_USE = 1, KIND_PARTS, KIND_SAME, KIND_SHARE, KIND_DISTINCT };

/* now: the last item, and how often it was in a row; next: another, once, if it stays. */
struct same {
	uint32_t item, next, next_part;
	uint32_t waits; /* next is one */
};

/* All and the bad ones of a part. */
#define SHARE_MOST 0xffffu
#define SHARE(bad, all) ((uint32_t)(bad) << 16 | (uint32_t)(all))
#define SHARE_BAD(part) ((part) >> 16)
#define SHARE_ALL(part) ((part) & SHARE_MOST)

struct record {
	uint8_t kind;
	uint8_t warned; /* of saved bytes no bool may be made */
	union {
		struct {
			uint32_t head; /* the part that is now */
			uint32_t part[PARTS];
			struct same same;
		};
		struct distinct distinct;
	};
};

size_t quotas_size(void)
{
	return sizeof(struct record);
}

static uint64_t part_length(uint32_t window)
{
	return (window * NS + QUOTA_PARTS - 1) / QUOTA_PARTS;
}

static uint32_t part_at(uint32_t window, uint64_t when)
{
	return window ? (uint32_t)(when / part_length(window)) : 0;
}

static uint64_t key_for(const struct quota *q, enum kind kind)
{
	return key_with(q->key, (uint64_t)q->window << 3 | (uint64_t)kind);
}

/* ---- windows ---- */

/*
 * A worker whose batch read the clock before another's did is late: it counts in the part
 * that is now.  A whole window ahead of us is no clock's doing.
 */
static void advance(struct record *r, uint32_t part)
{
	int32_t parts = (int32_t)(part - r->head);

	if (parts >= PARTS || parts <= -PARTS) {
		memset(r->part, 0, sizeof(r->part));
		r->head = part;
	}
	for (parts = (int32_t)(part - r->head); parts > 0; parts--)
		r->part[++r->head % PARTS] = 0;
}

static uint32_t added(uint32_t a, uint32_t b)
{
	return b > UINT32_MAX - a ? UINT32_MAX : a + b;
}

static uint32_t total(const struct record *r)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < PARTS; i++)
		n += r->part[i];
	return n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

static void put(struct record *r, uint32_t amount)
{
	uint32_t *part = &r->part[r->head % PARTS];

	*part = added(*part, amount);
}

/* What was taken late went into a newer part. */
static void take_back(struct record *r, uint32_t part, uint32_t amount)
{
	if ((int32_t)(r->head - part) < 0)
		part = r->head;
	if (r->head - part >= PARTS)
		return;
	for (; amount && (int32_t)(r->head - part) >= 0; part++) {
		uint32_t *p = &r->part[part % PARTS], n = amount < *p ? amount : *p;

		*p -= n;
		amount -= n;
	}
}

/* ---- records ---- */

/* It may come from a saved record. */
static uint8_t rank_of(const struct quota *q)
{
	return (uint8_t)(1 + (q->proven < TABLE_RANKS - 2 ? q->proven : TABLE_RANKS - 2));
}

static uint64_t life(const struct quota *q)
{
	return q->window ? q->window * NS + part_length(q->window) : IN_USE_LIFE;
}

static void prepare(struct record *r, const struct quota *q, enum kind kind, uint64_t now)
{
	uint32_t part = part_at(q->window, now);

	if (r->kind != kind) {
		memset(r, 0, sizeof(*r));
		r->kind = (uint8_t)kind;
		if (kind == KIND_DISTINCT)
			r->distinct.head = part;
		else
			r->head = part;
	}
	if (kind == KIND_DISTINCT)
		distinct_advance(&r->distinct, part);
	else
		advance(r, part);
}

/* A record that is there, or none. */
static struct hold found(struct state *st, const struct quota *q, enum kind kind, uint64_t now)
{
	struct hold h = table_find(st->quotas, key_for(q, kind), now);

	if (h.value)
		prepare(h.value, q, kind, now);
	return h;
}

static struct hold made(struct state *st, const struct quota *q, enum kind kind, uint64_t now)
{
	struct hold h = table_make(st->quotas, key_for(q, kind), now, rank_of(q));

	if (h.value)
		prepare(h.value, q, kind, now);
	return h;
}

static void kept(struct hold *h, const struct quota *q, uint64_t now)
{
	table_keep(h, now, now + life(q), rank_of(q));
	table_release(h);
}

/* It holds nothing any more: whoever needs room may have it. */
static void emptied(struct hold *h, uint64_t now)
{
	table_set(h, now, now + NS, 0);
	table_release(h);
}

/* Of a use that went from before to after. */
static enum quota_said judge(struct record *r, const struct quota *q, uint32_t before,
			     uint32_t after)
{
	if (before <= q->warn - (q->warn + 3) / 4)
		r->warned = 0;
	if (!q->warn || after <= q->warn || r->warned)
		return QUOTA_FREE;
	r->warned = 1;
	return QUOTA_WARN;
}

/* ---- counts ---- */

static enum kind counted(const struct quota *q)
{
	return q->window ? KIND_PARTS : KIND_IN_USE;
}

static enum quota_said count(struct state *st, const struct quota *q, uint32_t amount,
			     bool always, uint64_t now, uint32_t *used)
{
	struct hold h = made(st, q, counted(q), now);
	struct record *r = h.value;
	enum quota_said said;
	uint32_t before;
	bool over;

	*used = amount;
	if (!r)
		return QUOTA_FREE;
	before = total(r);
	*used = added(before, amount);
	over = q->act && *used > q->act;
	if (over && !always) {
		table_release(&h);
		return QUOTA_OVER;
	}
	put(r, amount);
	said = judge(r, q, before, *used);
	kept(&h, q, now);
	return over ? QUOTA_OVER : said;
}

enum quota_said quota_take(struct state *st, const struct quota *q, uint32_t amount, uint64_t now,
			   uint32_t *used)
{
	return count(st, q, amount, false, now, used);
}

enum quota_said quota_add(struct state *st, const struct quota *q, uint32_t amount, uint64_t now,
			  uint32_t *used)
{
	return count(st, q, amount, true, now, used);
}

static void give(struct state *st, const struct quota *q, enum kind kind, uint32_t amount,
		 uint64_t when, uint64_t now)
{
	struct hold h = found(st, q, kind, now);
	struct record *r = h.value;

	if (!r)
		return;
	take_back(r, part_at(q->window, when), amount);
	if (total(r))
		table_release(&h);
	else
		emptied(&h, now);
}

void quota_give(struct state *st, const struct quota *q, uint32_t amount, uint64_t when,
		uint64_t now)
{
	give(st, q, counted(q), amount, when, now);
}

uint32_t quota_used(struct state *st, const struct quota *q, uint64_t now)
{
	struct hold h = found(st, q, counted(q), now);
	uint32_t n = h.value ? total(h.value) : 0;

	if (h.value)
		table_release(&h);
	return n;
}

/* ---- items ---- */

enum quota_said quota_distinct(struct state *st, const struct quota *q, uint32_t item,
			       uint64_t now, uint32_t *used, bool *fresh)
{
	struct hold h = made(st, q, KIND_DISTINCT, now);
	struct record *r = h.value;
	enum quota_said said;
	uint32_t before;

	*used = 1;
	*fresh = false;
	if (!r)
		return QUOTA_FREE;
	before = distinct_count(&r->distinct);
	*fresh = !distinct_has(&r->distinct, item);
	*used = before + *fresh;
	if (*fresh && q->act && *used > q->act) {
		table_release(&h);
		return QUOTA_OVER;
	}
	distinct_add(&r->distinct, item);
	*used = distinct_count(&r->distinct);
	said = judge(r, q, before, *used);
	kept(&h, q, now);
	return said;
}

void quota_give_distinct(struct state *st, const struct quota *q, uint32_t item, uint64_t now)
{
	struct hold h = found(st, q, KIND_DISTINCT, now);
	struct record *r = h.value;

	if (!r)
		return;
	distinct_drop(&r->distinct, item);
	if (distinct_count(&r->distinct))
		table_release(&h);
	else
		emptied(&h, now);
}

/* Another item than the last one ends its row only when it stays, or whoever is challenged
 * for a call to elsewhere would have ended it. */
static uint32_t row_with(const struct record *r, uint32_t item)
{
	const struct same *s = &r->same;

	if (s->waits)
		return s->next == item && r->head - s->next_part < PARTS ? 2 : 1;
	return s->item == item ? added(total(r), 1) : 1;
}

static void row_put(struct record *r, uint32_t item)
{
	struct same *s = &r->same;

	if (s->waits) {
		memset(r->part, 0, sizeof(r->part));
		s->item = s->next;
		if (r->head - s->next_part < PARTS)
			r->part[s->next_part % PARTS] = 1;
		s->waits = 0;
	}
	if (s->item == item || !total(r)) {
		s->item = item;
		put(r, 1);
		return;
	}
	*s = (struct same){ s->item, item, r->head, 1 };
}

enum quota_said quota_same(struct state *st, const struct quota *q, uint32_t item, uint64_t now,
			   uint32_t *used)
{
	struct hold h = made(st, q, KIND_SAME, now);
	struct record *r = h.value;
	enum quota_said said;

	*used = 1;
	if (!r)
		return QUOTA_FREE;
	*used = row_with(r, item);
	if (q->act && *used > q->act) {
		table_release(&h);
		return QUOTA_OVER;
	}
	row_put(r, item);
	said = judge(r, q, *used - 1, *used);
	kept(&h, q, now);
	return said;
}

void quota_give_same(struct state *st, const struct quota *q, uint32_t item, uint64_t when,
		     uint64_t now)
{
	struct hold h = found(st, q, KIND_SAME, now);
	struct record *r = h.value;

	if (!r)
		return;
	if (r->same.waits && r->same.next == item)
		r->same.waits = 0;
	else if (!r->same.waits && r->same.item == item)
		take_back(r, part_at(q->window, when), 1);
	if (total(r))
		table_release(&h);
	else
		emptied(&h, now);
}

/* ---- shares ---- */

static uint32_t share_add(uint32_t part, bool bad)
{
	if (SHARE_ALL(part) == SHARE_MOST)
		part = SHARE(SHARE_BAD(part) / 2, SHARE_ALL(part) / 2);
	return part + SHARE(bad, 1);
}

void quota_ended(struct state *st, const struct quota *q, bool bad, uint64_t now)
{
	struct hold h = made(st, q, KIND_SHARE, now);
	struct record *r = h.value;

	if (!r)
		return;
	r->part[r->head % PARTS] = share_add(r->part[r->head % PARTS], bad);
	kept(&h, q, now);
}

enum quota_said quota_share(struct state *st, const struct quota *q, uint32_t least, uint64_t now,
			    uint32_t *used)
{
	struct hold h = found(st, q, KIND_SHARE, now);
	struct record *r = h.value;
	enum quota_said said = QUOTA_FREE;
	uint32_t bad = 0, all = 0;

	*used = 0;
	if (!r)
		return QUOTA_FREE;
	for (unsigned i = 0; i < PARTS; i++) {
		bad += SHARE_BAD(r->part[i]);
		all += SHARE_ALL(r->part[i]);
	}
	if (all && all >= least)
		*used = (uint32_t)((uint64_t)bad * 100 / all);
	if (q->act && *used > q->act)
		said = QUOTA_OVER;
	else
		said = judge(r, q, *used, *used);
	table_release(&h);
	return said;
}

static bool is_in_use(void *value, void *arg)
{
	const struct record *r = value;

	(void)arg;
	return r->kind == KIND_IN_USE;
}

void quotas_restored(struct state *st)
{
	for (unsigned i = 0; i < table_shards(st->quotas); i++)
		table_sweep_shard(st->quotas, i, is_in_use, NULL);
}
