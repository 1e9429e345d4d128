/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "calls.h"
#include "dialogs.h"
#include "legs.h"
#include "plain.h"
#include "seen.h"
#include "store.h"
#include "subscriptions.h"
#include "walk.h"

static const char *const states[] = {
	[DIALOG_HALF] = "half", [DIALOG_EARLY] = "early", [DIALOG_ANSWERED] = "answered",
	[DIALOG_CONFIRMED] = "confirmed", [DIALOG_ENDED] = "ended",
};

static void put_user(char out[SEEN_NAME], struct slice uri)
{
	char room[SEEN_NAME];
	struct sip_uri u;

	(void)sip_uri_read(uri, &u);
	plain_put(out, SEEN_NAME, sip_user(&u, room, sizeof(room)));
}

/* The call that began with that tag. */
static bool put_call(struct state *st, uint64_t tag, uint64_t now, struct seen_dialog *out)
{
	struct legs l;
	struct call c;

	if (!legs_find(st, tag, now, &l))
		return false;
	plain_put(out->call_id, sizeof(out->call_id), legs_text(&l, LEG_CALL_ID));
	put_user(out->from, legs_text(&l, LEG_CALLER_URI));
	put_user(out->to, legs_text(&l, LEG_CALLEE_URI));
	out->inside = l.inside;
	out->inside_port = l.inside_port;
	if (call_find(st, &(struct names){ .from = tag }, now, &c))
		out->since = c.began + (c.answered ? c.answered : c.rang) * (NS / 1000);
	return true;
}

static void put_subscription(struct state *st, uint64_t key, uint64_t now,
			     struct seen_dialog *out)
{
	struct subscription s;

	if (!subscription_find(st, key, now, &s))
		return;
	plain_put(out->call_id, sizeof(out->call_id), slice_of(s.call_id));
	plain_put(out->from, sizeof(out->from), slice_of(s.from));
	plain_put(out->to, sizeof(out->to), slice_of(s.to));
	out->inside = s.inside;
	out->inside_port = s.inside_port;
	out->since = s.since * NS;
}

static void dialog_seen(struct state *st, const struct dialog *d, uint64_t now,
			struct seen_dialog *out)
{
	*out = (struct seen_dialog){ .call = d->call, .state = states[d->state],
				     .heard = d->heard };
	for (unsigned i = 0; i < 2; i++) {
		const struct dialog_side *side = &d->side[i];

		if (!side->site[0] || !side->port)
			continue; /* one of our servers, or nobody has spoken there yet */
		out->outside[out->ends] = side->addr;
		out->outside_port[out->ends++] = side->port;
	}
	if (!d->call)
		put_subscription(st, d->side[0].tag + d->side[1].tag, now, out);
	else if (!put_call(st, d->side[0].tag, now, out))
		(void)put_call(st, d->side[1].tag, now, out);
}

struct walking {
	struct state *st;
	uint64_t now;
	void (*each)(const struct seen_dialog *d, void *arg);
	void *arg;
};

static void show(const void *value, void *arg)
{
	const struct dialog *d = value;
	struct walking *w = arg;
	struct seen_dialog seen;

	if (d->state == DIALOG_HALF || d->state > DIALOG_ENDED)
		return;
	dialog_seen(w->st, d, w->now, &seen);
	w->each(&seen, w->arg);
}

bool state_dialogs_walk(struct state *st, uint64_t now,
			void (*each)(const struct seen_dialog *d, void *arg), void *arg)
{
	struct walking w = { st, now, each, arg };

	return table_walk(st->dialogs, now, show, &w);
}
