/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "seen.h"

#include "calls.h"
#include "check.h"
#include "legs.h"
#include "plain.h"
#include "store.h"
#include "walk.h"

static const char *const states[] = {
	[CALL_INITIAL] = "asked", [CALL_RINGING] = "ringing", [CALL_ANSWERED] = "answered",
	[CALL_ENDED] = "ended", [CALL_CANCELED] = "canceled", [CALL_FAILED] = "failed",
};

static const char *const ends[] = {
	[CALL_BYE] = "bye", [CALL_REFUSED] = "refused", [CALL_CANCEL] = "cancel",
	[CALL_EXPIRED] = "expired", [CALL_CUT] = "cut", [CALL_EVICTED] = "expired",
};

#define NAME_OF(names, i) ((i) < sizeof(names) / sizeof(*(names)) ? (names)[i] : "")

static uint64_t time_of(const struct call *c, uint32_t ms)
{
	return ms ? c->began + ms * (NS / 1000) : 0;
}

static void put_user(char out[SEEN_NAME], struct slice uri)
{
	char room[SEEN_NAME];
	struct sip_uri u;

	(void)sip_uri_read(uri, &u);
	plain_put(out, SEEN_NAME, sip_user(&u, room, sizeof(room)));
}

/* A further call of a name has its own key, and no texts. */
static void put_texts(struct state *st, const struct call *c, uint64_t now,
		      struct seen_call *out)
{
	struct legs l;

	if (!legs_find(st, c->key, now, &l))
		return;
	plain_put(out->call_id, sizeof(out->call_id), legs_text(&l, LEG_CALL_ID));
	put_user(out->from, legs_text(&l, LEG_CALLER_URI));
	put_user(out->to, legs_text(&l, LEG_CALLEE_URI));
}

static void call_seen(struct state *st, const struct call *c, uint64_t now,
		      struct seen_call *out)
{
	char number[NUMBER_TEXT];
	size_t n = number_print(&c->number, number);
	bool cut = call_over(c) && c->why == CALL_CUT;

	*out = (struct seen_call){
		.key = c->key, .began = c->began, .rang = time_of(c, c->rang),
		.answered = time_of(c, c->answered), .priced = c->price.then > 0,
		.over = call_over(c), .inbound = c->dir == DIR_INBOUND,
		.shown = c->account.shown, .state = NAME_OF(states, c->state),
		.why = call_over(c) ? NAME_OF(ends, c->why) : "",
		.check = cut && c->duration_check < check_count ? check_name(c->duration_check) :
								  "",
		.status = c->status, .zone = c->zone, .proto = c->proto, .trunk = c->trunk,
		.seconds = (uint32_t)(call_lasted(c, now) / NS),
		.outside_port = c->outside_port, .inside_port = c->inside_port,
		.outside = c->outside, .inside = c->inside,
		.country = c->number.country ? number_country(c->number.country) : "",
	};
	if (c->answered && out->priced)
		out->cost = call_cost(&c->price, out->seconds);
	if (out->over)
		out->ended = time_of(c, c->ended);
	plain_put(out->number, sizeof(out->number), (struct slice){ number, (uint32_t)n });
	plain_put(out->user, sizeof(out->user), account_user(&c->account));
	put_texts(st, c, now, out);
}

struct walking {
	struct state *st;
	uint64_t now;
	void (*each)(const struct seen_call *c, void *arg);
	void *arg;
};

static void show(const void *value, void *arg)
{
	const struct call *c = value;
	struct walking *w = arg;
	struct seen_call seen;

	if (c->number.n > NUMBER_DIGITS || c->account.n > ACCOUNT_NAME)
		return; /* of a file that somebody else made */
	call_seen(w->st, c, w->now, &seen);
	w->each(&seen, w->arg);
}

bool state_calls_walk(struct state *st, uint64_t now,
		      void (*each)(const struct seen_call *c, void *arg), void *arg)
{
	struct walking w = { st, now, each, arg };

	return table_walk(st->calls, now, show, &w);
}
