/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "barred.h"

#include "checks.h"
#include "ruleset.h"
#include "state/calls.h"
#include "state/flows.h"
#include "state/state.h"

_Static_assert(ENGINE_CUT == FLOWS_PART, "one part of a share at a time");

bool sender_trusted(const struct ruleset *rs, struct state *st, const struct pkt *pkt,
		    uint64_t now, const struct zone **zone)
{
	struct evidence ev;
	struct probe p = { .pkt = pkt, .rules = rs, .state = st, .now = now,
			   .site = addr_site(&pkt->src) };
	bool trusted = false;

	p.site_key = key_of_addr(st, &p.site);
	p.zone = *zone = &rs->zone[zone_find(rs, st, pkt, p.site_key, now)];
	for (unsigned i = 0; i < check_count; i++)
		if (checks[i] == &check_trusted && p.zone->policy[i].mode != MODE_OFF)
			trusted = check_trusted.run(&p, p.zone->conf[i], &ev) == TRUST;
	return trusted;
}

unsigned barred_check(void)
{
	unsigned i = 0;

	while (i < check_count && checks[i] != &check_banned)
		i++;
	return i;
}

bool sender_barred(const struct ruleset *rs, struct state *st, const struct pkt *pkt,
		   uint64_t now, struct ban *out)
{
	const struct zone *zone;

	return rs->settings.mode == MODE_ENFORCE && !prefixset_has(&rs->spared_set, &pkt->src) &&
	       state_ban_cuts(st, &pkt->src, now, out) && !sender_trusted(rs, st, pkt, now, &zone);
}

/* Ends those of n connections that are barred; how many is returned, they come first. */
static size_t end_barred(const struct ruleset *rs, struct state *st, uint64_t now,
			 struct reset *c, size_t n)
{
	size_t ended = 0;
	struct ban ban;

	for (size_t i = 0; i < n; i++) {
		struct pkt pkt = { .src = c[i].outside, .dst = c[i].inside,
				   .sport = c[i].outside_port, .dport = c[i].inside_port,
				   .proto = PROTO_TCP, .dir = DIR_INBOUND };

		if (sender_barred(rs, st, &pkt, now, &ban) && flow_expire(st, &c[i], now))
			c[ended++] = c[i];
	}
	return ended;
}

size_t engine_cut(const struct ruleset *rs, struct state *st, uint64_t now,
		  struct reset out[ENGINE_CUT])
{
	/* a BYE has to be in a connection before that is ended */
	uint32_t bans = rs->settings.ban_calls == CALLS_END ? calls_bans_done(st) :
							      state_bans_made(st);
	size_t n, ended = 0;

	while (!ended && flows_share(st, bans, now, out, &n))
		ended = end_barred(rs, st, now, out, n);
	return ended;
}
