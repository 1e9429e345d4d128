/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "alarms.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "check.h"

struct alarms {
	struct alarm *out;
	unsigned n;
	const struct report *r;
};

__attribute__((format(printf, 3, 4)))
static void add(struct alarms *a, const char *name, const char *fmt, ...)
{
	va_list ap;

	if (a->n == ALARMS_MOST)
		return;
	a->out[a->n].name = name;
	va_start(ap, fmt);
	vsnprintf(a->out[a->n].text, ALARM_TEXT, fmt, ap);
	va_end(ap);
	a->n++;
}

/* false also where the clock was set back since. */
static bool lately(const struct alarms *a, uint64_t when)
{
	return when && a->r->wall >= when && a->r->wall - when < ALARM_LATELY;
}

static void find_overload(struct alarms *a)
{
	static const char *const whose[LANES] = { [LANE_STRANGERS] = "strangers",
						  [LANE_KNOWN] = "known sources" };
	const struct report *r = a->r;

	if (r->alive < r->workers)
		add(a, "worker_lost", "%u of %u workers are lost", r->workers - r->alive,
		    r->workers);
	for (unsigned i = 0; i < LANES; i++)
		if (lately(a, r->standing.overflowed[i]))
			add(a, "queue_full", "packets of %s found their queue full %" PRIu64
			    " s ago", whose[i], r->wall - r->standing.overflowed[i]);
	if (r->delay >= ALARM_DELAY * 1000000ull)
		add(a, "delay", "packets wait %.0f ms for a worker", (double)r->delay / 1e6);
}

static void find_tables(struct alarms *a)
{
	if (a->r->bans.broken)
		add(a, "tables_broken", "another program changes our nftables tables: "
		    "packets may pass unjudged; the log tells which (a second sipmoatd?)");
	if (a->r->bans.stale)
		add(a, "tables_stale", "nftables did not take the last reload: the new rules "
		    "judge, the tables are as before; sipmoat reload tells why");
}

static void find_bans(struct alarms *a)
{
	const struct report *r = a->r;

	if (lately(a, r->standing.capped))
		add(a, "bans_capped", "more were to be banned %" PRIu64 " s ago than may be in a "
		    "second (bans.rate)", r->wall - r->standing.capped);
	if (r->bans.live4 >= r->bans_most || r->bans.live6 >= r->bans_most)
		add(a, "bans_full", "there is no room for more bans (bans.max is %" PRIu64 ")",
		    r->bans_most);
}

static void find_refused(struct alarms *a)
{
	const struct report *r = a->r;

	if (r->standing.refused)
		add(a, "reload_refused", "the configuration was refused %" PRIu64 " s ago: an "
		    "older one is in force; sipmoat check tells why",
		    r->wall - r->standing.refused);
	for (unsigned i = 0; i < r->feeds; i++)
		if (r->feed[i].why[0])
			add(a, "feed_refused", "feed %.32s: its file is refused: %.120s",
			    r->feed[i].name, r->feed[i].why);
}

static void find_store(struct alarms *a)
{
	const struct store_counts *s = &a->r->store;

	if (s->failing && s->saved)
		add(a, "store_failing", "the memory could not be saved for %" PRIu64 " s: a "
		    "restart will forget what is newer", a->r->wall - s->saved);
	else if (s->failing)
		add(a, "store_failing", "the memory cannot be saved: a restart will forget it");
}

static void find_servers(struct alarms *a)
{
	char text[ADDR_TEXT];

	for (size_t i = 0; i < a->r->servers; i++) {
		if (a->r->server[i].heard)
			continue;
		addr_print(&a->r->server[i].server, text);
		add(a, "server_unheard", "%s is asked and not heard: it is down, or its answers "
		    "take another way", text);
	}
}

unsigned alarms_of(const struct report *r, struct alarm out[ALARMS_MOST])
{
	struct alarms a = { out, 0, r };

	find_overload(&a);
	find_tables(&a);
	if (r->standing.settings.mode == MODE_OBSERVE)
		add(&a, "observe", "mode is \"observe\": nothing is refused");
	find_refused(&a);
	find_store(&a);
	find_bans(&a);
	if (r->learning)
		add(&a, "learning", "memory.learning: for %" PRIu64 " s at most what is not known "
		    "is accepted", r->learning);
	find_servers(&a); /* these may be many */
	return a.n;
}
