/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>

#include "compiler.h"
#include "geo.h"
#include "state/state.h"
#include "zone.h"

#define AT(member) offsetof(struct zone_conf, member)

static const char *const transports[] = { "any", "udp", "tcp", NULL };
static const uint8_t protos[] = { PROTO_NONE, PROTO_UDP, PROTO_TCP };

const struct conf_row zone_rows[] = {
	{ "name", CONF_TEXT, AT(name), 0, 0, "", NULL, "how reports call the zone" },
	{ "addresses", CONF_LIST, AT(addresses), 0, 0, "", NULL,
	  "the source is in one of these prefixes" },
	{ "countries", CONF_LIST, AT(countries), 0, 0, "", NULL,
	  "the source is in one of these countries (ISO 3166)" },
	{ "asns", CONF_LIST, AT(asns), 0, 0, "", NULL,
	  "the source is in one of these autonomous systems" },
	{ "transport", CONF_WORD, AT(transport), 0, 0, "any", transports,
	  "the packet came over this transport" },
	{ "registered", CONF_BOOL, AT(registered), 0, 0, "false", NULL,
	  "true: the source holds a registration; false: it holds none; left out: either" },
	{ "schedule", CONF_TEXT, AT(schedule), 0, 0, "", NULL,
	  "this schedule holds; \"!name\": it does not" },
	{ "trust", CONF_BOOL, AT(trust), 0, 0, "false", NULL,
	  "sources in the zone are trusted: nothing else is asked" },
	{ "assigned", CONF_BOOL, AT(assigned), 0, 0, "false", NULL,
	  "no source is in the zone by itself: it is for those whom a check sends there" },
	{ NULL },
};

const struct node *zone_group(const struct node *zone, const char *check)
{
	const struct node *n = node_find(zone, check);

	for (const struct conf_row *row = zone_rows; n && row->name; row++)
		if (strcmp(row->name, check) == 0 && n->type != NODE_GROUP)
			return NULL;
	return n;
}

bool zone_needs_geo(const struct zone_conf *zc)
{
	return zc->countries.n || zc->asns.n;
}

static void compile_addresses(struct zone *z, const struct conf_list *l, struct compiler *c)
{
	struct prefix *p;
	size_t n;

	z->has_addresses = true;
	if (compiler_prefixes(c, l, "addresses", &p, &n) < 0)
		return;
	if (prefixset_build(&z->addresses, p, n) < 0)
		compiler_error(c, NULL, "addresses", "out of memory");
	free(p);
}

static void need_entries(struct compiler *c, const struct conf_list *l, const char *key)
{
	if (!l->n)
		compiler_error(c, NULL, key, "is empty: no source could be in the zone");
}

static void compile_geo(struct zone *z, const struct zone_conf *zc, struct compiler *c)
{
	if (z->has_countries) {
		need_entries(c, &zc->countries, "countries");
		compiler_countries(c, &zc->countries, "countries", &z->countries, &z->n_countries);
		if (!geo_has_country(c->geo))
			compiler_degraded(c, "countries",
					  "no country database: no source will be in the zone; "
					  "sipmoat-geo-update fetches one");
	}
	if (z->has_asns) {
		need_entries(c, &zc->asns, "asns");
		compiler_asns(c, &zc->asns, "asns", &z->asns, &z->n_asns);
		if (!geo_has_asn(c->geo))
			compiler_degraded(c, "asns",
					  "no ASN database: no source will be in the zone; "
					  "sipmoat-geo-update fetches one");
	}
}

static void compile_name(struct zone *z, const char *name, struct compiler *c)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");

	if (!n || name[n] || n >= ZONE_NAME)
		compiler_error(c, NULL, "name",
			       "must be 1 to %d letters, digits, '-' or '_'", ZONE_NAME - 1);
	else if (strcmp(name, "default") == 0)
		compiler_error(c, NULL, "name", "\"default\" is what no other zone holds");
	else
		memcpy(z->name, name, n + 1);
}

void zone_compile(struct zone *z, const struct zone_conf *zc, const struct node *n,
		  struct compiler *c)
{
	bool bad;

	compile_name(z, zc->name, c);
	z->trust = zc->trust;
	z->transport = protos[zc->transport];
	z->registered = -1;
	if (node_find(n, "registered") && !zone_group(n, "registered"))
		z->registered = (int8_t)zc->registered;
	z->has_countries = node_find(n, "countries");
	z->has_asns = node_find(n, "asns");
	if (node_find(n, "addresses")) {
		need_entries(c, &zc->addresses, "addresses");
		compile_addresses(z, &zc->addresses, c);
	}
	compile_geo(z, zc, c);
	bad = schedule_refer(&z->schedule, zc->schedule, c, "schedule") < 0;
	z->assigned = zc->assigned;
	if (z->assigned && z->trust)
		compiler_error(c, NULL, "assigned", "nobody can be assigned to a zone that is "
			       "trusted: leave out trust");
	if (!z->assigned && z->transport == PROTO_NONE && z->registered < 0 &&
	    !z->has_addresses && !z->has_countries && !z->has_asns &&
	    z->schedule.schedule < 0 && !bad)
		compiler_error(c, NULL, "",
			       "has no condition, so that every source would be in it: set "
			       "addresses, countries, asns, transport, registered or schedule (or "
			       "assigned, for a zone that a check sends users to)");
}

void zone_free(struct zone *z)
{
	prefixset_free(&z->addresses);
	free(z->countries);
	free(z->asns);
}

bool zone_only_addresses(const struct zone *z)
{
	return z->has_addresses && !z->has_countries && !z->has_asns &&
	       z->transport == PROTO_NONE && z->registered < 0 && z->schedule.schedule < 0;
}

/* ---- per packet ---- */

/* What is known of the source so far: each look-up is made at most once. */
struct asked {
	bool country, asn, standing, time;
	uint32_t country_is, asn_is;
	bool registered;
	uint64_t wall;
};

static bool in_country(const struct ruleset *rs, const struct zone *z, const struct addr *a,
		       struct asked *k)
{
	if (!k->country)
		k->country_is = geo_has_country(rs->geo) ? geo_country(rs->geo, a) : 0;
	k->country = true;
	return k->country_is && compiler_has(z->countries, z->n_countries, k->country_is);
}

static bool in_asn(const struct ruleset *rs, const struct zone *z, const struct addr *a,
		   struct asked *k)
{
	if (!k->asn)
		k->asn_is = geo_has_asn(rs->geo) ? geo_asn(rs->geo, a) : 0;
	k->asn = true;
	return k->asn_is && compiler_has(z->asns, z->n_asns, k->asn_is);
}

static bool standing_fits(const struct zone *z, struct state *st, uint64_t site_key, uint64_t now,
			  struct asked *k)
{
	struct source s;

	if (!k->standing) {
		source_find(st, site_key, now, &s);
		k->registered = s.standing == REGISTERED;
		k->standing = true;
	}
	return k->registered == (z->registered == 1);
}

static bool time_fits(const struct ruleset *rs, const struct zone *z, struct state *st,
		      uint64_t now, struct asked *k)
{
	if (z->schedule.schedule < 0)
		return true;
	if (!k->time)
		k->wall = state_wall(st, now);
	k->time = true;
	return schedule_fits(rs, z->schedule, k->wall);
}

/* Cheapest condition first. */
static bool holds(const struct ruleset *rs, const struct zone *z, struct state *st,
		  const struct pkt *pkt, uint64_t site_key, uint64_t now, struct asked *k)
{
	if (z->assigned || (z->transport != PROTO_NONE && z->transport != pkt->proto))
		return false;
	if (z->has_addresses && !prefixset_has(&z->addresses, &pkt->src))
		return false;
	if (!time_fits(rs, z, st, now, k))
		return false;
	if (z->registered >= 0 && !standing_fits(z, st, site_key, now, k))
		return false;
	if (z->has_countries && !in_country(rs, z, &pkt->src, k))
		return false;
	return !z->has_asns || in_asn(rs, z, &pkt->src, k);
}

unsigned zone_find(const struct ruleset *rs, struct state *st, const struct pkt *pkt,
		   uint64_t site_key, uint64_t now)
{
	struct asked asked = { 0 };

	for (unsigned i = 1; i < rs->n_zones; i++)
		if (holds(rs, &rs->zone[i], st, pkt, site_key, now, &asked))
			return i;
	return 0;
}
