/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pieces.h"

#define DEPTH 130 /* prefixes around one another */

int pieces_order(const struct prefix *a, const struct prefix *b)
{
	bool v4 = addr_is_v4(&a->addr);
	int c;

	if (v4 != addr_is_v4(&b->addr))
		return v4 ? -1 : 1;
	c = memcmp(a->addr.b, b->addr.b, sizeof(a->addr.b));
	return c ? c : a->len - b->len;
}

/* Where we are, and the prefixes that we are in. */
struct sweep {
	struct piece open[DEPTH], *out;
	unsigned depth;
	size_t n;
	struct addr at; /* where the next piece begins */
	bool over;      /* behind the last address there is */
};

static struct addr before(const struct addr *a)
{
	struct addr b = *a;
	unsigned i = 16;

	while (i > 0 && b.b[i - 1]-- == 0)
		i--;
	return b;
}

/* false: there is none. */
static bool step_behind(struct addr *a)
{
	unsigned i = 16;

	while (i > 0 && ++a->b[i - 1] == 0)
		i--;
	return i > 0;
}

/* A piece of the innermost open prefix, from where we are to hi. */
static void emit(struct sweep *s, const struct addr *hi)
{
	const struct piece *top = &s->open[s->depth - 1];
	struct piece *last = s->n ? &s->out[s->n - 1] : NULL;
	struct addr next;

	if (s->over || memcmp(s->at.b, hi->b, 16) > 0)
		return;
	next = last ? last->at.hi : s->at;
	if (last && last->until == top->until && strcmp(last->text, top->text) == 0 &&
	    step_behind(&next) && addr_eq(&next, &s->at) &&
	    addr_is_v4(&last->at.lo) == addr_is_v4(&s->at))
		last->at.hi = *hi;
	else
		s->out[s->n++] = (struct piece){ { s->at, *hi }, top->until, top->text };
	s->at = *hi;
	s->over = !step_behind(&s->at);
}

static void close_until(struct sweep *s, const struct addr *lo)
{
	while (s->depth) {
		const struct addr *hi = &s->open[s->depth - 1].at.hi;

		if (lo && addr_is_v4(lo) == addr_is_v4(hi) && memcmp(hi->b, lo->b, 16) >= 0)
			return;
		emit(s, hi);
		s->depth--;
	}
}

static void open_one(struct sweep *s, const struct piece_of *p)
{
	struct piece r = { plan_range_of(&p->who), p->until, p->text };
	const struct piece *around = s->depth ? &s->open[s->depth - 1] : NULL;
	struct addr end;

	if (around && memcmp(s->at.b, r.at.lo.b, 16) < 0) {
		end = before(&r.at.lo);
		emit(s, &end);
	}
	if (around && around->until >= r.until) {
		r.until = around->until;
		r.text = around->text;
	}
	s->at = r.at.lo;
	s->over = false;
	if (s->depth < DEPTH)
		s->open[s->depth++] = r;
}

size_t pieces_cut(const struct piece_of *list, size_t n, uint64_t now, struct piece *out)
{
	struct sweep s = { .out = out };

	for (size_t i = 0; i < n; i++) {
		if (list[i].until <= now)
			continue;
		close_until(&s, &list[i].who.addr);
		open_one(&s, &list[i]);
	}
	close_until(&s, NULL);
	return s.n;
}
