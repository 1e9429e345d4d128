/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"

/* A counter is kept per core: beyond this it would outweigh the element. */
#define COUNTER_CORES 16
#define COUNTER_ELEMENTS 65536

static struct addr last_of(const struct addr *a, unsigned len)
{
	struct addr hi = *a;

	for (unsigned i = len; i < 128; i++)
		hi.b[i / 8] |= (uint8_t)(0x80 >> i % 8);
	return hi;
}

/* IPv4 first: "::/0" must not stand around the IPv4 ranges mapped into it. */
static int compare(const struct addr *a, const struct addr *b)
{
	bool v4 = addr_is_v4(a);

	if (v4 != addr_is_v4(b))
		return v4 ? -1 : 1;
	return memcmp(a->b, b->b, 16);
}

static int by_start(const void *a, const void *b)
{
	return compare(&((const struct plan_range *)a)->lo, &((const struct plan_range *)b)->lo);
}

/* b starts inside a or right behind it, in the same family. */
static bool joins(const struct plan_range *a, const struct plan_range *b)
{
	struct addr next = a->hi;
	unsigned i = 16;

	if (addr_is_v4(&a->lo) != addr_is_v4(&b->lo))
		return false;
	while (i > 0 && ++next.b[i - 1] == 0)
		i--;
	return i == 0 || memcmp(b->lo.b, next.b, 16) <= 0;
}

struct plan_range plan_range_of(const struct prefix *p)
{
	return (struct plan_range){ p->addr, last_of(&p->addr, p->len) };
}

int plan_ranges_build(struct plan_ranges *s, const struct prefix *p, size_t n)
{
	size_t last = 0;

	s->n = 0;
	s->r = calloc(n + 1, sizeof(*s->r));
	if (!s->r)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		s->r[i].lo = addr_masked(&p[i].addr, p[i].len);
		s->r[i].hi = last_of(&s->r[i].lo, p[i].len);
	}
	qsort(s->r, n, sizeof(*s->r), by_start);
	for (size_t i = 1; i < n; i++) {
		if (!joins(&s->r[last], &s->r[i]))
			s->r[++last] = s->r[i];
		else if (memcmp(s->r[i].hi.b, s->r[last].hi.b, 16) > 0)
			s->r[last].hi = s->r[i].hi;
	}
	s->n = n ? last + 1 : 0;
	return 0;
}

static void note_spared(struct plan *p, const struct prefix *list, size_t n, const char *why)
{
	for (size_t i = 0; i < n; i++)
		p->spared[p->n_spared++] = (struct never){ list[i], why };
}

static int copy_prefixes(struct plan *p, const struct ruleset *rules)
{
	size_t n_trusted, n_inside, n_never;
	const struct prefix *trusted = ruleset_trusted(rules, &n_trusted);
	const struct prefix *inside = ruleset_inside(rules, &n_inside);
	const struct never *never = ruleset_never(rules, &n_never);
	size_t first = n_trusted + n_inside;
	struct prefix *who;
	int e;

	p->spared = calloc(first + n_never + 1, sizeof(*p->spared));
	who = calloc(first + n_never + 1, sizeof(*who));
	if (!p->spared || !who) {
		free(who);
		return -ENOMEM;
	}
	note_spared(p, trusted, n_trusted, "trusted");
	note_spared(p, inside, n_inside, "inside");
	for (size_t i = 0; i < n_never; i++)
		p->spared[p->n_spared++] = never[i];
	for (size_t i = 0; i < p->n_spared; i++)
		who[i] = p->spared[i].who;
	e = plan_ranges_build(&p->trusted, trusted, n_trusted);
	if (e == 0)
		e = plan_ranges_build(&p->inside, inside, n_inside);
	if (e == 0)
		e = plan_ranges_build(&p->never, who, p->n_spared);
	free(who);
	return e;
}

int plan_init(struct plan *p, const struct ruleset *rules, unsigned workers)
{
	const struct settings *s = ruleset_settings(rules);
	int e;

	memset(p, 0, sizeof(*p));
	memcpy(p->port, s->port, sizeof(p->port));
	memcpy(p->ports, s->ports, sizeof(p->ports));
	memcpy(p->police_rate, s->police_rate, sizeof(p->police_rate));
	p->ban_max = s->ban_max;
	p->known_max = s->known_max;
	p->mark_max = s->mark_max;
	p->queue_first = (uint16_t)s->queue_first;
	p->workers = (uint16_t)workers;
	p->enforce = s->mode == MODE_ENFORCE;
	p->everything = s->ban_scope == SCOPE_ALL;
	p->marks = p->enforce && ruleset_marks(rules, 0);
	p->marks_everything = s->mark_scope == SCOPE_ALL;
	for (unsigned i = 0; i < LANES; i++)
		p->bypass[i] = s->when_gone[i] == TROUBLE_ACCEPT;
	p->counters = s->ban_max <= COUNTER_ELEMENTS &&
		      sysconf(_SC_NPROCESSORS_CONF) <= COUNTER_CORES;
	p->renew = s->ban_renew;
	p->growth = (struct ban_growth){ s->ban_longest, s->ban_memory };
	e = copy_prefixes(p, rules);
	if (e < 0)
		plan_free(p);
	return e;
}

void plan_free(struct plan *p)
{
	free(p->trusted.r);
	free(p->inside.r);
	free(p->never.r);
	free(p->spared);
	memset(&p->trusted, 0, sizeof(p->trusted));
	memset(&p->inside, 0, sizeof(p->inside));
	memset(&p->never, 0, sizeof(p->never));
	p->spared = NULL;
	p->n_spared = 0;
}

/* The last range that starts at or before a, or NULL. */
static const struct plan_range *range_before(const struct plan_ranges *s, const struct addr *a)
{
	size_t lo = 0, hi = s->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (compare(&s->r[mid].lo, a) <= 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo ? &s->r[lo - 1] : NULL;
}

/* Does any address of the prefix lie in the ranges? */
static bool meets(const struct plan_ranges *s, const struct prefix *who)
{
	struct addr hi = last_of(&who->addr, who->len);
	const struct plan_range *r = range_before(s, &hi);

	return r && compare(&r->hi, &who->addr) >= 0 &&
	       addr_is_v4(&r->lo) == addr_is_v4(&who->addr);
}

bool plan_spares(const struct plan *p, const struct prefix *who)
{
	return meets(&p->never, who);
}

const struct never *plan_spared(const struct plan *p, const struct prefix *who)
{
	for (size_t i = 0; i < p->n_spared; i++) {
		const struct prefix *one = &p->spared[i].who;

		if (addr_is_v4(&one->addr) == addr_is_v4(&who->addr) &&
		    (prefix_has(one, &who->addr) || prefix_has(who, &one->addr)))
			return &p->spared[i];
	}
	return NULL;
}
