/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Contacts of addresses-of-record, as the 2xx to REGISTER lists them (RFC 3261 10.3 step
 * 8), and which of them the asking site has brought.  The list does not say the latter:
 * the contacts of the request are kept until its answer comes, beside the
 * addresses-of-record.  Servers rewrite contacts of phones behind a NAT; then what is
 * new in the list, or lives longer than before, is what was asked for.
 */
#include "memory.h"
#include "people.h"
#include "plain.h"
#include "registry.h"
#include "store.h"

#define EXPIRES_DEFAULT 3600 /* RFC 3261 10.2.1.1, of malformed values too */
#define EXPIRES_MOST (12 * 86400) /* what the census reaches */
#define URI_ROOM 512
#define REFRESHED (2 * NS) /* a life that grew by that was prolonged */

enum { RANK_ASKED = 0, RANK_BOUND = 2 };
enum { CONTACT_INSTANCE = 0xc1, CONTACT_URI = 0x1000 };

struct contact {
	uint32_t contact, id; /* prints: see contacts_asked; id as the phone itself says it */
	uint32_t site;        /* print of who brought it, 0: not known */
	uint32_t end;         /* tick */
};

struct address {
	struct contact at[CONTACTS_MOST]; /* first those that the last 2xx listed */
	uint8_t listed, n;
	bool whole; /* the server lists what was not asked for: it lists all there is */
};

/* What a 2xx grants. */
struct grant {
	struct contact at[CONTACTS_MOST];
	struct slice uri[CONTACTS_MOST]; /* of each; there is none of what is assumed */
	unsigned n;
	bool crowded; /* there were more */
	bool matched; /* some are what was asked for, to the letter */
};

size_t addresses_size(void)
{
	return sizeof(struct address);
}

static uint32_t uri_print(const struct state *st, struct slice text)
{
	char room[2 * URI_ROOM];
	struct sip_uri uri;
	uint32_t user, n;

	(void)sip_uri_read(text, &uri);
	user = sip_user(&uri, room, URI_ROOM).n;
	/* host, port and parameters, in any case (19.1.4) */
	if (uri.host.n)
		text = slice_between(uri.host.p, text.p + text.n);
	for (n = 0; n < text.n && n < URI_ROOM; n++)
		room[user + n] = ascii_lower(text.p[n]);
	/* where the user ends is told by the kind */
	return print_of(name_bytes(st, CONTACT_URI + (uint64_t)user,
				   (struct slice){ room, user + n }));
}

/* A user agent keeps its instance when it comes back with another contact (RFC 5626). */
static uint32_t id_print(const struct state *st, const struct sip_nameaddr *na, uint32_t contact)
{
	struct slice instance, reg = SLICE_NONE;

	if (!sip_param(na->params, SLICE("+sip.instance"), &instance) || !instance.n)
		return contact;
	(void)sip_param(na->params, SLICE("reg-id"), &reg);
	return print_of(name_bytes(st, name_bytes(st, CONTACT_INSTANCE, reg), instance));
}

static uint32_t seconds_of(struct slice s)
{
	uint32_t n = 0;

	if (!s.n || s.p[0] < '0' || s.p[0] > '9')
		return EXPIRES_DEFAULT;
	for (uint32_t i = 0; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++)
		n = n < EXPIRES_MOST ? n * 10 + (uint32_t)(s.p[i] - '0') : EXPIRES_MOST;
	return n < EXPIRES_MOST ? n : EXPIRES_MOST;
}

uint32_t contact_seconds(const struct sip_msg *sip, const struct sip_nameaddr *na)
{
	struct slice own;

	if (sip_param(na->params, SLICE("expires"), &own))
		return seconds_of(own);
	return sip->seen[HDR_EXPIRES] ? seconds_of(sip_first(sip, HDR_EXPIRES)) : EXPIRES_DEFAULT;
}

bool contact_next(const struct sip_msg *sip, struct contact_walk *w, struct sip_nameaddr *na)
{
	struct slice value;

	do {
		while (w->line.n && sip_list_next(&w->line, &value))
			if (sip_nameaddr_read(value, na))
				return true;
	} while (sip_next(sip, HDR_CONTACT, &w->at, &w->line));
	return false;
}

void contacts_read(const struct state *st, const struct sip_msg *sip, struct contacts_asked *out)
{
	struct contact_walk w = { 0 };
	struct sip_nameaddr na;

	*out = (struct contacts_asked){ .n = 0 };
	plain_put(out->agent, sizeof(out->agent), sip_first(sip, HDR_USER_AGENT));
	while (contact_next(sip, &w, &na)) {
		if (slice_eq(na.uri, SLICE("*"))) {
			out->star = true;
			continue;
		}
		if (out->n == CONTACTS_ASKED)
			continue;
		out->at[out->n].contact = uri_print(st, na.uri);
		out->at[out->n].id = id_print(st, &na, out->at[out->n].contact);
		out->at[out->n++].seconds = contact_seconds(sip, &na);
	}
}

static uint64_t asked_key(uint64_t txn)
{
	return txn ^ 0xa5a5c0117ac75a5au;
}

void contacts_prefetch(const struct state *st, const struct names *n, table_fetch *fetch)
{
	fetch(st->addresses, n->aor);
	fetch(st->bindings, asked_key(n->txn));
	binding_prefetch(st, n->aor_user, n->site, fetch);
	bindings_site_prefetch(st, n->site, fetch);
}

static void asked_put(struct state *st, const struct lesson *l)
{
	struct hold h = table_make(st->bindings, asked_key(l->names->txn), l->now, RANK_ASKED);

	if (!h.value)
		return;
	*(struct contacts_asked *)h.value = l->names->contacts;
	table_keep(&h, l->now, l->now + TXN_SHORT * NS, RANK_ASKED);
	table_release(&h);
}

static bool asked_take(struct state *st, const struct lesson *l, struct contacts_asked *out)
{
	struct hold h = table_find(st->bindings, asked_key(l->names->txn), l->now);

	*out = (struct contacts_asked){ .n = 0 };
	if (!h.value)
		return false;
	*out = *(const struct contacts_asked *)h.value;
	table_drop(&h);
	return true;
}

/* The contact of the request that this one is; -1: none. */
static int asked_find(const struct contacts_asked *asked, const struct contact *c)
{
	for (int i = 0; i < asked->n; i++)
		if (asked->at[i].contact == c->contact || asked->at[i].id == c->id)
			return i;
	return -1;
}

static void grant_read(struct state *st, const struct lesson *l,
		       const struct contacts_asked *asked, struct grant *g)
{
	struct contact_walk w = { 0 };
	struct sip_nameaddr na;

	g->n = 0;
	g->crowded = g->matched = false;
	while (contact_next(l->sip, &w, &na)) {
		uint32_t seconds = contact_seconds(l->sip, &na);
		struct contact c = { .contact = uri_print(st, na.uri) };
		bool ours;

		if (!seconds)
			continue;
		c.id = id_print(st, &na, c.contact);
		c.end = tick_of(l->now + seconds * NS) + 1;
		ours = asked_find(asked, &c) >= 0;
		g->matched |= ours;
		g->crowded |= g->n == CONTACTS_MOST;
		if (g->n == CONTACTS_MOST && !ours)
			continue;
		g->n -= g->n == CONTACTS_MOST;
		g->uri[g->n] = na.uri;
		g->at[g->n++] = c;
	}
}

/* A 2xx lists what is registered (RFC 3261 10.3 step 8).  Of one that has no Contact at
 * all, though some was to live, is taken what was asked. */
static void grant_assume(const struct lesson *l, const struct contacts_asked *asked,
			 struct grant *g)
{
	uint32_t most = EXPIRES_MOST;

	if (l->sip->seen[HDR_CONTACT])
		return;
	if (l->sip->seen[HDR_EXPIRES])
		most = seconds_of(sip_first(l->sip, HDR_EXPIRES));
	for (unsigned i = 0; i < asked->n; i++) {
		uint32_t seconds = asked->at[i].seconds;

		seconds = seconds < most ? seconds : most;
		if (!seconds)
			continue;
		g->uri[g->n] = SLICE_NONE;
		g->at[g->n++] = (struct contact){
			.contact = asked->at[i].contact, .id = asked->at[i].id,
			.end = tick_of(l->now + seconds * NS) + 1,
		};
		g->matched = true;
	}
}

static const struct contact *contact_of(const struct address *a, uint32_t contact)
{
	for (unsigned i = 0; i < a->n; i++)
		if (a->at[i].contact == contact)
			return &a->at[i];
	return NULL;
}

static bool is_ours(const struct grant *g, const struct contact *c, const struct contact *old,
		    int match, uint64_t now)
{
	if (g->matched)
		return match >= 0;
	return !old || !tick_ahead(old->end, now) ||
	       (int32_t)(c->end - old->end) > (int32_t)(REFRESHED >> TABLE_TICK_BITS);
}

/* Whose is each contact of the list? */
static void grant_settle(struct grant *g, const struct address *was,
			 const struct contacts_asked *asked, uint32_t site, uint64_t now)
{
	for (unsigned i = 0; i < g->n; i++) {
		struct contact *c = &g->at[i];
		const struct contact *old = contact_of(was, c->contact);
		int match = asked_find(asked, c);
		bool ours = is_ours(g, c, old, match, now);

		c->site = ours ? site : old ? old->site : 0;
		if (match < 0 && ours && asked->n == 1)
			match = 0; /* rewritten by the server */
		if (ours && match >= 0)
			c->id = asked->at[match].id;
		else if (old)
			c->id = old->id;
	}
}

/* Does a contact end that the list leaves out?  Some servers list only what was asked
 * for; then others are not gone.  Phones of two sites may say the same private address. */
static bool is_gone(const struct address *a, const struct contacts_asked *asked,
		    const struct contact *c, uint32_t site, uint64_t now)
{
	int match = asked_find(asked, c);

	if (!tick_ahead(c->end, now) || a->whole || asked->star)
		return true;
	return match >= 0 && (c->site == site || asked->at[match].contact == c->contact);
}

/* The address-of-record as it is now.  false: some had no room. */
static bool address_merge(struct address *a, const struct address *was, const struct grant *g,
			  const struct contacts_asked *asked, uint32_t site, uint64_t now)
{
	bool room = !g->crowded;

	memcpy(a->at, g->at, g->n * sizeof(*g->at));
	a->listed = a->n = (uint8_t)g->n;
	a->whole = was->whole || (g->matched && g->n > asked->n);
	for (unsigned i = 0; i < was->n; i++) {
		const struct contact *c = &was->at[i];

		if (contact_of(a, c->contact) || is_gone(a, asked, c, site, now))
			continue;
		room &= a->n < CONTACTS_MOST;
		if (a->n < CONTACTS_MOST)
			a->at[a->n++] = *c;
	}
	return room;
}

static void address_count(struct state *st, const struct address *a, int by, uint64_t now)
{
	for (unsigned i = 0; i < a->listed; i++)
		census_add(&st->census, a->at[i].end, by, now);
}

struct recount {
	struct state *st;
	uint64_t now;
};

static bool recount(void *value, void *arg)
{
	const struct recount *r = arg;
	const struct address *a = value;

	if (a->listed > a->n || a->n > CONTACTS_MOST)
		return true; /* the file was made by somebody else */
	address_count(r->st, a, 1, r->now);
	return false;
}

void contacts_restored(struct state *st, uint64_t now)
{
	struct recount r = { st, now };

	for (unsigned i = 0; i < table_shards(st->addresses); i++)
		table_sweep_shard(st->addresses, i, recount, &r);
}

static void address_keep(struct hold *h, const struct address *a, uint64_t now)
{
	*(struct address *)h->value = *a;
	for (unsigned i = 0; i < a->n; i++)
		table_keep(h, now, now + tick_left(a->at[i].end, now), RANK_BOUND);
}

/* The end of the last contact that a site has; 0 when there is none. */
static uint32_t site_end(const struct address *a, uint32_t site, uint64_t now, bool *any)
{
	uint32_t end = tick_of(now);

	*any = false;
	for (unsigned i = 0; i < a->n; i++)
		if (a->at[i].site == site && (int32_t)(a->at[i].end - end) > 0) {
			end = a->at[i].end;
			*any = true;
		}
	return end;
}

/* Tells the users' seats what has changed for whom. */
static void seats_set(struct state *st, const struct lesson *l, const struct address *was,
		      const struct address *is, bool all)
{
	uint64_t user = l->names->aor_user;
	uint32_t aor = print_of(l->names->aor), own = print_of(l->names->site);
	bool any, before;

	if (!user)
		return;
	for (unsigned i = 0; i < was->n; i++) {
		uint32_t site = was->at[i].site, end = site_end(is, site, l->now, &any);

		if (!site || site == own || (!any && !all))
			continue;
		if (site_end(was, site, l->now, &before) != end)
			seat_set(st, user, aor, site, end, l->now);
	}
	seat_set(st, user, aor, own, site_end(is, own, l->now, &any), l->now);
}

/* Who they are, for people. */
static void people_name(struct state *st, const struct lesson *l, const struct grant *g,
			const struct address *was, const char *agent)
{
	for (unsigned i = 0; i < g->n; i++) {
		const struct contact *c = &g->at[i], *old = contact_of(was, c->contact);
		struct people_key key = { l->names->aor, c->contact, c->site };

		if (c->site == print_of(l->names->site))
			people_put(st, l, &key, g->uri[i], agent,
				   old && tick_ahead(old->end, l->now));
	}
}

bool contact_until(struct state *st, const struct people_key *key, uint64_t now,
		   uint64_t *until)
{
	struct hold h = table_find(st->addresses, key->aor, now);
	const struct address *a = h.value;
	bool found = false;

	for (unsigned i = 0; a && i < a->n && i < CONTACTS_MOST && !found; i++) {
		const struct contact *c = &a->at[i];

		found = c->contact == key->contact && c->site == key->site &&
			tick_ahead(c->end, now);
		if (found)
			*until = now + tick_left(c->end, now);
	}
	table_release(&h);
	return found;
}

static void answer_learn(struct state *st, const struct lesson *l)
{
	uint64_t aor = l->names->aor;
	uint32_t site = print_of(l->names->site);
	struct contacts_asked asked;
	struct address was = { .n = 0 }, is;
	struct grant g;
	struct hold h;
	bool all;

	asked_take(st, l, &asked);
	grant_read(st, l, &asked, &g);
	grant_assume(l, &asked, &g);
	h = g.n ? table_make(st->addresses, aor, l->now, RANK_BOUND) :
		  table_find(st->addresses, aor, l->now);
	if (h.value)
		was = *(const struct address *)h.value;
	is = was;
	grant_settle(&g, &was, &asked, site, l->now);
	all = address_merge(&is, &was, &g, &asked, site, l->now);
	if (h.value) {
		address_count(st, &was, -1, l->now);
		address_count(st, &is, 1, l->now);
		address_keep(&h, &is, l->now);
	}
	table_release(&h);
	seats_set(st, l, &was, &is, all);
	people_name(st, l, &g, &was, asked.agent);
}

/* A carrier that was asked by a server inside answers: all it lists is of that account. */
static void upstream_learn(struct state *st, const struct lesson *l)
{
	struct contact_walk w = { 0 };
	struct sip_nameaddr na;
	uint32_t seconds = 0, own;

	if (!l->sip->seen[HDR_CONTACT] && l->sip->seen[HDR_EXPIRES])
		seconds = seconds_of(sip_first(l->sip, HDR_EXPIRES));
	while (contact_next(l->sip, &w, &na)) {
		own = contact_seconds(l->sip, &na);
		seconds = own > seconds ? own : seconds;
	}
	if (seconds)
		upstream_set(st, l->names->site, l->now + seconds * NS, l->now);
}

/* One that comes again may be older than what was said since. */
static bool is_grant(const struct lesson *l)
{
	return l->sip->kind == SIP_RESPONSE && l->asked && l->sip->status >= 200 &&
	       l->sip->status < 300 && !l->again;
}

void bindings_learn(struct state *st, const struct lesson *l)
{
	bool out = l->pkt->dir == DIR_OUTBOUND;
	const struct sip_msg *sip = l->sip;

	/* a transaction found has this method, and was asked from the other direction */
	if (sip->method != METHOD_REGISTER)
		return;
	if (sip->kind == SIP_REQUEST && !out) {
		if (l->names->to_user)
			seat_asked(st, l->names->to_user, l->names->site, l->now);
		asked_put(st, l);
	} else if (is_grant(l) && out) {
		answer_learn(st, l);
	} else if (is_grant(l) && l->asked->site == l->names->site) {
		upstream_learn(st, l);
	}
}

void contacts_find(struct state *st, uint64_t aor, const struct contacts_asked *asked,
		   uint64_t now, struct contacts *out)
{
	struct hold h = table_find(st->addresses, aor, now);
	const struct address *a = h.value;

	*out = (struct contacts){ 0 };
	for (unsigned i = 0; i < asked->n; i++)
		out->fresh += asked->at[i].seconds > 0;
	if (!a)
		return;
	for (unsigned i = 0; i < a->listed; i++)
		out->live += tick_ahead(a->at[i].end, now);
	for (unsigned i = 0; i < a->n; i++) {
		int match = asked_find(asked, &a->at[i]);

		if (tick_ahead(a->at[i].end, now) && match >= 0 && asked->at[match].seconds &&
		    out->fresh)
			out->fresh--;
	}
	table_release(&h);
}
