/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "netwatch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "log.h"
#include "ruleparts.h"
#include "steer.h"

#define BOUNDS (4 * NETS_MOST) /* elements of a set that are looked at */
#define SLACK (2 * NS)         /* by which ends may differ, and what may have ended already */

/* An interval's first address, or the first one behind it. */
struct bound {
	struct addr at;
	bool end;
	uint64_t until;
	char text[NFTSET_COMMENT];
};

struct seen {
	struct banlist *l;
	struct bound *bound;
	size_t n;
	bool cut;       /* there is more than `bound` has room for */
	enum nets_kind kind;
	bool start;     /* of the daemon: nothing of it is news */
	bool *met;      /* which of the pieces that we wrote are there */
	const struct piece *wrote;
	size_t pieces;
};

static void take_bound(const struct nftread_elem *e, void *arg)
{
	struct seen *s = arg;
	struct bound *b = &s->bound[s->n];

	s->cut = s->n == BOUNDS;
	if (s->cut)
		return;
	b->at = banlist_key(e);
	b->end = e->end;
	b->until = banlist_end(s->l, e);
	snprintf(b->text, sizeof(b->text), "%s", e->comment);
	s->n++;
}

/* Where one interval ends and the next begins, the end comes first. */
static int by_place(const void *x, const void *y)
{
	const struct bound *a = x, *b = y;
	int c = memcmp(a->at.b, b->at.b, sizeof(a->at.b));

	return c ? c : b->end - a->end;
}

static bool lies_in(const struct prefix *p, const struct plan_range *r)
{
	struct plan_range own = plan_range_of(p);

	return memcmp(own.lo.b, r->lo.b, 16) >= 0 && memcmp(own.hi.b, r->hi.b, 16) <= 0;
}

/* Is it among what we hold, for at least as long? */
static bool is_known(const struct seen *s, const struct prefix *p, uint64_t until)
{
	size_t n;
	const struct piece_of *list = nets_list(s->l->nets, s->kind, &n);

	for (size_t i = 0; i < n; i++)
		if (list[i].who.len <= p->len && prefix_has(&list[i].who, &p->addr) &&
		    addr_is_v4(&list[i].who.addr) == addr_is_v4(&p->addr) &&
		    list[i].until + SLACK >= until)
			return true;
	return false;
}

/* The widest prefix that begins at lo and ends at hi at the latest. */
static struct prefix widest(const struct addr *lo, const struct addr *hi)
{
	struct prefix p = { *lo, 128 };
	unsigned least = addr_is_v4(lo) ? ADDR_V4_BITS : 0;

	while (p.len > least) {
		struct prefix wider = { *lo, (uint8_t)(p.len - 1) };
		struct addr masked = addr_masked(lo, wider.len);
		struct plan_range r = plan_range_of(&wider);

		if (!addr_eq(&masked, lo) || memcmp(r.hi.b, hi->b, 16) > 0)
			break;
		p = wider;
	}
	return p;
}

/* An interval is as many bans as it takes prefixes. */
static void take_over(struct seen *s, struct plan_range at, const struct bound *b)
{
	unsigned i;

	do {
		struct prefix p = widest(&at.lo, &at.hi);
		struct plan_range r = plan_range_of(&p);

		if (!is_known(s, &p, b->until))
			banlist_net(s->l, &p, s->kind == NETS_ALLOW, b->until, b->text, s->start);
		at.lo = r.hi;
		for (i = 16; i > 0 && ++at.lo.b[i - 1] == 0;)
			i--;
	} while (i > 0 && memcmp(at.lo.b, at.hi.b, 16) <= 0);
}

static void take_range(struct seen *s, const struct bound *b, const struct addr *behind)
{
	struct plan_range at = { b->at, b->at };
	unsigned i = 16;

	if (behind) {
		at.hi = *behind;
		while (i > 0 && at.hi.b[i - 1]-- == 0)
			i--;
	} else {
		memset(at.hi.b + (addr_is_v4(&b->at) ? 12 : 0), 0xff,
		       addr_is_v4(&b->at) ? 4 : 16);
	}
	for (size_t k = 0; k < s->pieces; k++)
		if (addr_eq(&s->wrote[k].at.lo, &at.lo) && addr_eq(&s->wrote[k].at.hi, &at.hi)) {
			s->met[k] = true;
			return;
		}
	take_over(s, at, b);
}

static int read_set(struct seen *s, struct nftlink *reader, unsigned family)
{
	const struct family *f = &families[family];
	const char *set = s->kind == NETS_BAN ? f->nets : f->allowed;
	int e;

	s->n = 0;
	s->cut = false;
	e = nftread_elems(reader, &steer_main, set, take_bound, s);
	if (e == 0 && s->cut) {
		/* the interval that was cut would seem to reach to the last address there is */
		log_warn("the set %s holds more than %d intervals: nothing of it is taken over, "
			 "ours are written again", set, BOUNDS / 2);
		nets_rewrite(s->l->nets);
		return -E2BIG;
	}
	if (e < 0)
		return e;
	qsort(s->bound, s->n, sizeof(*s->bound), by_place);
	for (size_t i = 0; i < s->n; i++) {
		bool ends = i + 1 < s->n && s->bound[i + 1].end;

		if (!s->bound[i].end && (ends || i + 1 == s->n))
			take_range(s, &s->bound[i], ends ? &s->bound[i + 1].at : NULL);
	}
	return 0;
}

/* Those of which the whole piece is gone were meant; of others it is put back. */
static void lift(struct seen *s)
{
	size_t n;

	for (size_t k = 0; k < s->pieces; k++) {
		const struct piece_of *list;

		if (s->met[k] || s->wrote[k].until <= s->l->now + SLACK)
			continue;
		nets_rewrite(s->l->nets);
		list = nets_list(s->l->nets, s->kind, &n);
		for (size_t i = n; i-- > 0;)
			if (lies_in(&list[i].who, &s->wrote[k].at)) {
				struct prefix who = list[i].who;

				banlist_net_gone(s->l, &who, s->kind == NETS_ALLOW);
			}
	}
}

static int look(struct banlist *l, struct nftlink *reader, bool start)
{
	struct seen s = { .l = l, .start = start };
	int e = 0;

	s.bound = calloc(BOUNDS, sizeof(*s.bound));
	s.met = calloc(2 * NETS_MOST, sizeof(*s.met));
	if (!s.bound || !s.met)
		e = -ENOMEM;
	for (unsigned k = 0; e == 0 && k < NETS_KINDS; k++) {
		s.kind = k;
		memset(s.met, 0, 2 * NETS_MOST * sizeof(*s.met));
		s.pieces = start ? 0 : nets_written(l->nets, k, &s.wrote);
		for (unsigned f = 0; e == 0 && f < 2; f++) {
			e = read_set(&s, reader, f);
			if (e == -ENOENT && start)
				e = 0; /* of an older version */
		}
		if (e == -E2BIG)
			e = 0;
		else if (e == 0)
			lift(&s);
	}
	free(s.bound);
	free(s.met);
	return e;
}

int netwatch_adopt(struct banlist *l, struct nftlink *reader)
{
	return look(l, reader, true);
}

int netwatch_compare(struct banlist *l, struct nftlink *reader)
{
	return look(l, reader, false);
}
