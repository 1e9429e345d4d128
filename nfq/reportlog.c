/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All counters as lines of the log. */
#include <inttypes.h>
#include <stdio.h>

#include "check.h"
#include "log.h"

/* Numbers are no news: those who follow the events do not get them. */
#define say(...) log_plain(LOG_INFO_, __VA_ARGS__)
#include "report.h"

static void log_checks(const struct report_totals *t)
{
	for (unsigned c = 0; c < check_count; c++) {
		const uint64_t *n = t->outcome[c];
		uint64_t hits = 0;

		for (unsigned o = 0; o < OUTCOMES_COUNT; o++)
			hits += n[o];
		say("check %-12s %" PRIu64 " hits, %" PRIu64 " dropped", check_name(c), hits,
			 n[OUTCOME_dropped] + n[OUTCOME_rejected] + n[OUTCOME_deceived]);
	}
}

/* Those that were found, on one line. */
static void log_defects(const struct report_totals *t)
{
	char text[1024] = "none";
	size_t n = 0;

	for (unsigned d = 0; d < DEFECT_COUNT; d++) {
		int more;

		if (!t->defects[d])
			continue;
		more = snprintf(text + n, sizeof(text) - n, "%s%s %" PRIu64, n ? ", " : "",
				sip_defect_name(d), t->defects[d]);
		if (more < 0 || (size_t)more >= sizeof(text) - n)
			break;
		n += (size_t)more;
	}
	say("defects: %s", text);
}

static void log_tables(const struct report *r)
{
	for (unsigned i = 0; i < TABLE_COUNT; i++)
		say("table %-12s %" PRIu64 " live of %" PRIu64 " in %.1f MB, %" PRIu64
			 " evicted, %" PRIu64 " refused", r->table[i].name, r->table[i].live,
			 r->table[i].records, (double)r->table[i].bytes / 1e6,
			 r->table[i].evicted, r->table[i].refused);
}

static void log_feeds(const struct report *r)
{
	for (unsigned i = 0; i < r->feeds; i++) {
		const struct feed_status *f = &r->feed[i];

		say("feed %s: %" PRIu64 " entries to %s, %" PRIu64 " of them prefixes; %u "
			 "lines wrong, %u ignored%s%s", f->name, f->entries,
			 f->allow ? "allow" : "block", f->prefixes, f->wrong,
			 f->ignored, f->why[0] ? "; refused now: " : "", f->why);
	}
	for (unsigned i = 0; r->feeds && i < FEED_LISTS; i++)
		say("feeds to %s: %" PRIu64 " addresses, %" PRIu64 " ranges in the kernel%s",
			 i == FEED_ALLOW ? "allow" : "block", r->feeds_total[i].addresses,
			 r->feeds_total[i].ranges,
			 r->feeds_total[i].writing ? ", not all of it yet" : "");
}

static void log_waits(const struct report *r)
{
	double mean[LANES], most[LANES];

	for (unsigned i = 0; i < LANES; i++) {
		const struct report_histogram *h = &r->totals.delay[i];

		mean[i] = h->count ? (double)h->sum / 1e6 / (double)h->count : 0;
		most[i] = (double)h->most / 1e6;
	}
	say("waiting: packets wait %.3f ms for a worker, %.3f ms at most since the start",
		 (double)r->delay / 1e6, most[0] > most[1] ? most[0] : most[1]);
	say("waiting in lanes since the start: strangers %.3f ms on average, %.3f at most; "
		 "known %.3f ms on average, %.3f at most", mean[LANE_STRANGERS],
		 most[LANE_STRANGERS], mean[LANE_KNOWN], most[LANE_KNOWN]);
}

static void log_bans(const struct ban_counts *b)
{
	say("bans: %" PRIu64 " IPv4 and %" PRIu64 " IPv6 in the kernel; since the start "
		 "%" PRIu64 " made, %" PRIu64 " prolonged, %" PRIu64 " lifted (%" PRIu64
		 " by hand), %" PRIu64 " refused, %" PRIu64 " read back",
		 b->live4, b->live6, b->banned, b->prolonged, b->unbanned, b->by_hand, b->refused,
		 b->restored);
	say("marks: %" PRIu64 " IPv4 and %" PRIu64 " IPv6 sources are marked in the kernel",
		 b->marked4, b->marked6);
}

void report_log(const struct report_source *s)
{
	struct report r;
	char text[1024];

	report_gather(s, &r);
#define X(field, help) say("%-12s %12" PRIu64 "  %s", #field, r.totals.field, help);
	STATS(X)
#undef X
	log_checks(&r.totals);
	log_waits(&r);
	log_defects(&r.totals);
	state_describe(s->state, text, sizeof(text));
	say("tables: %s", text);
	log_tables(&r);
	say("calls: %" PRIu64 " begin, %" PRIu64 " ring, %" PRIu64 " are answered, %" PRIu64
		 " are over", r.calls.asked, r.calls.ringing, r.calls.answered, r.calls.over);
	log_bans(&r.bans);
	log_feeds(&r);
	say("conntrack: %" PRIu64 " entries of banned and marked sources deleted, in %" PRIu64
		 " readings", r.conntrack.deleted, r.conntrack.passes);
	if (s->hook)
		say("approve.hook: %" PRIu64 " asked, %" PRIu64 " approved, %" PRIu64
			 " killed for their time, %" PRIu64 " dropped: too many at once",
			 r.hook.asked, r.hook.granted, r.hook.killed, r.hook.dropped);
}
