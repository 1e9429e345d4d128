/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "listing.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "clock.h"

#define MOST 3000        /* rows of an answer: 3.5 MB of the longest */
#define MOST_UNASKED 1000

/* ---- asking ---- */

#define REFUSAL 160

/* A state that there is not would be an empty list, as if all were well.  false: refused. */
static bool is_state(const struct asking *a, const char *state, const char *const *states)
{
	char text[REFUSAL];
	size_t n;

	for (unsigned i = 0; state && states && states[i]; i++)
		if (strcmp(states[i], state) == 0)
			return true;
	if (!state || !states)
		return true;
	n = (size_t)snprintf(text, sizeof(text), "\"state\" must be one of:");
	for (unsigned i = 0; states[i] && n < sizeof(text); i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, " \"%s\"", states[i]);
	request_fail(a->r, "bad_request", text);
	return false;
}

bool listing_read(const struct asking *a, struct listing *l, size_t size,
		  int (*by)(const void *x, const void *y), const char *const *states)
{
	const char *source = request_text(a->r, "source");

	*l = (struct listing){ .on = a, .now = clock_now(), .wall = clock_wall(),
			       .most = MOST_UNASKED, .user = request_text(a->r, "user"),
			       .state = request_text(a->r, "state"),
			       .call_id = request_text(a->r, "call_id"),
			       .has_source = source };
	if (!request_number(a->r, "most", 1, MOST, &l->most)) {
		request_fail(a->r, "bad_request", "\"most\" must be 1 to 3000");
		return false;
	}
	if (source && prefix_parse(slice_of(source), &l->source) < 0) {
		request_fail(a->r, "bad_request",
			     "\"source\" must be an address, or a prefix such as 203.0.113.0/24");
		return false;
	}
	if (!is_state(a, l->state, states))
		return false;
	pick_begin(&l->pick, size, l->most, by);
	l->rules = asking_rules(a);
	return true;
}

bool listing_is_from(const struct listing *l, const struct addr *a)
{
	return !l->has_source || prefix_has(&l->source, a);
}

bool listing_is_user(const struct listing *l, const char *user)
{
	return !l->user || strcasecmp(l->user, user) == 0;
}

bool listing_is_state(const struct listing *l, const char *state)
{
	return !l->state || strcmp(l->state, state) == 0;
}

bool listing_is_call(const struct listing *l, const char *call_id)
{
	return !l->call_id || strcmp(l->call_id, call_id) == 0;
}

/* ---- answering ---- */

void listing_put_time(const struct listing *l, const char *key, uint64_t at)
{
	if (at)
		request_put_number(l->on->r, key,
				   at < l->now ? l->wall - (l->now - at) / NS :
						 l->wall + (at - l->now + NS - 1) / NS);
}

void listing_put_text(const struct listing *l, const char *key, const char *text)
{
	if (text && text[0])
		request_put_text(l->on->r, key, text);
}

void listing_put_addr(const struct listing *l, const char *key, const struct addr *a)
{
	char text[ADDR_TEXT];

	addr_print(a, text);
	request_put_text(l->on->r, key, text);
}

void listing_put_place(const struct listing *l, const struct addr *a)
{
	struct seen_place place;

	ruleset_place(l->rules, a, &place);
	listing_put_text(l, "country", place.country);
	if (place.asn)
		request_put_number(l->on->r, "asn", place.asn);
}

static void put_rows(struct listing *l, const char *name,
		     void (*put)(const struct listing *l, const void *row))
{
	struct request *r = l->on->r;

	request_put_number(r, "time", l->wall);
	request_put_number(r, "total", l->pick.total);
	request_rows(r, name);
	for (size_t i = 0; i < l->pick.n && !request_failed(r); i++) {
		request_row(r);
		put(l, l->pick.rows + i * l->pick.size);
	}
	request_rows_end(r);
}

void listing_answer(struct listing *l, bool walked, const char *name,
		    void (*put)(const struct listing *l, const void *row))
{
	if (walked && pick_sort(&l->pick))
		put_rows(l, name, put);
	else
		request_fail(l->on->r, "no_memory", "sipmoatd has no memory for the answer");
	asking_done(l->on);
	pick_end(&l->pick);
}
