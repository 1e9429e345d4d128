/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What tells outsiders more than they need: private addresses in messages that leave
 * for a public one, and names of software with a version.  Nothing is rewritten or
 * held back; each pair of inside address and outside site is told of once a day.
 *
 * Not all that leaves is ours to answer for.  A response repeats the Vias of its
 * request (RFC 3261 8.2.6.2) and may repeat its Record-Routes (12.1.1), and a 200 to
 * REGISTER the contacts of the phone (10.3); and a proxy passes on what phones
 * behind somebody else's NAT wrote of themselves: a request shows it by its Vias with
 * what the proxy noted in `received` (18.2.1), an answer came from outside just before.
 */
#include "check.h"
#include "checks.h"
#include "geo.h"
#include "ruleset.h"
#include "sip/chars.h"
#include "state/meter.h"
#include "state/state.h"
#include "state/told.h"

#define DAY (86400 * NS)
#define HOUR (3600 * NS)
#define ITEMS_MAX 32 /* of a header, and */
#define LINES_MAX 64 /* of a session description, that are looked at */

enum { METER_LEAKS = 0x200 }; /* + nothing: one for all */
enum kind { LEAK_VIA, LEAK_CONTACT, LEAK_RECORD_ROUTE, LEAK_SDP, LEAK_BANNER, LEAK_COUNT };
enum banners { BANNERS_OFF, BANNERS_VERSIONS, BANNERS_ALL };

struct leak_conf {
	bool addresses;
	uint8_t banners; /* enum banners */
	uint32_t most;
};

static const char *const banner_words[] = { "off", "versions", "all", NULL };

static const struct conf_row leak_rows[] = {
	{ .name = "addresses",
	  .type = CONF_BOOL,
	  .offset = offsetof(struct leak_conf, addresses),
	  .fallback = "true",
	  .help = "tell of private addresses in Via, Record-Route, Contact and session "
		  "descriptions" },
	{ .name = "banners",
	  .type = CONF_WORD,
	  .offset = offsetof(struct leak_conf, banners),
	  .fallback = "versions",
	  .words = banner_words,
	  .help = "tell of Server and User-Agent: those that name a version, all, or none" },
	{ .name = "most",
	  .type = CONF_INT,
	  .offset = offsetof(struct leak_conf, most),
	  .min = 1,
	  .max = 100000,
	  .fallback = "60",
	  .help = "leaks that are told in an hour, all together" },
	{ 0 },
};

/* What was found, and where. */
struct leak {
	struct slice host, line;
};

static bool is_private(struct slice host)
{
	struct addr a;

	return addr_parse_host(host, &a) == 0 && addr_is_private(&a);
}

/* An address that somebody outside has for himself. */
static bool is_outside(const struct probe *p, struct slice host)
{
	struct addr a;

	return addr_parse_host(host, &a) == 0 && !addr_is_private(&a) &&
	       !prefixset_has(&p->rules->inside_set, &a);
}

/* Its sender is somewhere outside: a hop of ours noted from where it came. */
static bool via_of_outside(const struct probe *p, const struct sip_via *via)
{
	struct slice received;

	return is_outside(p, via->host) ||
	       (sip_param(via->params, SLICE("received"), &received) && is_outside(p, received));
}

/*
 * The Vias of a request, the top one first: that is the sender's own.  *foreign: it
 * comes from outside, so neither the Vias below nor the other headers are ours.
 */
static bool via_leaks(const struct probe *p, struct leak *l, bool *foreign)
{
	struct slice line, item;
	unsigned at = 0, n = 0;
	bool found = false;

	*foreign = false;
	while (n < ITEMS_MAX && sip_next(p->sip, HDR_VIA, &at, &line))
		while (n < ITEMS_MAX && line.n && sip_list_next(&line, &item)) {
			struct sip_via via;

			if (!sip_via_read(item, &via))
				continue;
			*foreign |= n++ && via_of_outside(p, &via);
			if (found || *foreign || !is_private(via.host))
				continue;
			found = true;
			*l = (struct leak){ via.host, item };
		}
	return found;
}

static bool ours(const struct probe *p, struct slice host)
{
	struct addr a;

	return addr_parse_host(host, &a) == 0 && prefixset_has(&p->rules->inside_set, &a);
}

/*
 * alias is where a proxy of ours says that a contact lies behind another NAT.  Record-
 * Routes of others are repeated by all who answer; ours name a server inside.
 */
static bool header_leaks(const struct probe *p, enum sip_header h, struct leak *l)
{
	struct slice line, item, alias;
	unsigned at = 0, n = 0;

	while (n < ITEMS_MAX && sip_next(p->sip, h, &at, &line))
		while (n++ < ITEMS_MAX && line.n && sip_list_next(&line, &item)) {
			struct sip_nameaddr na;
			struct sip_uri uri;

			if (!sip_nameaddr_read(item, &na) || !sip_uri_read(na.uri, &uri) ||
			    !is_private(uri.host) ||
			    sip_param(uri.params, SLICE("alias"), &alias) ||
			    (h == HDR_RECORD_ROUTE && !ours(p, uri.host)))
				continue;
			*l = (struct leak){ uri.host, item };
			return true;
		}
	return false;
}

/* The address of "c=IN IP4 address/ttl" or "o=... IN IP4 address" (RFC 8866 5.2, 5.7). */
static struct slice sdp_address(struct slice line)
{
	const char *p = line.p + 2, *end = line.p + line.n, *word = p;

	while (end > p && is_lws(end[-1]))
		end--;
	for (const char *at = p; at < end; at++)
		if (*at == ' ')
			word = at + 1;
		else if (*at == '/')
			end = at;
	return slice_between(word, end);
}

static bool sdp_leaks(const struct probe *p, struct leak *l)
{
	const char *at = p->sip->body.p, *end = slice_end(p->sip->body);

	for (unsigned n = 0; n < LINES_MAX && at < end; n++) {
		const char *eol = find_char(at, end, '\n');
		struct slice line = slice_between(at, eol ? eol : end);

		at = eol ? eol + 1 : end;
		if (line.n < 9 || line.p[1] != '=' || (line.p[0] != 'c' && line.p[0] != 'o'))
			continue;
		l->host = sdp_address(line);
		l->line = slice_trim(line);
		if (is_private(l->host))
			return true;
	}
	return false;
}

static bool has_version(struct slice s)
{
	for (uint32_t i = 1; i + 1 < s.n; i++)
		if (s.p[i] == '.' && is_digit(s.p[i - 1]) && is_digit(s.p[i + 1]))
			return true;
	return false;
}

static bool banner_leaks(const struct probe *p, enum banners which, struct leak *l)
{
	static const enum sip_header named[] = { HDR_SERVER, HDR_USER_AGENT };

	for (unsigned i = 0; i < 2; i++) {
		struct slice s = sip_first(p->sip, named[i]);

		if (!s.n || (which == BANNERS_VERSIONS && !has_version(s)))
			continue;
		*l = (struct leak){ slice_of(i ? "User-Agent" : "Server"), s };
		return true;
	}
	return false;
}

/* Does it leak that way?  foreign: what stands in it, others have written. */
static bool leaks(const struct probe *p, const struct leak_conf *c, enum kind kind,
		  bool *foreign, struct leak *l)
{
	bool response = p->sip->kind == SIP_RESPONSE;

	switch (kind) {
	case LEAK_VIA:
		return !response && via_leaks(p, l, foreign) && c->addresses;
	case LEAK_RECORD_ROUTE:
		return c->addresses && header_leaks(p, HDR_RECORD_ROUTE, l);
	case LEAK_CONTACT:
		return c->addresses && !*foreign &&
		       !(response && p->sip->method == METHOD_REGISTER) &&
		       header_leaks(p, HDR_CONTACT, l);
	case LEAK_SDP:
		return c->addresses && !*foreign && sdp_leaks(p, l);
	case LEAK_BANNER:
		return c->banners != BANNERS_OFF && !*foreign &&
		       banner_leaks(p, (enum banners)c->banners, l);
	case LEAK_COUNT:
		break;
	}
	return false;
}

/* Is it an answer that a proxy of ours passes on?  Asked only of what would be told:
 * most answers leak nothing. */
static bool relayed(const struct probe *p, enum kind kind, bool *foreign)
{
	if (p->sip->kind != SIP_RESPONSE || kind == LEAK_RECORD_ROUTE)
		return false;
	*foreign = told_from_outside(p->state, p->names, p->now);
	return *foreign;
}

/* Once a day for the pair and kind (a banner is the same for everybody), and no more than
 * `most` of all in an hour: who writes from many addresses makes us answer as many. */
static bool is_news(const struct probe *p, const struct leak_conf *c, enum kind kind)
{
	uint64_t from = key_of_addr(p->state, &p->pkt->src);
	uint64_t key = key_with(from, (kind == LEAK_BANNER ? 0 : p->site_key) + kind);
	struct meter_limit l = { c->most, c->most, HOUR };
	const struct addr all = { { 0 } };
	bool over;

	if (told_before(p->state, key, p->now))
		return false;
	meter_add(state_meter(p->state), key_with(key_of_addr(p->state, &all), METER_LEAKS), &l,
		  p->now, &over);
	return !over && told_now(p->state, key, p->now, p->now + DAY);
}

static enum found tell(const struct probe *p, enum kind kind, const struct leak *l,
		       struct evidence *ev)
{
	static const char *const where[LEAK_COUNT] = { "Via", "Contact", "Record-Route",
						       "the session description", "" };
	struct slice in = slice_of(where[kind]), to;
	char text[ADDR_TEXT];

	to = (struct slice){ text, (uint32_t)addr_print(&p->pkt->dst, text) };
	if (kind == LEAK_BANNER)
		evidence_reason(ev, "%s names our software to %s", &l->host, &to);
	else
		evidence_reason(ev, "private address %s in %s to %s", &l->host, &in, &to);
	evidence_bytes(ev, l->line);
	return HIT;
}

static enum found leak_run(const struct probe *p, const void *conf, struct evidence *ev)
{
	const struct leak_conf *c = conf;
	struct leak l;
	bool foreign = false;

	if (addr_is_private(&p->pkt->dst))
		return CLEAR;
	for (unsigned kind = 0; kind < LEAK_COUNT; kind++)
		if (leaks(p, c, kind, &foreign, &l) && !relayed(p, kind, &foreign) &&
		    is_news(p, c, kind))
			return tell(p, kind, &l, ev);
	return CLEAR;
}

/* A hit of what leaves is never more than told; mode = "observe" says so. */
const struct check check_leak = {
	.name = "leak",
	.help = "private addresses and names of software that leave the network; only told",
	.remedy = "let the server rewrite private addresses (external address, NAT "
		  "settings) and say less in Server and User-Agent",
	.stage = STAGE_BEHAVIOUR,
	.needs = NEED_SIP,
	.way = WAY_OUT_TOLD,
	.defaults = { .mode = MODE_OBSERVE, .action = ACTION_ALERT, .ban = 0, .ban_after = 1,
		      .ban_window = 60 },
	.rows = leak_rows,
	.conf_size = sizeof(struct leak_conf),
	.run = leak_run,
};
