/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls, registrations and dialogs, for people. */
#include <stdio.h>
#include <strings.h>

#include "listing.h"

static const char *transport(uint8_t proto)
{
	return proto == PROTO_TCP ? "tcp" : "udp";
}

/* ---- calls ---- */

/* What goes on before what is over, the latest first. */
static int by_begin(const void *x, const void *y)
{
	const struct seen_call *a = x, *b = y;

	if (a->over != b->over)
		return a->over - b->over;
	return (a->began < b->began) - (a->began > b->began);
}

static void take_call(const struct seen_call *c, void *arg)
{
	struct listing *l = arg;
	bool user = listing_is_user(l, c->user) || listing_is_user(l, c->from) ||
		    listing_is_user(l, c->to);

	if (user && listing_is_from(l, &c->outside) && listing_is_state(l, c->state) &&
	    listing_is_call(l, c->call_id))
		pick_put(&l->pick, c);
}

static void put_call_ends(const struct listing *l, const struct seen_call *c)
{
	struct request *r = l->on->r;

	request_put_text(r, "direction", c->inbound ? "in" : "out");
	listing_put_addr(l, "source", &c->outside);
	request_put_number(r, "port", c->outside_port);
	listing_put_place(l, &c->outside);
	listing_put_addr(l, "server", &c->inside);
	request_put_number(r, "server_port", c->inside_port);
	request_put_text(r, "transport", transport(c->proto));
	request_put_text(r, "zone", ruleset_zone_name(l->rules, c->zone));
	listing_put_text(l, "trunk", ruleset_trunk_name(l->rules, c->trunk));
}

static void put_call(const struct listing *l, const void *row)
{
	const struct seen_call *c = row;
	struct request *r = l->on->r;
	char id[40];

	snprintf(id, sizeof(id), "%016llx-%llu", (unsigned long long)c->key,
		 (unsigned long long)(c->began / NS));
	request_put_text(r, "id", id);
	request_put_text(r, "state", c->state);
	listing_put_text(l, "why", c->why);
	listing_put_text(l, "check", c->check);
	if (c->status)
		request_put_number(r, "status", c->status);
	listing_put_time(l, "began", c->began);
	listing_put_time(l, "answered", c->answered);
	listing_put_time(l, "ended", c->ended);
	request_put_number(r, "seconds", c->seconds);
	listing_put_text(l, "user", c->user);
	if (c->user[0])
		request_put_bool(r, "shown", c->shown);
	listing_put_text(l, "number", c->number);
	listing_put_text(l, "number_country", c->country);
	listing_put_text(l, "from", c->from);
	listing_put_text(l, "to", c->to);
	listing_put_text(l, "call_id", c->call_id);
	if (c->priced)
		request_put_real(r, "cost", (double)c->cost / 1e6);
	put_call_ends(l, c);
}

void listcommands_calls(const struct asking *a)
{
	static const char *const states[] = { "asked", "ringing", "answered", "ended", "canceled",
					      "failed", NULL };
	struct listing l;

	if (listing_read(a, &l, sizeof(struct seen_call), by_begin, states))
		listing_answer(&l, state_calls_walk(a->on->state, l.now, take_call, &l), "calls",
			       put_call);
}

/* ---- registrations ---- */

static int by_user(const void *x, const void *y)
{
	const struct seen_registration *a = x, *b = y;
	int user = strcasecmp(a->user, b->user);

	return user ? user : memcmp(&a->outside, &b->outside, sizeof(a->outside));
}

static void take_registration(const struct seen_registration *s, void *arg)
{
	struct listing *l = arg;

	if (listing_is_from(l, &s->outside) && listing_is_user(l, s->user))
		pick_put(&l->pick, s);
}

static void put_registration(const struct listing *l, const void *row)
{
	const struct seen_registration *s = row;
	struct request *r = l->on->r;

	request_put_text(r, "user", s->user);
	listing_put_text(l, "domain", s->domain);
	listing_put_text(l, "contact", s->contact);
	listing_put_text(l, "agent", s->agent);
	listing_put_addr(l, "source", &s->outside);
	request_put_number(r, "port", s->outside_port);
	listing_put_place(l, &s->outside);
	listing_put_addr(l, "server", &s->inside);
	request_put_number(r, "server_port", s->inside_port);
	request_put_text(r, "transport", transport(s->proto));
	listing_put_time(l, "since", s->since);
	listing_put_time(l, "refreshed", s->refreshed);
	listing_put_time(l, "until", s->until);
}

void listcommands_registrations(const struct asking *a)
{
	struct listing l;

	if (listing_read(a, &l, sizeof(struct seen_registration), by_user, NULL))
		listing_answer(&l, state_registrations_walk(a->on->state, l.now,
							    take_registration, &l),
			       "registrations", put_registration);
}

/* ---- dialogs ---- */

/* The latest first. */
static int by_since(const void *x, const void *y)
{
	const struct seen_dialog *a = x, *b = y;

	return (a->since < b->since) - (a->since > b->since);
}

static void take_dialog(const struct seen_dialog *d, void *arg)
{
	struct listing *l = arg;
	bool from = listing_is_from(l, &d->outside[0]) ||
		    (d->ends > 1 && listing_is_from(l, &d->outside[1]));

	if (from && listing_is_state(l, d->state) && listing_is_call(l, d->call_id) &&
	    (listing_is_user(l, d->from) || listing_is_user(l, d->to)))
		pick_put(&l->pick, d);
}

static void put_dialog(const struct listing *l, const void *row)
{
	const struct seen_dialog *d = row;
	struct request *r = l->on->r;

	request_put_text(r, "kind", d->call ? "call" : "subscription");
	request_put_text(r, "state", d->state);
	request_put_bool(r, "heard", d->heard);
	listing_put_time(l, "since", d->since);
	listing_put_text(l, "call_id", d->call_id);
	listing_put_text(l, "from", d->from);
	listing_put_text(l, "to", d->to);
	for (unsigned i = 0; i < d->ends; i++) {
		listing_put_addr(l, i ? "second" : "source", &d->outside[i]);
		request_put_number(r, i ? "second_port" : "port", d->outside_port[i]);
	}
	if (d->ends)
		listing_put_place(l, &d->outside[0]);
	if (d->inside_port) {
		listing_put_addr(l, "server", &d->inside);
		request_put_number(r, "server_port", d->inside_port);
	}
}

void listcommands_dialogs(const struct asking *a)
{
	static const char *const states[] = { "early", "answered", "confirmed", "ended", NULL };
	struct listing l;

	if (listing_read(a, &l, sizeof(struct seen_dialog), by_since, states))
		listing_answer(&l, state_dialogs_walk(a->on->state, l.now, take_dialog, &l),
			       "dialogs", put_dialog);
}
