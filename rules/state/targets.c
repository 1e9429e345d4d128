/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "targets.h"

#include "geo.h"
#include "store.h"

#define HOST_ROOM 128

static uint64_t bits(uint64_t h)
{
	return 1ull << (h & 63) | 1ull << (h >> 6 & 63) | 1ull << (h >> 12 & 63);
}

static uint64_t bits_of(const struct state *st, struct slice host)
{
	char room[HOST_ROOM];
	struct addr a;
	uint32_t n = 0;

	if (host.n > 1 && host.p[host.n - 1] == '.')
		host.n--;
	if (addr_parse_host(host, &a) == 0)
		return bits(key_of_addr(st, &a));
	for (; n < host.n && n < sizeof(room); n++)
		room[n] = ascii_lower(host.p[n]);
	return bits(name_bytes(st, NAME_HOST, (struct slice){ room, n }));
}

uint64_t targets_of(const struct state *st, const struct sip_uri *uri)
{
	struct slice maddr;
	uint64_t all = uri->host.n ? bits_of(st, uri->host) : TARGETS_NONE;

	if (sip_param(uri->params, SLICE("maddr"), &maddr) && maddr.n)
		all |= bits_of(st, maddr);
	return all;
}

uint64_t targets_asked(const struct state *st, struct slice text)
{
	struct sip_uri uri;

	(void)sip_uri_read(text, &uri); /* what stands before the damage will do */
	return targets_of(st, &uri);
}

/* Who gets a private address, or a name, may put another one in its place, unless a
 * proxy of ours takes care of the way. */
static bool may_be_replaced(const struct lesson *l, struct slice host)
{
	struct addr a;

	return !l->sip->seen[HDR_RECORD_ROUTE] &&
	       (addr_parse_host(host, &a) != 0 || addr_is_private(&a));
}

static uint64_t of_header(const struct lesson *l, const struct state *st, enum sip_header h)
{
	struct slice line, item;
	uint64_t all = TARGETS_NONE;
	unsigned at = 0;

	while (sip_next(l->sip, h, &at, &line))
		while (line.n && sip_list_next(&line, &item)) {
			struct sip_nameaddr na;
			struct sip_uri uri;

			if (!sip_nameaddr_read(item, &na) || !sip_uri_read(na.uri, &uri) ||
			    (h == HDR_CONTACT && may_be_replaced(l, uri.host)))
				return TARGETS_ANY;
			all |= targets_of(st, &uri);
		}
	return all;
}

uint64_t targets_told(const struct state *st, const struct lesson *l)
{
	uint64_t contact = of_header(l, st, HDR_CONTACT);

	/* without a Contact it says nothing of where to send to */
	return contact ? contact | of_header(l, st, HDR_RECORD_ROUTE) : TARGETS_NONE;
}
