/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report.h"

#include <inttypes.h>
#include <stdio.h>

#include "clock.h"

static uint64_t value_of(const atomic_uint_fast64_t *c)
{
	return atomic_load_explicit(c, memory_order_relaxed);
}

static void add_histogram(struct report_histogram *to, const struct stats_histogram *h)
{
	uint64_t most = value_of(&h->most);

	to->most = most > to->most ? most : to->most;
	to->sum += value_of(&h->sum);
	for (unsigned i = 0; i <= STATS_BUCKETS; i++) {
		uint64_t n = value_of(&h->bucket[i]);

		to->bucket[i] += n;
		to->count += n;
	}
}

static void add_checks(struct report_totals *t, const struct stats *st)
{
	for (unsigned c = 0; c < CHECK_MAX; c++)
		for (unsigned o = 0; o < OUTCOMES_COUNT; o++)
			t->outcome[c][o] += value_of(&st->outcome[c][o]);
	for (unsigned d = 0; d < DEFECT_COUNT; d++)
		t->defects[d] += value_of(&st->defects[d]);
}

void report_totals(const struct report_source *s, struct report_totals *t)
{
	*t = (struct report_totals){ 0 };
	for (unsigned i = 0; i < s->workers; i++) {
		const struct stats *st = worker_stats(s->worker[i]);

#define X(field, help) t->field += value_of(&st->field);
		STATS(X)
#undef X
		add_checks(t, st);
		add_histogram(&t->work, &st->work);
		for (unsigned l = 0; l < LANES; l++)
			add_histogram(&t->delay[l], &st->delay[l]);
	}
}

void report_line(const struct report_source *s, char *out, size_t room)
{
	struct report_totals t;
	struct ban_counts b;

	report_totals(s, &t);
	ban_count(s->ban, &b);
	snprintf(out, room,
		 "%" PRIu64 " packets seen, %" PRIu64 " dropped, %" PRIu64
		 " found a queue full; they wait %.1f ms; %" PRIu64 " banned now, %" PRIu64
		 " since the start",
		 t.packets, t.dropped, t.queue_lost + t.known_lost,
		 (double)state_delay(s->state, clock_now()) / 1e6, b.live4 + b.live6, b.banned);
}

/* What the main thread has not seen yet has just been. */
static void see_overflow(struct report *r)
{
	const uint64_t lost[LANES] = { [LANE_STRANGERS] = r->totals.queue_lost,
				       [LANE_KNOWN] = r->totals.known_lost };

	for (unsigned i = 0; i < LANES; i++)
		if (lost[i] > r->standing.lost[i])
			r->standing.overflowed[i] = r->wall;
}

void report_gather(const struct report_source *s, struct report *r)
{
	uint64_t now = clock_now();

	*r = (struct report){ .wall = clock_wall(), .standing = standing_of(s->standing),
			      .workers = s->workers, .queue_first = s->fixed->queue_first,
			      .delay = state_delay(s->state, now),
			      .bans_most = s->fixed->ban_max,
			      .contacts = state_contacts(s->state, now) };
	report_totals(s, &r->totals);
	see_overflow(r);
	for (unsigned i = 0; i < s->workers; i++)
		r->alive += worker_phase(s->worker[i]) < WORKER_ENDED;
	r->learning = state_learns(s->state, r->standing.settings.learning, now);
	state_fill(s->state, now, r->table);
	state_calls(s->state, now, &r->calls);
	r->servers = state_servers(s->state, now, r->server);
	ban_count(s->ban, &r->bans);
	conntrack_count(s->conntrack, &r->conntrack);
	hook_count(s->hook, &r->hook);
	store_count(s->store, &r->store);
	r->feeds = feeds_status(s->feeds, r->feed, r->feeds_total);
}
