/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "penalty.h"

#include "groups.h"
#include "ruleset.h"
#include "shown.h"
#include "state/flows.h"
#include "state/meter.h"
#include "state/neighbours.h"
#include "state/offenders.h"
#include "state/state.h"
#include "state/told.h"

/* Kinds of meters, + check: no meter kind of a check reaches so far. */
#define METER_HITS 0x100
#define METER_HITS_SHOWN 0x140
#define METER_NEW 0x180 /* bans, + proven */
#define MARKED 0x1c0 /* + shown: that a source was, in the table of what is told */
#define MARKED_AGAIN (5 * NS)

#define JITTER_BITS 28 /* those that key_with mixes */

/* A response is what our servers asked for: nobody earns a long ban by it. */
static bool is_shown(const struct probe *p, const struct evidence *ev)
{
	if (ev->grounds != GROUNDS_MESSAGE)
		return ev->grounds == GROUNDS_SHOWN;
	return shown_by(p) && !(p->sip && p->sip->kind == SIP_RESPONSE);
}

/*
 * An address with live registrations is never banned: a single forged packet, or
 * one bad phone, must not take an office off the network.  Its packets that hit
 * are dropped all the same.
 */
static bool bannable(const struct probe *p, const struct evidence *ev)
{
	struct prefix site = addr_site_prefix(&p->site);

	/* an inside source is inbound when it is forged (direction_of) */
	if (ev->no_ban || p->trusted || ruleset_spares(p->rules, &site) ||
	    (p->segment && p->segment->guessed))
		return false;
	return source_standing(p->state, p->site_key, p->now) != REGISTERED;
}

static bool is_over(const struct probe *p, uint64_t key, uint32_t budget, uint64_t window)
{
	struct meter_limit limit = { budget, budget + 1, window };
	bool over;

	meter_add(state_meter(p->state), key, &limit, p->now, &over);
	return over;
}

static bool enough_hits(const struct probe *p, unsigned kind, const struct policy *policy)
{
	return policy->ban_after <= 1 || is_over(p, key_with(p->site_key, kind),
						 policy->ban_after - 1, policy->ban_window * NS);
}

static bool is_capped(const struct probe *p, bool proven)
{
	uint32_t rate = p->rules->settings.ban_rate;

	/* apart, so that who forges many addresses does not use up the bans of others */
	return rate && is_over(p, key_with(0, METER_NEW + proven), rate, NS);
}

static uint32_t escalated(const struct settings *s, uint32_t seconds, unsigned times)
{
	uint64_t longest = seconds > s->ban_longest ? seconds : s->ban_longest, grown = seconds;

	while (--times && grown < longest)
		grown *= s->ban_factor;
	return (uint32_t)(grown < longest ? grown : longest);
}

/* Sources that were banned at once do not come back at once, and nobody knows when. */
static uint64_t jitter(const struct probe *p, uint32_t seconds)
{
	uint64_t most = (uint64_t)seconds * NS / 100 * p->rules->settings.ban_jitter;

	return (most >> JITTER_BITS) * (key_with(p->site_key, p->now) >> KEY_PLACE_BITS);
}

/* When the table is full of others the kernel still gets this one. */
static void impose(const struct probe *p, const struct ban *b, uint32_t seconds,
		   struct decision *d)
{
	d->ban = seconds;
	d->banned = b->who;
	d->ban_proven = b->proven;
	d->ban_times = b->times;
	(void)state_ban_add(p->state, b, p->now);
}

/*
 * Is there anybody in that prefix who must not be banned?  A zone that is trusted by its
 * country or network alone is not looked at.
 */
static bool holds_others(const struct probe *p, const struct prefix *who)
{
	const struct ruleset *rs = p->rules;

	for (unsigned i = 0; i < rs->n_zones; i++)
		if (rs->zone[i].trust && prefixset_meets(&rs->zone[i].addresses, who))
			return true;
	return ruleset_spares(rs, who) || trunk_in(rs, who) ||
	       source_met_around(p->state, who, p->now);
}

/* The event of the ban that was one too many tells of the prefix. */
static void ban_around(const struct probe *p, const struct ban *site, struct decision *d)
{
	const struct settings *s = &p->rules->settings;
	uint32_t most = s->ban_neighbours;
	struct ban b = { .who = addr_around(&p->site), .check = site->check, .proven = true };
	struct slice latest = slice_of(site->reason);
	struct neighbours n;
	struct evidence ev;

	if (!most)
		return;
	neighbours_add(p->state, &p->site, p->site_key, site->until, p->now, &n);
	/* shortly after the start nobody can be known yet */
	if (n.sites < most || memory_learning(p->state, s, p->now) || holds_others(p, &b.who))
		return;
	evidence_reason(&ev, "%u of its sites are banned, the latest: %s", n.sites, &latest);
	memcpy(b.reason, ev.reason, sizeof(b.reason));
	memcpy(d->reason, ev.reason, sizeof(d->reason));
	b.until = n.until;
	impose(p, &b, (uint32_t)((b.until - p->now) / NS), d);
}

static void ban_proven(const struct probe *p, struct ban *b, uint32_t seconds, bool again,
		       struct decision *d)
{
	const struct settings *s = &p->rules->settings;
	unsigned times = offender_times(p->state, p->site_key, s->ban_memory, p->now);

	/* two workers found the same: that is one ban */
	if (again && times > 1)
		times--;
	seconds = escalated(s, seconds, times);
	b->proven = true;
	b->times = (uint8_t)times;
	b->until = p->now + seconds * NS + jitter(p, seconds);
	offender_banned(p->state, p->site_key, times, b->until, s->ban_memory, p->now);
	impose(p, b, seconds, d);
	ban_around(p, b, d);
}

static void ban_unproven(const struct probe *p, struct ban *b, uint32_t seconds,
			 struct decision *d)
{
	uint32_t most = p->rules->settings.ban_unproven;

	seconds = seconds < most ? seconds : most;
	b->until = p->now + seconds * NS;
	if (seconds)
		impose(p, b, seconds, d);
}

/*
 * What others can send in its name is no reason to lead a source elsewhere for long.  One that
 * goes on is not written again with each packet.
 */
static void mark_source(const struct probe *p, uint32_t mark, bool shown, struct decision *d)
{
	const struct settings *s = &p->rules->settings;
	uint32_t most = shown ? s->mark_time : s->ban_unproven;
	uint32_t seconds = s->mark_time < most ? s->mark_time : most;
	uint64_t key = key_with(key_with(p->site_key, mark), MARKED + shown);

	if (p->pkt->dir != DIR_INBOUND || !seconds)
		return;
	d->mark = mark;
	if (told_now(p->state, key, p->now, p->now + MARKED_AGAIN))
		d->mark_time = seconds;
}

void penalty(const struct probe *p, unsigned check, const struct evidence *ev,
	     struct decision *d)
{
	const struct policy *policy = &p->zone->policy[check];
	uint32_t seconds = policy->action == ACTION_MARK ? 0 : ev->ban ? ev->ban : policy->ban;
	struct ban b = { .who = addr_site_prefix(&p->site), .check = (uint8_t)check }, had;
	bool shown, enough, live;

	if ((!seconds && !policy->mark) || !bannable(p, ev))
		return;
	enough = enough_hits(p, METER_HITS + check, policy);
	shown = is_shown(p, ev) && enough_hits(p, METER_HITS_SHOWN + check, policy);
	if (!shown && (!enough || shown_partner(p) || shown_by(p) == SHOWS_ASKED))
		return;
	if (policy->mark)
		mark_source(p, policy->mark, shown, d);
	if (!seconds)
		return;
	live = ban_find(p->state, p->site_key, &p->site, p->now, &had);
	d->ban_capped = !live && is_capped(p, shown);
	if (d->ban_capped)
		return;
	memcpy(b.reason, d->reason, sizeof(b.reason));
	if (shown)
		ban_proven(p, &b, seconds, live && had.proven, d);
	else
		ban_unproven(p, &b, seconds, d);
}
