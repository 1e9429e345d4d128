/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "penalty.h"

#include "ruleset.h"
#include "state/flows.h"
#include "state/meter.h"
#include "state/state.h"

#define METER_HITS 0x100 /* + check: no meter kind of a check reaches so far */

/*
 * An address with live registrations is never banned: a single forged packet, or
 * one bad phone, must not take an office off the network.  Its packets that hit
 * are dropped all the same.
 */
static bool bannable(const struct probe *p, const struct evidence *ev)
{
	struct prefix site = addr_site_prefix(&p->site);
	struct source s;

	/* an inside source is inbound when it is forged (direction_of) */
	if (ev->no_ban || p->trusted || ruleset_spares(p->rules, &site) ||
	    (p->segment && p->segment->guessed))
		return false;
	source_find(p->state, p->site_key, p->now, &s);
	return s.standing != REGISTERED;
}

static bool enough_hits(const struct probe *p, unsigned check, const struct policy *policy)
{
	uint64_t key = key_with(p->site_key, METER_HITS + check);
	struct meter_limit limit = { policy->ban_after - 1, policy->ban_after,
				     policy->ban_window * NS };
	bool over;

	if (policy->ban_after <= 1)
		return true;
	meter_add(state_meter(p->state), key, &limit, p->now, &over);
	return over;
}

void penalty(const struct probe *p, unsigned check, const struct evidence *ev,
	     struct decision *d)
{
	const struct policy *policy = &p->zone->policy[check];
	uint32_t seconds = ev->ban ? ev->ban : policy->ban;
	struct ban b = { .who = addr_site_prefix(&p->site), .check = (uint8_t)check,
			 .until = p->now + seconds * NS,
			 .proven = p->proof != PROOF_NONE || p->segment };

	if (!seconds || !bannable(p, ev) || !enough_hits(p, check, policy))
		return;
	memcpy(b.reason, d->reason, sizeof(b.reason));
	d->ban = seconds;
	d->banned = b.who;
	/* When the table is full of others the kernel still gets this one. */
	(void)state_ban_add(p->state, &b, p->now);
}
