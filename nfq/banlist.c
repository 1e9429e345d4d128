/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "banlist.h"

#include <stdio.h>
#include <stdlib.h>

#include "bantext.h"
#include "log.h"

#define MS 1000000ull
#define UNDER_WAY NS /* from a decision to its event here, at most */

static void bump(atomic_uint_fast64_t *c)
{
	atomic_fetch_add_explicit(c, 1, memory_order_relaxed);
}

void banlist_publish(struct banlist *l)
{
	atomic_store_explicit(&l->n.live4, elem_count(l->elems, ELEM_BAN, true),
			      memory_order_relaxed);
	atomic_store_explicit(&l->n.live6, elem_count(l->elems, ELEM_BAN, false),
			      memory_order_relaxed);
	atomic_store_explicit(&l->n.marked4, elem_count(l->elems, ELEM_MARK, true),
			      memory_order_relaxed);
	atomic_store_explicit(&l->n.marked6, elem_count(l->elems, ELEM_MARK, false),
			      memory_order_relaxed);
}

void banlist_count(struct banlist *l, struct ban_counts *out)
{
	out->banned = atomic_load_explicit(&l->n.banned, memory_order_relaxed);
	out->unbanned = atomic_load_explicit(&l->n.unbanned, memory_order_relaxed);
	out->prolonged = atomic_load_explicit(&l->n.prolonged, memory_order_relaxed);
	out->by_hand = atomic_load_explicit(&l->n.by_hand, memory_order_relaxed);
	out->refused = atomic_load_explicit(&l->n.refused, memory_order_relaxed);
	out->restored = atomic_load_explicit(&l->n.restored, memory_order_relaxed);
	out->live4 = atomic_load_explicit(&l->n.live4, memory_order_relaxed);
	out->live6 = atomic_load_explicit(&l->n.live6, memory_order_relaxed);
	out->marked4 = atomic_load_explicit(&l->n.marked4, memory_order_relaxed);
	out->marked6 = atomic_load_explicit(&l->n.marked6, memory_order_relaxed);
}

struct addr banlist_key(const struct nftread_elem *e)
{
	return e->len == 4 ? addr_v4(e->key) : addr_v6(e->key);
}

uint64_t banlist_end(const struct banlist *l, const struct nftread_elem *e)
{
	return e->timed ? l->now + e->left * MS : BAN_FOREVER;
}

/* Last line of defence: whatever asked for it, these are never banned. */
static bool untouchable(const struct banlist *l, const struct prefix *who)
{
	return plan_spares(l->plan, who);
}

static enum elem_result put_ban(struct banlist *l, const struct ban *b)
{
	char text[BANTEXT];

	bantext_print(b, text);
	if (b->allow || !prefix_is_site(&b->who))
		return nets_put(l->nets, b->allow ? NETS_ALLOW : NETS_BAN, &b->who, b->until,
				l->now, text);
	/* forged packets may fill the set, and keep no other ban out of it */
	if (b->hand || b->proven)
		return elem_add(l->elems, ELEM_BAN, &b->who.addr, b->until, l->now, text);
	return elem_offer(l->elems, ELEM_BAN, &b->who.addr, b->until, l->now, text);
}

static void take_ban(struct banlist *l, const struct event *ev)
{
	struct ban b = { .who = ev->d.banned, .check = ev->d.check,
			 .proven = ev->d.ban_proven }, known;
	enum elem_result r;

	b.until = ev->when + ev->d.ban * NS;
	snprintf(b.reason, sizeof(b.reason), "%s", ev->d.reason);
	if (untouchable(l, &b.who)) {
		bump(&l->n.refused);
		state_ban_remove(l->state, &b.who);
		return;
	}
	if (state_ban_get(l->state, &b.who, false, l->now, &known)) {
		b.until = known.until > b.until ? known.until : b.until;
		b.proven |= known.proven;
		b.hand = known.hand;
	} else if (l->lifted && ev->when < l->lifted + UNDER_WAY) {
		/* lifted while this was under way; where the table is full, the next hit bans */
		return;
	}
	r = b.until > l->now ? put_ban(l, &b) : ELEM_SAME;
	if (r == ELEM_NEW)
		bump(&l->n.banned);
	else if (r == ELEM_PROLONGED)
		bump(&l->n.prolonged);
	else if (r == ELEM_REFUSED)
		bump(&l->n.refused);
}

/* Whoever calls all the time is not written again with each call. */
static void take_called(struct banlist *l, const struct event *ev)
{
	uint64_t life = ev->d.called * NS, held = elem_until(l->elems, ELEM_KNOWN, &ev->d.site);

	if (held < ev->when + life / 2)
		elem_offer(l->elems, ELEM_KNOWN, &ev->d.site, ev->when + life, l->now,
			   ELEM_BY_CALL);
}

static void take_mark(struct banlist *l, const struct event *ev)
{
	struct ban b = { .who = addr_site_prefix(&ev->src), .check = ev->d.check };
	char text[BANTEXT];

	snprintf(b.reason, sizeof(b.reason), "%s", ev->d.reason);
	bantext_print(&b, text);
	if (!untouchable(l, &b.who))
		elem_mark(l->elems, &b.who.addr, ev->d.mark, ev->when + ev->d.mark_time * NS,
			  l->now, text);
}

void banlist_take(struct banlist *l, const struct event *ev)
{
	if (ev->d.mark_time)
		take_mark(l, ev);
	if (ev->d.ban)
		take_ban(l, ev);
	if (ev->d.known)
		elem_add(l->elems, ELEM_KNOWN, &ev->d.site, ev->when + ev->d.known * NS, l->now,
			 NULL);
	if (ev->d.called)
		take_called(l, ev);
}

void banlist_check(const struct ban *b, void *arg)
{
	struct banlist *l = arg;

	if (!b->allow && untouchable(l, &b->who)) {
		(void)banlist_lift(l, &b->who, false);
		bump(&l->n.unbanned);
		return;
	}
	put_ban(l, b);
}

bool banlist_put(struct banlist *l, const struct ban *b)
{
	enum elem_result r = put_ban(l, b);

	if (r == ELEM_NEW && !b->allow)
		bump(&l->n.banned);
	else if (r == ELEM_PROLONGED && !b->allow)
		bump(&l->n.prolonged);
	return r != ELEM_REFUSED;
}

void banlist_drop(struct banlist *l, const struct prefix *who, bool allow)
{
	if (allow || !prefix_is_site(who))
		(void)nets_remove(l->nets, allow ? NETS_ALLOW : NETS_BAN, who);
	else if (elem_holds(l->elems, ELEM_BAN, &who->addr))
		elem_remove(l->elems, ELEM_BAN, &who->addr, l->now);
}

bool banlist_lift(struct banlist *l, const struct prefix *who, bool allow)
{
	bool known = hand_remove(l->hand, who, allow);

	banlist_drop(l, who, allow);
	known |= allow ? state_allow_remove(l->state, who) : state_ban_remove(l->state, who);
	if (known && !allow)
		l->lifted = l->now;
	return known;
}

void banlist_lift_spared(struct banlist *l, uint64_t now)
{
	struct addr *site;
	size_t n;

	if (elem_list(l->elems, ELEM_BAN, now, &site, &n) < 0) {
		l->strays = true;
		return;
	}
	for (size_t i = 0; i < n; i++) {
		struct prefix who = addr_site_prefix(&site[i]);

		if (plan_spares(l->plan, &who))
			banlist_lift(l, &who, false);
	}
	free(site);
}

/* Takes over a ban found in the kernel; false: it may not or cannot stand.  written: just
 * now, by somebody who knows whom he means. */
static bool adopt_ban(struct banlist *l, const struct nftread_elem *e, bool written)
{
	struct addr key = banlist_key(e);
	struct ban b = { .who = addr_site_prefix(&key), .proven = written };

	b.until = banlist_end(l, e);
	bantext_parse(e->comment, &b);
	if (!addr_eq(&key, &b.who.addr)) {
		/* the chain looks up whole /64s: this element would never match */
		elem_remove(l->elems, ELEM_BAN, &key, l->now);
		if (!untouchable(l, &b.who))
			put_ban(l, &b);
	} else if (untouchable(l, &b.who)) {
		elem_remove(l->elems, ELEM_BAN, &key, l->now);
	} else if (written ? !elem_saw(l->elems, ELEM_BAN, &key, b.until) :
			     !elem_saw_offered(l->elems, ELEM_BAN, &key, b.until)) {
		bump(&l->n.refused);
		l->strays = true;
	}
	if (untouchable(l, &b.who))
		return false;
	return state_ban_add(l->state, &b, l->now);
}

static void log_ban(const char *what, const struct prefix *who, const char *comment)
{
	char text[PREFIX_TEXT];

	prefix_print(who, text);
	log_info("%s: %s%s%s", text, what, *comment ? ": " : "", comment);
}

/* As a log line: why it was not taken over. */
static void log_refused(const struct banlist *l, const struct prefix *who)
{
	const struct never *spared = plan_spared(l->plan, who);
	char what[NFTSET_COMMENT];

	snprintf(what, sizeof(what), spared ? "not banned by hand: it is %s" :
		 "banned by hand in the kernel only: bans.max%s", spared ? spared->why : "");
	log_ban(what, who, "");
}

static void log_no_room(const struct prefix *who, bool allow)
{
	char what[NFTSET_COMMENT];

	snprintf(what, sizeof(what), "not %s by hand, there is no room: %d prefixes, or bans.max",
		 allow ? "allowed" : "banned", NETS_MOST);
	log_ban(what, who, "");
}

static void added(struct banlist *l, const struct nftread_elem *e)
{
	struct addr key = banlist_key(e);
	struct prefix who = addr_site_prefix(&key);

	if (adopt_ban(l, e, true)) {
		bump(&l->n.by_hand);
		log_ban("banned by hand", &who, e->comment);
	} else {
		log_refused(l, &who);
	}
}

static bool adopt_net(struct banlist *l, const struct prefix *who, bool allow, uint64_t until,
		      const char *comment, bool written)
{
	struct ban b = { .who = *who, .allow = allow, .until = until, .proven = written };

	/* what was not kept as ours is written over with the next change */
	nets_rewrite(l->nets);
	if (!allow && untouchable(l, who))
		return false;
	bantext_parse(comment, &b);
	if (put_ban(l, &b) == ELEM_REFUSED)
		return false;
	if (state_ban_add(l->state, &b, l->now))
		return true;
	(void)nets_remove(l->nets, allow ? NETS_ALLOW : NETS_BAN, who);
	return false;
}

void banlist_net(struct banlist *l, const struct prefix *who, bool allow, uint64_t until,
		 const char *comment, bool start)
{
	bool taken = adopt_net(l, who, allow, until, comment, !start);

	if (taken)
		bump(start ? &l->n.restored : &l->n.by_hand);
	if (!start && taken)
		log_ban(allow ? "allowed by hand" : "banned by hand", who, comment);
	else if (!taken && !allow && untouchable(l, who))
		log_refused(l, who);
	else if (!taken)
		log_no_room(who, allow);
}

void banlist_net_gone(struct banlist *l, const struct prefix *who, bool allow)
{
	if (!banlist_lift(l, who, allow))
		return;
	bump(&l->n.unbanned);
	log_ban(allow ? "no longer allowed, by hand" : "unbanned by hand", who, "");
}

void banlist_known(const struct nftread_elem *e, void *arg)
{
	struct banlist *l = arg;
	struct addr key = banlist_key(e);

	if (elem_offered(e->comment))
		elem_saw_offered(l->elems, ELEM_KNOWN, &key, banlist_end(l, e));
	else
		elem_saw(l->elems, ELEM_KNOWN, &key, banlist_end(l, e));
}

void banlist_marked(const struct nftread_elem *e, void *arg)
{
	struct banlist *l = arg;
	struct addr key = banlist_key(e);

	elem_saw_mark(l->elems, &key, e->mark, banlist_end(l, e));
}

void banlist_found(const struct nftread_elem *e, void *arg)
{
	struct banlist *l = arg;

	if (adopt_ban(l, e, false))
		bump(&l->n.restored);
}

void banlist_kept(struct banlist *l, const struct ban *kept, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((kept[i].allow || !untouchable(l, &kept[i].who)) &&
		    state_ban_add(l->state, &kept[i], l->now))
			bump(&l->n.restored);
}

void banlist_seen(const struct nftread_elem *e, void *arg)
{
	struct banlist *l = arg;
	struct addr key = banlist_key(e);

	if (elem_holds(l->elems, ELEM_BAN, &key))
		elem_saw(l->elems, ELEM_BAN, &key, banlist_end(l, e));
	else
		added(l, e);
}

void banlist_deleted(struct banlist *l, const struct addr *site)
{
	struct prefix who = addr_site_prefix(site);

	elem_lost(l->elems, ELEM_BAN, site);
	if (!banlist_lift(l, &who, false))
		return;
	bump(&l->n.unbanned);
	log_ban("unbanned by hand", &who, "");
}

void banlist_event(struct banlist *l, const struct nftread_event *ev)
{
	struct addr key = banlist_key(&ev->elem);
	bool ban = strcmp(ev->set, "banned4") == 0 || strcmp(ev->set, "banned6") == 0;
	bool known = strcmp(ev->set, "known4") == 0 || strcmp(ev->set, "known6") == 0;
	bool marked = strcmp(ev->set, "marked4") == 0 || strcmp(ev->set, "marked6") == 0;

	if (ban && ev->kind == NFTREAD_ELEM_NEW)
		added(l, &ev->elem);
	else if (ban)
		banlist_deleted(l, &key);
	else if (known && ev->kind == NFTREAD_ELEM_NEW)
		elem_add(l->elems, ELEM_KNOWN, &key, banlist_end(l, &ev->elem), l->now, NULL);
	else if (known)
		elem_remove(l->elems, ELEM_KNOWN, &key, l->now); /* in the queue tables, too */
	else if (marked && ev->kind == NFTREAD_ELEM_NEW)
		elem_mark(l->elems, &key, ev->elem.mark, banlist_end(l, &ev->elem), l->now,
			  ev->elem.comment);
	else if (marked)
		elem_remove(l->elems, ELEM_MARK, &key, l->now);
}
