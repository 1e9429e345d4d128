/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>

#include "ban.h"
#include "byhand.h"
#include "check.h"
#include "clock.h"
#include "commands.h"

#define SECONDS_MOST 315360000 /* ten years */
#define LIST_MOST 8192         /* rows of an answer */

/* ---- what changes something ---- */

/* false: refused. */
static bool read_order(const struct asking *a, enum byhand_what what, struct byhand *o)
{
	const char *who = request_text(a->r, "who"), *note = request_text(a->r, "note");
	uint64_t seconds = 0;

	*o = (struct byhand){ .what = what, .wall = clock_wall() };
	if (!who || prefix_parse(slice_of(who), &o->entry.who) < 0) {
		request_fail(a->r, "bad_request",
			     "\"who\" must be an address, or a prefix such as 203.0.113.0/24");
		return false;
	}
	if (!request_number(a->r, "seconds", 1, SECONDS_MOST, &seconds)) {
		request_fail(a->r, "bad_request", "\"seconds\" must be 1 to 315360000 (10 years); "
						  "without it it is for good");
		return false;
	}
	o->bare = !strchr(who, '/');
	o->seconds = (uint32_t)seconds;
	o->entry.uid = a->uid;
	hand_note(o->entry.note, note ? note : "");
	return true;
}

static void run(const struct asking *a, enum byhand_what what)
{
	bool lifts = what == BYHAND_UNBAN || what == BYHAND_DISALLOW;
	char who[PREFIX_TEXT];
	struct byhand o;

	if (!read_order(a, what, &o))
		return;
	ban_by_hand(a->on->ban, &o);
	if (o.code) {
		request_fail(a->r, o.code, o.text);
		return;
	}
	hand_sync(a->on->hand);
	prefix_print(&o.entry.who, who);
	request_put_text(a->r, "who", who);
	if (lifts)
		request_put_number(a->r, "lifted", o.lifted);
	else if (o.seconds)
		request_put_number(a->r, "seconds", o.seconds);
	request_put_bool(a->r, "kept", hand_kept(a->on->hand));
}

void bancommands_ban(const struct asking *a)
{
	run(a, BYHAND_BAN);
}

void bancommands_unban(const struct asking *a)
{
	run(a, BYHAND_UNBAN);
}

void bancommands_allow(const struct asking *a)
{
	run(a, BYHAND_ALLOW);
}

void bancommands_disallow(const struct asking *a)
{
	run(a, BYHAND_DISALLOW);
}

/* ---- the list ---- */

struct listing {
	struct ban *ban;
	size_t n, room;
};

/* What people wrote comes first, and of the rest what lasts longest. */
static int by_weight(const void *x, const void *y)
{
	const struct ban *a = x, *b = y;

	if (a->allow != b->allow)
		return b->allow - a->allow;
	if (a->hand != b->hand)
		return b->hand - a->hand;
	return (a->until < b->until) - (a->until > b->until);
}

static void take(const struct ban *b, void *arg)
{
	struct listing *l = arg;

	if (l->n < l->room)
		l->ban[l->n++] = *b;
}

void bancommands_put(const struct asking *a, const struct ban *b, uint64_t now)
{
	struct hand_entry by;
	char who[PREFIX_TEXT];

	prefix_print(&b->who, who);
	request_put_text(a->r, "state", b->allow ? "allowed" : "banned");
	request_put_text(a->r, "who", who);
	if (b->until < BAN_FOREVER)
		request_put_number(a->r, "seconds", (b->until - now + NS - 1) / NS);
	if (b->check < check_count) {
		request_put_text(a->r, "check", check_name(b->check));
		request_put_bool(a->r, "proven", b->proven);
		request_put_number(a->r, "times", b->times);
	}
	if (b->hand && hand_find(a->on->hand, &b->who, b->allow, &by)) {
		request_put_number(a->r, "uid", by.uid);
		request_put_number(a->r, "since", by.since);
		request_put_text(a->r, "note", by.note);
	} else {
		request_put_text(a->r, "note", b->reason);
	}
}

void bancommands_bans(const struct asking *a)
{
	struct listing l = { .room = state_ban_most(a->on->state) };
	uint64_t now = clock_now(), most = LIST_MOST;

	if (!request_number(a->r, "most", 1, LIST_MOST, &most)) {
		request_fail(a->r, "bad_request", "\"most\" must be 1 to 8192");
		return;
	}
	l.ban = malloc((l.room + 1) * sizeof(*l.ban));
	if (!l.ban) {
		request_fail(a->r, "no_memory", "sipmoatd has no memory for the answer");
		return;
	}
	state_ban_walk(a->on->state, now, take, &l);
	qsort(l.ban, l.n, sizeof(*l.ban), by_weight);
	request_put_number(a->r, "total", l.n);
	request_rows(a->r, "bans");
	for (size_t i = 0; i < l.n && i < most && !request_failed(a->r); i++) {
		request_row(a->r);
		bancommands_put(a, &l.ban[i], now);
	}
	free(l.ban);
}
