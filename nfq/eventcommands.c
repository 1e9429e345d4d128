/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command "events": what was told, and what will be. */
#include <stdlib.h>

#include "addr.h"
#include "check.h"
#include "clock.h"
#include "commands.h"
#include "journal.h"

#define WAIT_MOST 60
#define EVENTS_MOST 500
#define EVENTS_USUAL 100
#define SINCE_MOST 315360000

/* Which of them; empty members are no condition. */
struct want {
	const char *check, *kind;
	struct prefix source;
	bool by_source;
	uint64_t wall; /* not before */
};

static bool wanted(const struct told *t, const void *arg)
{
	const struct want *w = arg;
	bool named = t->kind != TOLD_NOTICE; /* a check, and a source */

	if (t->wall < w->wall || (w->kind && strcmp(told_kind_name(t->kind), w->kind) != 0))
		return false;
	if (w->check && (!named || strcmp(check_name(t->news.ev.d.check), w->check) != 0))
		return false;
	return !w->by_source || (named && prefix_has(&w->source, &t->news.ev.src));
}

static bool is_check(const char *name)
{
	for (unsigned i = 0; i < check_count; i++)
		if (strcmp(check_name(i), name) == 0)
			return true;
	return false;
}

static bool is_kind(const char *name)
{
	for (unsigned i = TOLD_FINDING; i <= TOLD_NOTICE; i++)
		if (strcmp(told_kind_name(i), name) == 0)
			return true;
	return false;
}

/* false: the request has failed. */
static bool read_want(struct request *r, struct want *w)
{
	const char *source = request_text(r, "source");
	uint64_t since = 0;

	*w = (struct want){ .check = request_text(r, "check"), .kind = request_text(r, "event") };
	if (w->check && !is_check(w->check))
		request_fail(r, "bad_request", "there is no such check");
	else if (w->kind && !is_kind(w->kind))
		request_fail(r, "bad_request", "\"event\" is finding, more, approval or notice");
	else if (source && prefix_parse(slice_of(source), &w->source))
		request_fail(r, "bad_request", "\"source\" is no address and no prefix");
	else if (!request_number(r, "since", 1, SINCE_MOST, &since))
		request_fail(r, "bad_request", "\"since\" is a number of seconds");
	w->by_source = source != NULL;
	if (since)
		w->wall = clock_wall_ns() - since * NS;
	return !request_failed(r);
}

struct range {
	uint64_t after, most, wait;
	bool follows; /* only what is new */
};

static bool read_range(const struct asking *a, struct range *g)
{
	uint64_t none = UINT64_MAX;

	*g = (struct range){ .after = none, .most = EVENTS_USUAL };
	if (!request_number(a->r, "after", 0, INT64_MAX, &g->after))
		request_fail(a->r, "bad_request", "\"after\" is the id of an event");
	else if (!request_number(a->r, "most", 1, EVENTS_MOST, &g->most))
		request_fail(a->r, "bad_request", "\"most\" is 1 to 500");
	else if (!request_number(a->r, "wait", 0, WAIT_MOST, &g->wait))
		request_fail(a->r, "bad_request", "\"wait\" is 0 to 60 seconds");
	g->follows = g->after != none;
	return !request_failed(a->r);
}

static void put_events(struct request *r, const struct told *list, size_t n, bool newest_first)
{
	request_rows(r, "events");
	for (size_t i = 0; i < n && !request_failed(r); i++) {
		request_row(r);
		told_put(r, &list[newest_first ? n - 1 - i : i]);
	}
	request_rows_end(r);
}

/* Without `after` the latest ones are meant, else those behind it. */
void eventcommands_events(const struct asking *a)
{
	struct journal *j = a->on->journal;
	uint64_t seen, missed = 0;
	struct told *list;
	struct range g;
	struct want w;
	size_t n;

	if (!read_want(a->r, &w) || !read_range(a, &g))
		return;
	list = malloc(g.most * sizeof(*list));
	if (!list) {
		request_fail(a->r, "no_memory", "sipmoatd has no memory for the answer");
		return;
	}
	seen = journal_last(j);
	if (g.follows)
		n = journal_read(j, g.after, wanted, &w, list, g.most, &seen, &missed);
	else
		n = journal_find(j, wanted, &w, list, g.most);
	/* one may have come since: who goes on behind `last` must not see it twice */
	if (!g.follows && n && list[0].id > seen)
		seen = list[0].id;
	request_wait(a->r, !n && !missed && g.follows && !a->last ? (unsigned)g.wait : 0);
	if (!request_waits(a->r)) {
		request_put_number(a->r, "last", seen);
		request_put_number(a->r, "missed", missed);
		put_events(a->r, list, n, !g.follows);
	}
	free(list);
}
