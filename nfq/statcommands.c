/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is counted, for programs (`stats`), and how it stands, for people (`status`):
 * docs/control.md, docs/schema. */
#include <stdlib.h>

#include "alarms.h"
#include "check.h"
#include "clock.h"
#include "commands.h"
#include "report.h"

static const char *const modes[] = { [MODE_OBSERVE] = "observe", [MODE_ENFORCE] = "enforce" };
static const char *const lanes[LANES] = { [LANE_STRANGERS] = "strangers",
					  [LANE_KNOWN] = "known" };
static const char *const lists[FEED_LISTS] = { [FEED_BLOCK] = "block",
					       [FEED_ALLOW] = "allow" };

/* ---- parts of the answer, in its order ---- */

static void put_standing(struct request *r, const struct report *p)
{
	request_put_text(r, "version", SIPMOAT_VERSION);
	request_put_number(r, "time", p->wall);
	request_put_number(r, "started", p->standing.started);
	request_put_text(r, "mode", modes[p->standing.settings.mode]);
	request_put_bool(r, "mode_by_hand", p->standing.mode.mode != MODE_OFF);
	request_put_text(r, "steering", p->bans.native ? "native" : "xt");
	request_put_number(r, "workers", p->workers);
	request_put_number(r, "alive", p->alive);
	request_put_number(r, "learning", p->learning);
	request_put_number(r, "generation", p->standing.generation);
	request_put_number(r, "loaded", p->standing.loaded);
	request_put_number(r, "refused", p->standing.refused);
	request_put_number(r, "refusals", p->standing.refusals);
	request_put_real(r, "delay", (double)p->delay / 1e9);
	request_put_number(r, "registrations", p->contacts);
}

static void put_counters(struct request *r, const struct report_totals *t)
{
	request_group(r, "counters");
#define X(field, help) request_put_number(r, #field, t->field);
	STATS(X)
#undef X
	request_group_end(r);
	request_group(r, "defects");
	for (unsigned d = 0; d < DEFECT_COUNT; d++)
		request_put_number(r, sip_defect_name(d), t->defects[d]);
	request_group_end(r);
	request_rows(r, "checks");
	for (unsigned c = 0; c < check_count && !request_failed(r); c++) {
		request_row(r);
		request_put_text(r, "check", check_name(c));
#define X(field, help) request_put_number(r, #field, t->outcome[c][OUTCOME_##field]);
		OUTCOMES(X)
#undef X
	}
	request_rows_end(r);
}

/* lane NULL: it has none. */
static void put_histogram(struct request *r, const char *name, const char *lane,
			  const uint64_t ends[static STATS_BUCKETS],
			  const struct report_histogram *h)
{
	double le[STATS_BUCKETS];

	for (unsigned i = 0; i < STATS_BUCKETS; i++)
		le[i] = (double)ends[i] / 1e9;
	request_row(r);
	request_put_text(r, "name", name);
	if (lane)
		request_put_text(r, "lane", lane);
	request_put_reals(r, "le", le, STATS_BUCKETS);
	request_put_numbers(r, "buckets", h->bucket, STATS_BUCKETS + 1);
	request_put_number(r, "count", h->count);
	request_put_real(r, "sum", (double)h->sum / 1e9);
	request_put_real(r, "most", (double)h->most / 1e9);
}

static void put_histograms(struct request *r, const struct report_totals *t)
{
	static const uint64_t delay[] = STATS_DELAY_ENDS, work[] = STATS_WORK_ENDS;

	request_rows(r, "histograms");
	for (unsigned i = 0; i < LANES; i++)
		put_histogram(r, "queue_delay", lanes[i], delay, &t->delay[i]);
	put_histogram(r, "processing", NULL, work, &t->work);
	request_rows_end(r);
}

static void put_queues(struct request *r, const struct report *p)
{
	size_t n = LANES * (size_t)p->workers;
	struct procfs_queue *q = calloc(n, sizeof(*q));
	uint32_t first = p->queue_first;

	if (!q) {
		request_fail(r, "no_memory", "sipmoatd has no memory for the answer");
		return;
	}
	procfs_queues((uint16_t)first, q, n);
	request_rows(r, "queues");
	for (size_t i = 0; i < n && !request_failed(r); i++) {
		request_row(r);
		request_put_number(r, "queue", first + i);
		request_put_text(r, "lane", lanes[i < p->workers ? LANE_STRANGERS : LANE_KNOWN]);
		if (!q[i].there)
			continue;
		request_put_number(r, "depth", q[i].depth);
		request_put_number(r, "dropped", q[i].dropped);
		request_put_number(r, "undelivered", q[i].undelivered);
	}
	request_rows_end(r);
	free(q);
}

static void put_tables(struct request *r, const struct report *p)
{
	request_rows(r, "tables");
	for (unsigned i = 0; i < TABLE_COUNT && !request_failed(r); i++) {
		const struct table_fill *f = &p->table[i];

		request_row(r);
		request_put_text(r, "table", f->name);
		request_put_number(r, "live", f->live);
		request_put_number(r, "records", f->records);
		request_put_number(r, "bytes", f->bytes);
		request_put_number(r, "evicted", f->evicted);
		request_put_number(r, "refused", f->refused);
	}
	request_rows_end(r);
}

static void put_bans(struct request *r, const struct report *p)
{
	const struct ban_counts *b = &p->bans;

	request_group(r, "bans");
	request_put_number(r, "live4", b->live4);
	request_put_number(r, "live6", b->live6);
	request_put_number(r, "most", p->bans_most);
	request_put_number(r, "marked4", b->marked4);
	request_put_number(r, "marked6", b->marked6);
	request_put_number(r, "banned", b->banned);
	request_put_number(r, "prolonged", b->prolonged);
	request_put_number(r, "lifted", b->unbanned);
	request_put_number(r, "by_hand", b->by_hand);
	request_put_number(r, "refused", b->refused);
	request_put_number(r, "restored", b->restored);
	request_put_bool(r, "broken", b->broken);
	request_put_bool(r, "stale", b->stale);
	request_group_end(r);
}

static void put_calls(struct request *r, const struct report *p)
{
	request_group(r, "calls");
	request_put_number(r, "asked", p->calls.asked);
	request_put_number(r, "ringing", p->calls.ringing);
	request_put_number(r, "answered", p->calls.answered);
	request_put_number(r, "over", p->calls.over);
	request_group_end(r);
}

static void put_helpers(struct request *r, const struct report *p)
{
	request_group(r, "conntrack");
	request_put_number(r, "passes", p->conntrack.passes);
	request_put_number(r, "deleted", p->conntrack.deleted);
	request_group_end(r);
	request_group(r, "hook");
	request_put_number(r, "asked", p->hook.asked);
	request_put_number(r, "granted", p->hook.granted);
	request_put_number(r, "killed", p->hook.killed);
	request_put_number(r, "dropped", p->hook.dropped);
	request_group_end(r);
	request_group(r, "store");
	request_put_bool(r, "kept", p->store.kept);
	request_put_bool(r, "failing", p->store.failing);
	request_put_number(r, "saves", p->store.saves);
	request_put_number(r, "saved", p->store.saved);
	request_group_end(r);
}

static void put_feeds(struct request *r, const struct report *p)
{
	request_rows(r, "feeds");
	for (unsigned i = 0; i < p->feeds && !request_failed(r); i++) {
		const struct feed_status *f = &p->feed[i];

		request_row(r);
		request_put_text(r, "name", f->name);
		request_put_text(r, "list", lists[f->allow]);
		request_put_number(r, "entries", f->entries);
		request_put_number(r, "loaded", f->loaded);
		request_put_bool(r, "refused", f->why[0]);
	}
	request_rows_end(r);
	request_rows(r, "feeds_kernel");
	for (unsigned i = 0; i < FEED_LISTS && !request_failed(r); i++) {
		request_row(r);
		request_put_text(r, "list", lists[i]);
		request_put_number(r, "addresses", p->feeds_total[i].addresses);
		request_put_number(r, "ranges", p->feeds_total[i].ranges);
		request_put_bool(r, "writing", p->feeds_total[i].writing);
	}
	request_rows_end(r);
}

static void put_servers(struct request *r, const struct report *p)
{
	char text[ADDR_TEXT];

	request_rows(r, "servers");
	for (size_t i = 0; i < p->servers && !request_failed(r); i++) {
		addr_print(&p->server[i].server, text);
		request_row(r);
		request_put_text(r, "server", text);
		request_put_bool(r, "heard", p->server[i].heard);
	}
	request_rows_end(r);
}

void statcommands_stats(const struct asking *a)
{
	struct report p;

	report_gather(a->on->report, &p);
	put_standing(a->r, &p);
	put_counters(a->r, &p.totals);
	put_histograms(a->r, &p.totals);
	put_queues(a->r, &p);
	put_tables(a->r, &p);
	put_bans(a->r, &p);
	put_calls(a->r, &p);
	put_helpers(a->r, &p);
	put_feeds(a->r, &p);
	put_servers(a->r, &p);
}

/* ---- status ---- */

static void put_alarms(struct request *r, const struct report *p)
{
	struct alarm alarm[ALARMS_MOST];
	unsigned n = alarms_of(p, alarm);

	request_rows(r, "alarms");
	for (unsigned i = 0; i < n && !request_failed(r); i++) {
		request_row(r);
		request_put_text(r, "alarm", alarm[i].name);
		request_put_text(r, "text", alarm[i].text);
	}
	request_rows_end(r);
}

void statcommands_status(const struct asking *a)
{
	struct report p;
	uint64_t most = 0;

	report_gather(a->on->report, &p);
	for (unsigned i = 0; i < LANES; i++)
		most = p.totals.delay[i].most > most ? p.totals.delay[i].most : most;
	put_standing(a->r, &p);
	request_put_real(a->r, "delay_most", (double)most / 1e9);
	request_put_number(a->r, "packets", p.totals.packets);
	request_put_number(a->r, "dropped", p.totals.dropped);
	request_put_number(a->r, "observed", p.totals.observed);
	request_put_number(a->r, "queue_full", p.totals.queue_lost + p.totals.known_lost);
	request_put_number(a->r, "bans", p.bans.live4 + p.bans.live6);
	put_calls(a->r, &p);
	put_alarms(a->r, &p);
}
