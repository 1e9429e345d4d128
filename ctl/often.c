/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "often.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Halves in a straight line between two halvings: near enough to sort by. */
double often_recent(const struct often_row *r, double now)
{
	double halves = now > r->at ? (now - r->at) / OFTEN_HALF : 0, left = r->recent;

	for (; halves >= 1 && left > 1e-6; halves -= 1)
		left /= 2;
	return left * (halves < 1 ? 1 - halves / 2 : 0);
}

static struct often_row *place_for(struct often *t, const char *name, double now)
{
	struct often_row *least;

	for (size_t i = 0; i < t->n; i++)
		if (strncmp(t->row[i].name, name, OFTEN_NAME - 1) == 0)
			return &t->row[i];
	if (t->n < OFTEN_MOST) {
		least = &t->row[t->n++];
	} else {
		least = &t->row[0];
		for (size_t i = 1; i < t->n; i++)
			if (often_recent(&t->row[i], now) < often_recent(least, now))
				least = &t->row[i];
	}
	*least = (struct often_row){ .at = now };
	snprintf(least->name, sizeof(least->name), "%s", name);
	return least;
}

void often_add(struct often *t, const char *name, const char *detail, uint64_t times, double now)
{
	struct often_row *r;

	if (!name[0])
		return;
	r = place_for(t, name, now);
	r->recent = often_recent(r, now) + (double)times;
	r->at = now;
	r->total += times;
	if (detail[0])
		snprintf(r->detail, sizeof(r->detail), "%s", detail);
}

struct sorting {
	enum often_order order;
	double now;
};

static int compare(const void *x, const void *y, void *arg)
{
	const struct sorting *s = arg;
	const struct often_row *a = x, *b = y;
	double p = often_recent(a, s->now), q = often_recent(b, s->now);

	if (s->order == OFTEN_RECENT && p != q)
		return p < q ? 1 : -1;
	if (s->order == OFTEN_TOTAL && a->total != b->total)
		return a->total < b->total ? 1 : -1;
	return strcmp(a->name, b->name);
}

void often_sort(struct often *t, enum often_order order, double now)
{
	struct sorting s = { order, now };

	qsort_r(t->row, t->n, sizeof(t->row[0]), compare, &s);
}
