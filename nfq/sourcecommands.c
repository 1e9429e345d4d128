/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sources, for people (`sources`). */
#include "check.h"
#include "listing.h"

struct row {
	struct seen_source is;
	double rate;
};

static int by_number(double a, double b)
{
	return (a < b) - (a > b);
}

static int by_last(const void *x, const void *y)
{
	const struct row *a = x, *b = y;

	return by_number((double)a->is.last, (double)b->is.last);
}

static int by_score(const void *x, const void *y)
{
	const struct row *a = x, *b = y;
	int score = by_number(a->is.score, b->is.score);

	return score ? score : by_last(x, y);
}

static int by_rate(const void *x, const void *y)
{
	const struct row *a = x, *b = y;
	int rate = by_number(a->rate, b->rate);

	return rate ? rate : by_last(x, y);
}

/* The last is what is taken when nothing is asked for. */
static const struct order {
	const char *name;
	int (*by)(const void *x, const void *y);
} orders[] = { { "rate", by_rate }, { "score", by_score }, { "last", by_last } };

#define ORDERS (sizeof(orders) / sizeof(*orders))

static struct addr address_of(const struct row *row)
{
	return row->is.who.addr;
}

static double rate_of(const struct listing *l, const struct row *row)
{
	struct addr a = address_of(row);

	return state_source_rate(l->rules, l->on->on->state, &a, l->now);
}

/* "banned", "allowed" or NULL, and by what. */
static const char *ban_of(const struct listing *l, const struct addr *a, struct ban *out)
{
	struct state *st = l->on->on->state;

	if (state_allow_find(st, a, l->now, out))
		return "allowed";
	return state_ban_find(st, a, l->now, out) ? "banned" : NULL;
}

static bool is_wanted(const struct listing *l, const struct row *row)
{
	struct addr a = address_of(row);
	const char *state;
	struct ban ban;

	if (!listing_is_from(l, &a))
		return false;
	if (!l->state || strcmp(l->state, row->is.standing) == 0 ||
	    (strcmp(l->state, "partner") == 0 && row->is.partner))
		return true;
	state = ban_of(l, &a, &ban);
	return state && strcmp(l->state, state) == 0;
}

static void take(const struct seen_source *s, void *arg)
{
	struct listing *l = arg;
	struct row row = { .is = *s };

	if (!is_wanted(l, &row))
		return;
	if (l->pick.by == by_rate)
		row.rate = rate_of(l, &row);
	pick_put(&l->pick, &row);
}

static void put_ban(const struct listing *l, const struct addr *a)
{
	struct request *r = l->on->r;
	struct ban ban;
	const char *state = ban_of(l, a, &ban);

	if (!state)
		return;
	request_put_text(r, "state", state);
	if (ban.until < BAN_FOREVER)
		listing_put_time(l, "until", ban.until);
	if (ban.check < check_count)
		request_put_text(r, "check", check_name(ban.check));
	listing_put_text(l, "note", ban.reason);
}

static void put_source(const struct listing *l, const void *at)
{
	struct row row = *(const struct row *)at;
	struct seen_source *s = &row.is;
	struct request *r = l->on->r;
	struct addr a = address_of(&row);
	char who[PREFIX_TEXT];

	state_source_more(l->on->on->state, ruleset_settings(l->rules), l->now, s);
	prefix_print(&s->who, who);
	request_put_text(r, "source", who);
	listing_put_place(l, &a);
	request_put_text(r, "standing", s->standing);
	request_put_bool(r, "partner", s->partner);
	listing_put_time(l, "first", s->first);
	listing_put_time(l, "last", s->last);
	request_put_number(r, "score", s->score);
	request_put_real(r, "rate", rate_of(l, &row));
	request_put_number(r, "registrations", s->registrations);
	request_put_number(r, "users", s->users);
	request_put_number(r, "failed", s->failed);
	request_put_number(r, "refused", s->refused);
	request_put_number(r, "reached", s->reached);
	request_put_number(r, "open", s->open);
	request_put_number(r, "bans", s->bans);
	put_ban(l, &a);
}

void sourcecommands_sources(const struct asking *a)
{
	static const char *const states[] = { "stranger", "returned", "registered", "partner",
					      "banned", "allowed", NULL };
	const char *sort = request_text(a->r, "sort");
	struct listing l;
	unsigned i = 0;

	while (sort && i < ORDERS && strcmp(orders[i].name, sort) != 0)
		i++;
	if (i == ORDERS) {
		request_fail(a->r, "bad_request",
			     "\"sort\" must be \"last\", \"score\" or \"rate\"");
		return;
	}
	if (listing_read(a, &l, sizeof(struct row), orders[sort ? i : ORDERS - 1].by, states))
		listing_answer(&l, state_sources_walk(a->on->state, l.now, take, &l), "sources",
			       put_source);
}
