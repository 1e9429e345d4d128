/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report.h"

#include <inttypes.h>
#include <stdio.h>

#include "check.h"
#include "clock.h"
#include "log.h"

struct totals {
#define X(field, help) uint64_t field;
	STATS(X)
#undef X
	struct {
		uint64_t most, sum, batches; /* struct stats_wait */
	} wait[LANES];
	uint64_t hits[CHECK_MAX], drops[CHECK_MAX], defects[DEFECT_COUNT];
};

static uint64_t value_of(const atomic_uint_fast64_t *c)
{
	return atomic_load_explicit(c, memory_order_relaxed);
}

static void add_waits(struct totals *t, const struct stats *st)
{
	for (unsigned i = 0; i < LANES; i++) {
		uint64_t most = value_of(&st->wait[i].most);

		t->wait[i].most = most > t->wait[i].most ? most : t->wait[i].most;
		t->wait[i].sum += value_of(&st->wait[i].sum);
		t->wait[i].batches += value_of(&st->wait[i].batches);
	}
}

static struct totals totals_of(const struct report_source *s)
{
	struct totals t = { 0 };

	for (unsigned i = 0; i < s->workers; i++) {
		const struct stats *st = worker_stats(s->worker[i]);

#define X(field, help) t.field += value_of(&st->field);
		STATS(X)
#undef X
		add_waits(&t, st);
		for (unsigned c = 0; c < CHECK_MAX; c++) {
			t.hits[c] += value_of(&st->hits[c]);
			t.drops[c] += value_of(&st->drops[c]);
		}
		for (unsigned d = 0; d < DEFECT_COUNT; d++)
			t.defects[d] += value_of(&st->defects[d]);
	}
	return t;
}

/* ms, now */
static double wait_of(const struct state *st)
{
	return (double)state_delay(st, clock_now()) / 1e6;
}

void report_line(const struct report_source *s, char *out, size_t room)
{
	struct totals t = totals_of(s);
	struct ban_counts b;

	ban_count(s->ban, &b);
	snprintf(out, room,
		 "%" PRIu64 " packets seen, %" PRIu64 " dropped, %" PRIu64
		 " found a queue full; they wait %.1f ms; %" PRIu64 " banned now, %" PRIu64
		 " since the start",
		 t.packets, t.dropped, t.queue_lost + t.known_lost, wait_of(s->state),
		 b.live4 + b.live6, b.banned);
}

void report_lost(const struct report_source *s, uint64_t lost[LANES])
{
	struct totals t = totals_of(s);

	lost[LANE_STRANGERS] = t.queue_lost;
	lost[LANE_KNOWN] = t.known_lost;
}

uint64_t report_capped(const struct report_source *s)
{
	return totals_of(s).ban_capped;
}

/* Those that were found, on one line. */
static void log_defects(const struct totals *t)
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
	log_info("defects: %s", text);
}

static void log_tables(struct state *st)
{
	struct table_fill fill[TABLE_COUNT];

	state_fill(st, clock_now(), fill);
	for (unsigned i = 0; i < TABLE_COUNT; i++)
		log_info("table %-12s %" PRIu64 " live of %" PRIu64 " in %.1f MB, %" PRIu64
			 " evicted, %" PRIu64 " refused", fill[i].name, fill[i].live,
			 fill[i].records, (double)fill[i].bytes / 1e6, fill[i].evicted,
			 fill[i].refused);
}

static void log_calls(struct state *st)
{
	struct call_counts n;

	state_calls(st, clock_now(), &n);
	log_info("calls: %" PRIu64 " begin, %" PRIu64 " ring, %" PRIu64 " are answered, %" PRIu64
		 " are over", n.asked, n.ringing, n.answered, n.over);
}

static void log_feeds(struct feeds *f)
{
	struct feed_status feed[FEED_MAX];
	struct feeds_total total[FEED_LISTS];
	unsigned n = feeds_status(f, feed, total);

	for (unsigned i = 0; i < n; i++)
		log_info("feed %s: %" PRIu64 " entries to %s, %" PRIu64 " of them prefixes; %u "
			 "lines wrong, %u ignored%s%s", feed[i].name, feed[i].entries,
			 feed[i].allow ? "allow" : "block", feed[i].prefixes, feed[i].wrong,
			 feed[i].ignored, feed[i].why[0] ? "; refused now: " : "", feed[i].why);
	for (unsigned i = 0; n && i < FEED_LISTS; i++)
		log_info("feeds to %s: %" PRIu64 " addresses, %" PRIu64 " ranges in the kernel%s",
			 i == FEED_ALLOW ? "allow" : "block", total[i].addresses, total[i].ranges,
			 total[i].writing ? ", not all of it yet" : "");
}

static void log_waits(const struct state *st, const struct totals *t)
{
	double mean[LANES], most[LANES];

	for (unsigned i = 0; i < LANES; i++) {
		uint64_t n = t->wait[i].batches;

		mean[i] = n ? (double)t->wait[i].sum / 1e6 / (double)n : 0;
		most[i] = (double)t->wait[i].most / 1e6;
	}
	log_info("waiting: packets wait %.3f ms for a worker, %.3f ms at most since the start",
		 wait_of(st), most[0] > most[1] ? most[0] : most[1]);
	log_info("waiting in lanes since the start: strangers %.3f ms on average, %.3f at most; "
		 "known %.3f ms on average, %.3f at most", mean[LANE_STRANGERS],
		 most[LANE_STRANGERS], mean[LANE_KNOWN], most[LANE_KNOWN]);
}

void report_log(const struct report_source *s)
{
	struct totals t = totals_of(s);
	struct conntrack_counts ct;
	struct ban_counts b;
	char text[1024];

#define X(field, help) log_info("%-12s %12" PRIu64 "  %s", #field, t.field, help);
	STATS(X)
#undef X
	for (unsigned c = 0; c < check_count; c++)
		log_info("check %-12s %" PRIu64 " hits, %" PRIu64 " dropped", check_name(c),
			 t.hits[c], t.drops[c]);
	log_waits(s->state, &t);
	log_defects(&t);
	state_describe(s->state, text, sizeof(text));
	log_info("tables: %s", text);
	log_tables(s->state);
	log_calls(s->state);
	ban_count(s->ban, &b);
	log_info("bans: %" PRIu64 " IPv4 and %" PRIu64 " IPv6 in the kernel; since the start "
		 "%" PRIu64 " made, %" PRIu64 " prolonged, %" PRIu64 " lifted (%" PRIu64
		 " by hand), %" PRIu64 " refused, %" PRIu64 " read back",
		 b.live4, b.live6, b.banned, b.prolonged, b.unbanned, b.by_hand, b.refused,
		 b.restored);
	log_info("marks: %" PRIu64 " IPv4 and %" PRIu64 " IPv6 sources are marked in the kernel",
		 b.marked4, b.marked6);
	log_feeds(s->feeds);
	conntrack_count(s->conntrack, &ct);
	log_info("conntrack: %" PRIu64 " entries of banned and marked sources deleted, in %" PRIu64
		 " readings", ct.deleted, ct.passes);
}
