/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>

#include "prefixset.h"

static int by_lo(const void *a, const void *b)
{
	return memcmp(((const struct addr_range *)a)->lo.b, ((const struct addr_range *)b)->lo.b,
		      16);
}

static struct addr_range range_of(const struct prefix *p)
{
	struct addr_range r = { addr_masked(&p->addr, p->len), p->addr };

	for (unsigned bit = p->len; bit < 128; bit++)
		r.hi.b[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	return r;
}

/* lo comes right behind hi, so that the two ranges are one. */
static bool adjacent(const struct addr *hi, const struct addr *lo)
{
	struct addr next = *hi;
	int i = 15;

	while (i >= 0 && ++next.b[i] == 0)
		i--;
	return i >= 0 && addr_eq(&next, lo);
}

static unsigned merge(struct addr_range *r, size_t n)
{
	unsigned kept = 0;

	for (size_t i = 1; i < n; i++) {
		struct addr_range *last = &r[kept];

		if (memcmp(r[i].lo.b, last->hi.b, 16) > 0 && !adjacent(&last->hi, &r[i].lo))
			r[++kept] = r[i];
		else if (memcmp(r[i].hi.b, last->hi.b, 16) > 0)
			last->hi = r[i].hi;
	}
	return n ? kept + 1 : 0;
}

int prefixset_build(struct prefixset *s, const struct prefix *p, size_t n)
{
	struct addr_range *r = NULL;

	if (n && !(r = malloc(n * sizeof(*r))))
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		r[i] = range_of(&p[i]);
	if (n)
		qsort(r, n, sizeof(*r), by_lo);
	prefixset_free(s);
	s->range = r;
	s->n = merge(r, n);
	return 0;
}

void prefixset_free(struct prefixset *s)
{
	free(s->range);
	*s = (struct prefixset){ NULL, 0 };
}

static uint64_t half(const uint8_t *b)
{
	uint64_t v;

	memcpy(&v, b, sizeof(v));
	return be64toh(v);
}

/* Every packet is looked for in several sets: halves are compared, not bytes. */
static bool before(const struct addr *a, const struct addr *b)
{
	uint64_t x = half(a->b), y = half(b->b);

	return x != y ? x < y : half(a->b + 8) < half(b->b + 8);
}

/* The last range that begins at or before a, or NULL: no other can hold it. */
static const struct addr_range *range_before(const struct prefixset *s, const struct addr *a)
{
	unsigned lo = 0, hi = s->n;

	while (lo < hi) {
		unsigned mid = lo + (hi - lo) / 2;

		if (!before(a, &s->range[mid].lo))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo ? &s->range[lo - 1] : NULL;
}

bool prefixset_has(const struct prefixset *s, const struct addr *a)
{
	const struct addr_range *r = range_before(s, a);

	return r && !before(&r->hi, a);
}

bool prefixset_meets(const struct prefixset *s, const struct prefix *p)
{
	struct addr_range whole = range_of(p);
	const struct addr_range *r = range_before(s, &whole.hi);

	return r && memcmp(whole.lo.b, r->hi.b, 16) <= 0;
}
