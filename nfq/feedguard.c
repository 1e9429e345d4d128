/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "feedguard.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"

static void name_all(struct feedguard *g, const struct prefix *list, size_t n, const char *why)
{
	for (size_t i = 0; i < n; i++)
		g->named[g->n++] = (struct never){ list[i], why };
}

int feedguard_init(struct feedguard *g, const struct ruleset *rules)
{
	size_t trusted, inside, others;
	const struct prefix *t = ruleset_trusted(rules, &trusted);
	const struct prefix *i = ruleset_inside(rules, &inside);
	const struct never *o = ruleset_never(rules, &others);
	struct prefix *all;
	int e;

	*g = (struct feedguard){ 0 };
	g->named = calloc(trusted + inside + others + 1, sizeof(*g->named));
	all = calloc(trusted + inside + others + 1, sizeof(*all));
	if (!g->named || !all) {
		free(all);
		feedguard_free(g);
		return -ENOMEM;
	}
	name_all(g, t, trusted, "trusted");
	name_all(g, i, inside, "inside");
	for (size_t k = 0; k < others; k++)
		g->named[g->n++] = o[k];
	for (size_t k = 0; k < g->n; k++)
		all[k] = g->named[k].who;
	e = plan_ranges_build(&g->ranges, all, g->n);
	free(all);
	if (e < 0)
		feedguard_free(g);
	return e;
}

void feedguard_free(struct feedguard *g)
{
	free(g->named);
	free(g->ranges.r);
	free(g->known.r);
	*g = (struct feedguard){ 0 };
}

int feedguard_known(struct feedguard *g, const struct addr *site, size_t n, struct state *st,
		    const struct feedmix *allowed)
{
	struct prefix *p = calloc(n + 1, sizeof(*p));
	uint64_t now = clock_now();
	struct ban by_hand;
	size_t kept = 0;
	int e;

	if (!p)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		if (!feedmix_has(allowed, &site[i]) &&
		    !state_allow_find(st, &site[i], now, &by_hand))
			p[kept++] = addr_site_prefix(&site[i]);
	free(g->known.r);
	e = plan_ranges_build(&g->known, p, kept);
	if (e < 0)
		g->known = (struct plan_ranges){ 0 };
	free(p);
	return e;
}

static struct plan_range range_of(const struct prefix *p)
{
	struct plan_range r = { p->addr, p->addr };

	for (unsigned bit = p->len; bit < 128; bit++)
		r.hi.b[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	return r;
}

/* Which of those by name it was. */
static const struct never *named_in(const struct feedguard *g, const struct prefix *who)
{
	for (size_t i = 0; i < g->n; i++)
		if (prefix_has(&g->named[i].who, &who->addr) ||
		    prefix_has(who, &g->named[i].who.addr))
			return &g->named[i];
	return NULL;
}

/* One of the known sites that lie in the entry, or around it. */
static struct prefix known_in(const struct plan_range *known, const struct plan_range *entry)
{
	bool within = memcmp(known->lo.b, entry->lo.b, sizeof(known->lo)) > 0;

	return addr_site_prefix(within ? &known->lo : &entry->lo);
}

bool feedguard_hit(const struct feedguard *g, const struct feed_text *t,
		   char why[FEEDGUARD_TEXT])
{
	char entry[PREFIX_TEXT], whom[PREFIX_TEXT];

	for (size_t i = 0; i < t->n; i++) {
		const struct prefix *who = &t->item[i].who;
		struct plan_range r = range_of(who);
		const struct plan_range *named = feedmix_meets(&g->ranges, &r.lo, &r.hi), *known;
		const struct never *by_name = named ? named_in(g, who) : NULL;
		struct prefix site;

		known = by_name ? NULL : feedmix_meets(&g->known, &r.lo, &r.hi);
		if (!by_name && !known)
			continue;
		site = by_name ? by_name->who : known_in(known, &r);
		prefix_print(who, entry);
		prefix_print(&site, whom);
		snprintf(why, FEEDGUARD_TEXT, "line %u, %s, would block %s, which is %s",
			 t->item[i].line, entry, whom,
			 by_name ? by_name->why : "known: it has registered or called");
		return true;
	}
	return false;
}
