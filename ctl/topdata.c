/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <string.h>

#include "eventtone.h"
#include "times.h"
#include "top.h"

bool top_observes(const struct top *t)
{
	return strcmp(t->mode, "observe") == 0;
}

/* A second, between two readings; 0 where the daemon began anew. */
static double rate(uint64_t now, uint64_t before, double seconds)
{
	return now >= before && seconds > 0 ? (double)(now - before) / seconds : 0;
}

/* The mean of what came between two readings; as it was where nothing came. */
static double mean(double sum, double sum_before, uint64_t n, uint64_t n_before, double was)
{
	if (n < n_before)
		return 0;
	return n > n_before ? (sum - sum_before) / (double)(n - n_before) : was;
}

static void copy(char *out, size_t room, const char *text)
{
	snprintf(out, room, "%s", text);
}

/* ---- stats ---- */

static double real(const struct reply *r, int row, const char *key)
{
	double out = 0;

	(void)reply_value(r, row, key, &out);
	return out;
}

static uint64_t before_of(const struct top *t, const char *check)
{
	for (unsigned i = 0; i < t->checks; i++)
		if (strcmp(t->check[i].name, check) == 0)
			return t->check[i].acted + t->check[i].observed;
	return 0;
}

static void read_checks(struct top *t, struct reply *r, double seconds)
{
	static const char *const acted[] = { "dropped", "rejected", "deceived", "cut", "marked" };
	struct top_check fresh[TOP_CHECKS] = { 0 };
	size_t n = reply_rows(r, "checks");

	n = n < TOP_CHECKS ? n : TOP_CHECKS;
	for (size_t i = 0; i < n; i++) {
		struct top_check *c = &fresh[i];

		copy(c->name, sizeof(c->name), reply_text(r, (int)i, "check"));
		for (size_t a = 0; a < sizeof(acted) / sizeof(*acted); a++)
			c->acted += reply_number(r, (int)i, acted[a]);
		c->observed = reply_number(r, (int)i, "observed") +
			      reply_number(r, (int)i, "alerted") +
			      reply_number(r, (int)i, "approved");
		c->rate = t->known ? rate(c->acted + c->observed, before_of(t, c->name),
					  seconds) : 0;
	}
	memcpy(t->check, fresh, sizeof(fresh));
	t->checks = (unsigned)n;
}

static struct top_lane *lane_named(struct top *t, const char *name)
{
	for (unsigned i = 0; i < TOP_LANES; i++) {
		if (!t->lane[i].name[0])
			copy(t->lane[i].name, sizeof(t->lane[i].name), name);
		if (strcmp(t->lane[i].name, name) == 0)
			return &t->lane[i];
	}
	return NULL;
}

static void read_histograms(struct top *t, struct reply *r)
{
	size_t n = reply_rows(r, "histograms");

	for (int i = 0; i < (int)n; i++) {
		struct top_lane *l = lane_named(t, reply_text(r, i, "lane"));
		uint64_t count = reply_number(r, i, "count");
		double sum = real(r, i, "sum");

		if (strcmp(reply_text(r, i, "name"), "processing") == 0) {
			t->work = mean(sum, t->work_sum, count, t->work_count, t->work);
			t->work_sum = sum;
			t->work_count = count;
		} else if (l) {
			l->wait = mean(sum, l->sum, count, l->count, l->wait);
			l->sum = sum;
			l->count = count;
			l->most = real(r, i, "most");
		}
	}
}

static void read_queues(struct top *t, struct reply *r)
{
	size_t n = reply_rows(r, "queues");

	for (unsigned i = 0; i < TOP_LANES; i++)
		t->lane[i].depth = t->lane[i].lost = t->lane[i].queues = 0;
	for (int i = 0; i < (int)n; i++) {
		struct top_lane *l = lane_named(t, reply_text(r, i, "lane"));

		if (!l)
			continue;
		l->queues++;
		l->depth += reply_number(r, i, "depth");
		l->lost += reply_number(r, i, "dropped") + reply_number(r, i, "undelivered");
	}
}

static void read_counters(struct top *t, struct reply *r, double seconds)
{
	uint64_t packets, dropped;

	(void)reply_rows(r, "counters");
	packets = reply_number(r, 0, "packets");
	dropped = reply_number(r, 0, top_observes(t) ? "observed" : "dropped");
	t->packets_rate = t->known ? rate(packets, t->packets, seconds) : 0;
	t->dropped_rate = t->known ? rate(dropped, t->dropped, seconds) : 0;
	t->packets = packets;
	t->dropped = dropped;
	(void)reply_rows(r, "calls");
	t->asked = reply_number(r, 0, "asked");
	t->ringing = reply_number(r, 0, "ringing");
	t->answered = reply_number(r, 0, "answered");
	(void)reply_rows(r, "bans");
	t->bans = reply_number(r, 0, "live4") + reply_number(r, 0, "live6");
}

void top_stats(struct top *t, struct reply *r, double now)
{
	double seconds = now - t->at;

	copy(t->version, sizeof(t->version), reply_text(r, -1, "version"));
	t->known = t->known && strcmp(t->mode, reply_text(r, -1, "mode")) == 0;
	copy(t->mode, sizeof(t->mode), reply_text(r, -1, "mode"));
	t->mode_by_hand = reply_true(r, -1, "mode_by_hand");
	t->time = reply_number(r, -1, "time");
	t->started = reply_number(r, -1, "started");
	t->workers = reply_number(r, -1, "workers");
	t->alive = reply_number(r, -1, "alive");
	t->registrations = reply_number(r, -1, "registrations");
	read_counters(t, r, seconds);
	read_checks(t, r, seconds);
	read_histograms(t, r);
	read_queues(t, r);
	t->known = true;
	t->at = now;
}

/* ---- sources, bans and calls ---- */

/* The rows of an answer, as many as there is room for. */
static void list_begin(struct top_list *l, struct reply *r, const char *name)
{
	size_t n = reply_rows(r, name);

	l->total = reply_number(r, -1, "total");
	l->n = (unsigned)(n < TOP_ROWS ? n : TOP_ROWS);
}

void top_sources(struct top *t, struct reply *r)
{
	list_begin(&t->source, r, "sources");
	for (unsigned i = 0; i < t->source.n; i++) {
		struct top_row *row = &t->source.row[i];
		const char *state = reply_text(r, (int)i, "state");

		if (!state[0])
			state = reply_true(r, (int)i, "partner") ? "partner" :
				reply_text(r, (int)i, "standing");
		copy(row->cell[0], TOP_CELL, reply_text(r, (int)i, "source"));
		copy(row->cell[1], TOP_CELL, reply_text(r, (int)i, "country"));
		copy(row->cell[2], TOP_CELL, state);
		snprintf(row->cell[3], TOP_CELL, "%.1f", real(r, (int)i, "rate"));
		snprintf(row->cell[4], TOP_CELL, "%.0f", real(r, (int)i, "score"));
	}
}

void top_bans(struct top *t, struct reply *r)
{
	list_begin(&t->ban, r, "bans");
	for (unsigned i = 0; i < t->ban.n; i++) {
		struct top_row *row = &t->ban.row[i];
		uint64_t seconds = reply_number(r, (int)i, "seconds");
		const char *check = reply_text(r, (int)i, "check");
		char left[TIME_TEXT] = "for good";

		if (seconds)
			time_short(seconds, left);
		copy(row->cell[0], TOP_CELL, reply_text(r, (int)i, "who"));
		copy(row->cell[1], TOP_CELL, reply_text(r, (int)i, "state"));
		copy(row->cell[2], TOP_CELL, left);
		copy(row->cell[3], TOP_CELL, check[0] ? check : "by hand");
		copy(row->cell[4], TOP_CELL, reply_text(r, (int)i, "note"));
	}
}

void top_calls(struct top *t, struct reply *r)
{
	list_begin(&t->call, r, "calls");
	for (unsigned i = 0; i < t->call.n; i++) {
		struct top_row *row = &t->call.row[i];
		uint64_t s = reply_number(r, (int)i, "seconds");
		const char *user = reply_text(r, (int)i, "user");
		const char *number = reply_text(r, (int)i, "number");

		copy(row->cell[0], TOP_CELL, reply_text(r, (int)i, "state"));
		copy(row->cell[1], TOP_CELL, user[0] ? user : reply_text(r, (int)i, "from"));
		copy(row->cell[2], TOP_CELL, number[0] ? number : reply_text(r, (int)i, "to"));
		snprintf(row->cell[3], TOP_CELL, "%" PRIu64 ":%02" PRIu64, s / 60, s % 60);
		copy(row->cell[4], TOP_CELL, reply_text(r, (int)i, "source"));
	}
}

/* ---- events ---- */

static void put_event(struct top *t, const struct reply *r, int row)
{
	const char *time = strchr(reply_text(r, row, "time"), 'T');
	struct top_event *e;

	if (t->events == TOP_EVENTS) {
		memmove(t->event, t->event + 1, (TOP_EVENTS - 1) * sizeof(*t->event));
		t->events--;
	}
	e = &t->event[t->events++];
	snprintf(e->time, sizeof(e->time), "%.8s", time ? time + 1 : "");
	copy(e->text, sizeof(e->text), reply_text(r, row, "text"));
	e->tone = event_tone(r, row);
}

void top_events(struct top *t, struct reply *r, double now)
{
	size_t n = reply_rows(r, "events");

	for (int i = 0; i < (int)n; i++) {
		const char *kind = reply_text(r, i, "event"), *check = reply_text(r, i, "check");

		if (strcmp(kind, "more") == 0)
			continue;
		put_event(t, r, i);
		if (strcmp(kind, "notice") == 0)
			continue;
		often_add(&t->users, reply_text(r, i, "user"), check, 1, now);
		often_add(&t->countries, reply_text(r, i, "country"), check, 1, now);
	}
	t->after = reply_number(r, -1, "last");
	t->missed += reply_number(r, -1, "missed");
	t->follows = true;
}
