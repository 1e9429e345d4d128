/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inside.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "log.h"
#include "never.h"
#include "routes.h"

#define LOG_TEXT 700

static bool is_multicast(const struct addr *a)
{
	return addr_is_v4(a) ? (a->b[12] & 0xf0) == 0xe0 : a->b[0] == 0xff;
}

static bool is_link_local(const struct addr *a)
{
	return addr_is_v4(a) ? a->b[12] == 169 && a->b[13] == 254 :
			       a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80;
}

static bool is_loopback(const struct addr *a)
{
	struct addr one = { { [15] = 1 } };

	return addr_is_v4(a) ? a->b[12] == 127 : addr_eq(a, &one);
}

/* Does any of its interfaces lead to the default route of its family? */
static bool leads_outside(const struct routes *f, const struct route *r)
{
	for (size_t i = 0; i < f->n_route; i++) {
		const struct route *d = &f->route[i];

		if (!d->is_default || d->elsewhere ||
		    addr_is_v4(&d->to.addr) != addr_is_v4(&r->to.addr))
			continue;
		for (unsigned k = 0; k < d->n_oif * r->n_oif; k++)
			if (d->oif[k / r->n_oif] == r->oif[k % r->n_oif])
				return true;
	}
	return false;
}

static bool has_default(const struct routes *f, bool v4)
{
	for (size_t i = 0; i < f->n_route; i++)
		if (f->route[i].is_default && !f->route[i].elsewhere &&
		    addr_is_v4(&f->route[i].to.addr) == v4)
			return true;
	return false;
}

static bool is_inside(const struct routes *f, const struct route *r)
{
	/* without a default route nothing tells the outside from the inside */
	return !r->is_default && has_default(f, addr_is_v4(&r->to.addr)) &&
	       !leads_outside(f, r) && !is_link_local(&r->to.addr) &&
	       !is_multicast(&r->to.addr) && !is_loopback(&r->to.addr);
}

/* Own addresses and networks behind; the caller frees *out. */
static int inside_find(const struct routes *f, struct prefix **out, size_t *n)
{
	struct prefix *p = calloc(f->n_own + f->n_route + 1, sizeof(*p));
	size_t count = 0;

	if (!p)
		return -ENOMEM;
	/* loopback addresses are our own too: a call from this host to itself must
	 * not count as a stranger's */
	for (size_t i = 0; i < f->n_own; i++)
		p[count++] = f->own[i];
	for (size_t i = 0; i < f->n_route; i++)
		if (is_inside(f, &f->route[i]))
			p[count++] = f->route[i].to;
	*out = p;
	*n = count;
	return 0;
}

static bool is_own(const struct routes *f, const struct prefix *p)
{
	for (size_t i = 0; i < f->n_own; i++)
		if (p->len == 128 && addr_eq(&p->addr, &f->own[i].addr))
			return true;
	return false;
}

static bool route_uses(const struct route *r, int link)
{
	for (unsigned i = 0; i < r->n_oif; i++)
		if (r->oif[i] == link)
			return true;
	return false;
}

/* May part of p lie behind the link?  The routes that p falls under decide, and
 * those into parts of it. */
static bool behind(const struct routes *f, const struct prefix *p, int link)
{
	const struct route *best = NULL;

	for (size_t i = 0; i < f->n_route; i++) {
		const struct route *r = &f->route[i];

		if (r->elsewhere || addr_is_v4(&r->to.addr) != addr_is_v4(&p->addr))
			continue;
		if (r->to.len > p->len && prefix_has(p, &r->to.addr) && route_uses(r, link))
			return true;
		if (r->to.len <= p->len && prefix_has(&r->to, &p->addr) &&
		    (!best || r->to.len > best->to.len ||
		     (r->to.len == best->to.len && route_uses(r, link))))
			best = r;
	}
	return best && route_uses(best, link);
}

static bool nothing_behind(const struct routes *f, const struct prefix *p, size_t n,
			   const struct outside_link *l)
{
	for (size_t i = 0; i < n; i++)
		if (addr_is_v4(&p[i].addr) == l->v4 && !is_own(f, &p[i]) &&
		    behind(f, &p[i], (int)l->index))
			return false;
	return true;
}

/*
 * The interfaces of the default routes, less those with inside addresses behind
 * them: there an inside source can only be forged.
 */
static int outside_find(const struct routes *f, const struct prefix *p, size_t n,
			struct outside_link **out, size_t *count)
{
	struct outside_link *l = calloc(f->n_route * ROUTES_HOPS + 1, sizeof(*l));

	if (!l)
		return -ENOMEM;
	*count = 0;
	for (size_t i = 0; i < f->n_route; i++) {
		const struct route *r = &f->route[i];

		for (unsigned k = 0; r->is_default && !r->elsewhere && k < r->n_oif; k++) {
			l[*count] = (struct outside_link){ (uint32_t)r->oif[k],
							   addr_is_v4(&r->to.addr) };
			*count += nothing_behind(f, p, n, &l[*count]);
		}
	}
	*out = l;
	return 0;
}

static void log_inside(const struct prefix *p, size_t n, const char *origin)
{
	char text[LOG_TEXT] = "", one[PREFIX_TEXT];
	size_t at = 0, left = 0;

	for (size_t i = 0; i < n; i++) {
		if (is_loopback(&p[i].addr) || is_link_local(&p[i].addr))
			continue;
		if (left || at + PREFIX_TEXT + 2 > sizeof(text)) {
			left++;
			continue;
		}
		prefix_print(&p[i], one);
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s", at ? ", " : "", one);
	}
	if (left)
		log_info("inside (%s): %s and %zu more", origin, text, left);
	else
		log_info("inside (%s): %s", origin, at ? text : "nothing but this host's loopback");
}

static void log_outside(const struct outside_link *l, size_t n)
{
	char name[IF_NAMESIZE];

	for (size_t i = 0; i < n; i++)
		log_info("outside: %s, so an inside source that comes in there over IPv%d is "
			 "forged", if_indextoname(l[i].index, name) ? name : "?", l[i].v4 ? 4 : 6);
}

static int settle_outside(struct ruleset *rs, const struct routes *f)
{
	struct outside_link *l = NULL;
	const struct prefix *p;
	size_t n, count = 0;
	int r;

	p = ruleset_inside(rs, &n);
	r = outside_find(f, p, n, &l, &count);
	if (!r)
		r = ruleset_set_outside(rs, l, count);
	if (!r)
		log_outside(l, count);
	free(l);
	return r;
}

static int settle_inside(struct ruleset *rs, const struct routes *f)
{
	struct prefix *p = NULL;
	const struct prefix *given;
	size_t n;
	int r;

	if (ruleset_settings(rs)->inside.n) {
		given = ruleset_inside(rs, &n);
		log_inside(given, n, "from the config");
		return 0;
	}
	r = inside_find(f, &p, &n);
	if (!r)
		r = ruleset_set_inside(rs, p, n);
	if (!r)
		log_inside(p, n, "worked out: own addresses and what lies behind");
	free(p);
	return r;
}

int inside_settle(struct ruleset *rs)
{
	struct routes f = { 0 };
	int r = routes_read(&f);

	if (!r)
		r = settle_inside(rs, &f);
	if (!r)
		r = settle_outside(rs, &f);
	if (!r)
		r = never_settle(rs, &f);
	if (r)
		log_error("cannot ask the kernel for addresses and routes: %s", strerror(-r));
	routes_free(&f);
	return r;
}
