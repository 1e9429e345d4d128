/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "logins.h"
#include "offenders.h"
#include "scans.h"
#include "seen.h"
#include "state.h"
#include "store.h"
#include "visitors.h"
#include "walk.h"

#define FAILED_WINDOW (3600 * NS)

static const char *const standings[] = { [STRANGER] = "stranger", [RETURNED] = "returned",
					 [REGISTERED] = "registered" };

static void source_seen(struct state *st, const struct visitor *v, uint64_t now,
			struct seen_source *out)
{
	uint64_t key = key_of_addr(st, &v->site);
	struct source is;

	source_find(st, key, now, &is);
	*out = (struct seen_source){
		.who = addr_site_prefix(&v->site), .first = v->first * NS, .last = v->last * NS,
		.standing = standings[is.standing], .partner = is.met,
		.score = source_score(st, key, now), .registrations = is.registrations,
	};
}

struct walking {
	struct state *st;
	uint64_t now;
	void (*each)(const struct seen_source *s, void *arg);
	void *arg;
};

static void show(const void *value, void *arg)
{
	struct walking *w = arg;
	struct seen_source seen;

	source_seen(w->st, value, w->now, &seen);
	w->each(&seen, w->arg);
}

bool state_sources_walk(struct state *st, uint64_t now,
			void (*each)(const struct seen_source *s, void *arg), void *arg)
{
	struct walking w = { st, now, each, arg };

	return table_walk(st->visitors, now, show, &w);
}

void state_source_more(struct state *st, const struct settings *settings, uint64_t now,
		       struct seen_source *out)
{
	uint64_t key = key_of_addr(st, &out->who.addr);
	struct bindings_site bound;
	struct scan_facts facts;

	bindings_site(st, key, now, &bound);
	(void)scans_find(st, key, 0, SCANS_WINDOW, now, &facts);
	out->users = bound.aors;
	out->failed = login_failures_at(st, key, FAILED_WINDOW, now);
	out->refused = facts.refused;
	out->reached = facts.reached;
	out->open = facts.open;
	/* the one that begins next is counted */
	out->bans = offender_times(st, key, settings->ban_memory, now) - 1;
}

bool state_source_seen(struct state *st, const struct settings *settings, const struct addr *a,
		       uint64_t now, struct seen_source *out)
{
	struct visitor v = { .site = addr_site(a) };
	bool noted = visitor_find(st, key_of_addr(st, &v.site), now, &v);

	source_seen(st, &v, now, out);
	state_source_more(st, settings, now, out);
	return noted || out->partner || out->score || out->registrations || out->users ||
	       out->failed || out->refused || out->reached || out->open || out->bans;
}

void state_source_note(struct state *st, const struct addr *a, uint64_t now)
{
	struct addr site = addr_site(a);

	visitor_note(st, &site, key_of_addr(st, &site), false, now);
}
