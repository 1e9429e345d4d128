/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "places.h"

#include "geo.h"
#include "store.h"

static bool ends_with(struct slice s, struct slice end)
{
	return s.n >= end.n && slice_ieq((struct slice){ s.p + s.n - end.n, end.n }, end);
}

/* The host of a URI in angle brackets or bare; false when it is no address. */
static bool addr_of(struct slice value, struct slice *host, struct addr *out)
{
	struct sip_nameaddr na;
	struct sip_uri uri;

	*host = SLICE_NONE;
	if (!sip_nameaddr_read(value, &na))
		return false;
	(void)sip_uri_read(na.uri, &uri); /* what stands before the damage will do */
	*host = uri.host;
	return addr_parse_host(uri.host, out) == 0;
}

static bool is_ours(const struct lesson *l, struct slice value)
{
	struct slice host;
	struct addr a;

	return addr_of(value, &host, &a) && addr_eq(&a, &l->inside);
}

/*
 * The site that a Contact or Record-Route names; 0: none, or nothing new.  The private
 * address of a phone behind NAT says nothing about where it will come from.
 */
static uint64_t site_of(const struct state *st, const struct lesson *l, struct slice value,
			bool *by_name)
{
	struct slice host;
	struct addr a;
	uint64_t site;

	if (!addr_of(value, &host, &a)) {
		/* RFC 7118 5.2: a browser cannot know its address */
		*by_name = host.n && !ends_with(host, SLICE(".invalid"));
		return 0;
	}
	if (addr_eq(&a, &l->outside) || addr_eq(&a, &l->inside) ||
	    (addr_is_private(&a) && !addr_is_private(&l->outside)))
		return 0;
	a = addr_site(&a);
	site = key_of_addr(st, &a);
	return site == l->names->site ? 0 : site;
}

/*
 * The Record-Route of the proxy next to us: the first in a request, the last in a
 * response that comes in (16.6 item 4, 12.1.2).  In one that leaves it is the first
 * again, or the one behind that of our own proxy.
 */
static struct slice nearest_route(const struct lesson *l)
{
	bool in = l->pkt->dir == DIR_INBOUND, ours = false;
	struct slice line, item, nearest = SLICE_NONE;
	unsigned at = 0;

	while (sip_next(l->sip, HDR_RECORD_ROUTE, &at, &line))
		while (line.n && sip_list_next(&line, &item)) {
			if (!nearest.n || ours || in)
				nearest = item;
			if (in && l->sip->kind == SIP_REQUEST)
				return nearest;
			ours = !in && is_ours(l, item);
		}
	return nearest;
}

void places_read(const struct state *st, const struct lesson *l, struct places *out)
{
	struct slice route = nearest_route(l), line = SLICE_NONE, item;
	bool route_name = false, contact_name = false;

	*out = (struct places){ { 0, 0 }, false };
	if (l->pkt->dir == DIR_INBOUND)
		line = sip_first(l->sip, HDR_CONTACT);
	if (route.n)
		out->site[0] = site_of(st, l, route, &route_name);
	if (line.n && sip_list_next(&line, &item))
		out->site[1] = site_of(st, l, item, &contact_name);
	out->by_name = route.n ? route_name : contact_name;
}
