/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "byhand.h"

#include <stdio.h>
#include <stdlib.h>

#include "banlist.h"
#include "eventtext.h"
#include "log.h"

#define V4_LEAST (ADDR_V4_BITS + 8) /* a mistake that cuts off whole countries is no order */
#define V6_LEAST 16

#define REFUSE(o, code_, ...) do { \
	(o)->code = code_; \
	snprintf((o)->text, sizeof((o)->text), __VA_ARGS__); \
} while (0)

static bool too_wide(struct byhand *o)
{
	const struct prefix *who = &o->entry.who;

	if (who->len >= (addr_is_v4(&who->addr) ? V4_LEAST : V6_LEAST))
		return false;
	REFUSE(o, "too_wide", "wider than %s: that is more than anybody should write by hand",
	       addr_is_v4(&who->addr) ? "/8" : "/16");
	return true;
}

static bool is_spared(const struct banlist *l, struct byhand *o)
{
	const struct never *one = plan_spared(l->plan, &o->entry.who);
	char who[PREFIX_TEXT], held[PREFIX_TEXT];

	if (!one)
		return false;
	prefix_print(&o->entry.who, who);
	prefix_print(&one->who, held);
	if (one->who.len <= o->entry.who.len)
		REFUSE(o, "never", "%s is %s: it is never banned", who, one->why);
	else
		REFUSE(o, "never", "%s holds %s, which is %s: it is never banned", who, held,
		       one->why);
	return true;
}

static bool is_allowed(const struct banlist *l, struct byhand *o)
{
	struct ban allow;
	char who[PREFIX_TEXT];

	if (!state_allow_find(l->state, &o->entry.who.addr, l->now, &allow) ||
	    allow.who.len > o->entry.who.len)
		return false;
	prefix_print(&allow.who, who);
	REFUSE(o, "allowed", "%s is allowed, and that wins: sipmoat disallow %s first", who, who);
	return true;
}

static void tell(const struct byhand *o, const char *what)
{
	char who[PREFIX_TEXT], life[EVENTS_DURATION] = "";

	prefix_print(&o->entry.who, who);
	if (o->seconds)
		events_duration(o->seconds, life);
	log_info("%s: %s%s%s by user id %u%s%s", who, what, o->seconds ? " for " : "", life,
		 o->entry.uid, o->entry.note[0] ? ": " : "", o->entry.note);
}

/* As it is at a time of the wall clock that has not come to its end. */
static struct ban ban_of(const struct hand_entry *e, uint64_t wall, uint64_t now)
{
	/* a host without a clock of its own begins in 1970: no end is farther than it was */
	uint64_t left = e->until - (wall < e->since && e->since < e->until ? e->since : wall);
	struct ban b = { .who = e->who, .check = CHECK_NONE, .allow = e->allow, .hand = true,
			 .until = e->until ? now + left * NS : BAN_FOREVER };

	if (e->until && left > BAN_FOREVER / NS / 2)
		b.until = BAN_FOREVER;
	snprintf(b.reason, sizeof(b.reason), "by hand%s%.80s", e->note[0] ? ": " : "", e->note);
	return b;
}

void byhand_restore(struct banlist *l, uint64_t wall)
{
	struct hand_entry *list = calloc(HAND_MOST, sizeof(*list));
	size_t n = list ? hand_list(l->hand, list, HAND_MOST) : 0;

	for (size_t i = 0; i < n; i++) {
		struct ban b;

		if (list[i].until && list[i].until <= wall)
			continue;
		b = ban_of(&list[i], wall, l->now);
		/* the configuration may say by now that he is never banned */
		if (!b.allow && plan_spares(l->plan, &b.who))
			continue;
		if (!state_ban_add(l->state, &b, l->now))
			log_warn("there is no room for what was banned by hand: bans.max");
		else if (b.allow || !prefix_is_site(&b.who))
			(void)banlist_put(l, &b);
	}
	free(list);
}

/* Whatever stood there is replaced, be it longer or not. */
static void put(struct banlist *l, struct byhand *o, bool allow)
{
	struct ban b;

	o->entry.allow = allow;
	o->entry.since = o->wall;
	o->entry.until = o->seconds ? o->wall + o->seconds : 0;
	b = ban_of(&o->entry, o->wall, l->now);
	if (!hand_put(l->hand, &o->entry, o->wall)) {
		REFUSE(o, "full", "%d bans and allowances by hand are there already: lift some of "
		       "them first", HAND_MOST);
		return;
	}
	banlist_drop(l, &b.who, allow);
	if (state_ban_add(l->state, &b, l->now) && banlist_put(l, &b)) {
		tell(o, allow ? "allowed" : "banned");
		return;
	}
	banlist_lift(l, &b.who, allow);
	if (allow || !prefix_is_site(&b.who))
		REFUSE(o, "full", "%d prefixes, or %u bans (bans.max), are there already: lift "
		       "some of them first", NETS_MOST, l->plan->ban_max);
	else
		REFUSE(o, "full", "%u sources are banned already: lift some of them first, or "
		       "raise bans.max and restart sipmoatd", l->plan->ban_max);
}

/* ---- what is lifted ---- */

struct lifting {
	struct banlist *l;
	struct byhand *o;
	bool allow;
};

static void lift_within(const struct ban *b, void *arg)
{
	struct lifting *f = arg;
	const struct prefix *who = &f->o->entry.who;

	if (b->allow == f->allow && b->who.len >= who->len && prefix_has(who, &b->who.addr) &&
	    addr_is_v4(&b->who.addr) == addr_is_v4(&who->addr))
		f->o->lifted += banlist_lift(f->l, &b->who, f->allow);
}

/* A site is looked up; of what is wider all that lies in it goes, and of an address of
 * IPv6 the little that is narrower than its site. */
static void lift(struct banlist *l, struct byhand *o, bool allow)
{
	struct lifting f = { l, o, allow };
	const struct prefix *who = &o->entry.who;

	o->lifted = banlist_lift(l, who, allow);
	if (allow || !prefix_is_site(who) || !addr_is_v4(&who->addr))
		state_ban_walk(l->state, l->now, lift_within, &f);
}

static void refuse_lift(struct banlist *l, struct byhand *o, bool allow)
{
	char who[PREFIX_TEXT], wider[PREFIX_TEXT];
	struct ban b;
	bool found = allow ? state_allow_find(l->state, &o->entry.who.addr, l->now, &b) :
			     state_ban_find(l->state, &o->entry.who.addr, l->now, &b);

	prefix_print(&o->entry.who, who);
	if (found)
		prefix_print(&b.who, wider);
	if (found)
		REFUSE(o, "unknown", "%s itself is not %s; %s is%s%s", who,
		       allow ? "allowed" : "banned", wider, allow ? "" : ": sipmoat allow ",
		       allow ? "" : who);
	else
		REFUSE(o, "unknown", "%s is not %s", who, allow ? "allowed" : "banned");
}

void byhand_run(struct banlist *l, struct byhand *o)
{
	bool allow = o->what == BYHAND_ALLOW || o->what == BYHAND_DISALLOW;

	/* who misbehaves owns the whole /64; who is trusted is one host */
	if (o->bare && !allow)
		o->entry.who = addr_site_prefix(&o->entry.who.addr);
	if (o->what == BYHAND_UNBAN || o->what == BYHAND_DISALLOW) {
		lift(l, o, allow);
		if (o->lifted)
			tell(o, allow ? "no longer allowed" : "unbanned");
		else
			refuse_lift(l, o, allow);
	} else if (!too_wide(o) && (allow || (!is_spared(l, o) && !is_allowed(l, o)))) {
		put(l, o, allow);
	}
}

/* A set is as full as the kernel says. */
static bool is_missing(struct banlist *l, const struct byhand *o)
{
	const struct prefix *who = &o->entry.who;

	return o->what == BYHAND_BAN && prefix_is_site(who) &&
	       !elem_holds(l->elems, ELEM_BAN, &who->addr);
}

void byhand_written(struct banlist *l, struct byhand *o, int e)
{
	if (o->code)
		return;
	if (e)
		REFUSE(o, "not_in_kernel", "it is noted, but nftables did not take it (%s): it is "
		       "tried again within a minute", strerror(-e));
	else if (is_missing(l, o))
		REFUSE(o, "not_in_kernel",
		       "it is noted, but the kernel did not take it: see the log of sipmoatd");
}
