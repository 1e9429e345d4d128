/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check/flood.h"
#include "checks.h"
#include "ruleset.h"
#include "seen.h"
#include "state/key.h"

double state_source_rate(const struct ruleset *rs, struct state *st, const struct addr *a,
			 uint64_t now)
{
	struct pkt pkt = { .src = *a, .proto = PROTO_UDP, .dir = DIR_INBOUND };
	struct probe p = { .pkt = &pkt, .rules = rs, .state = st, .now = now,
			   .site = addr_site(a) };
	const struct zone *zone;

	p.site_key = key_of_addr(st, &p.site);
	zone = &rs->zone[zone_find(rs, st, &pkt, p.site_key, now)];
	for (unsigned i = 0; i < check_count; i++)
		if (checks[i] == &check_flood)
			return zone->policy[i].mode == MODE_OFF ? 0 :
								  flood_rate(zone->conf[i], &p);
	return 0;
}
