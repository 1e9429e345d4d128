/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "banlist.h"

#include <stdio.h>

#include "bantext.h"
#include "log.h"

#define FOREVER (10ull * 365 * 86400 * NS) /* elements that somebody added without a timeout */
#define MS 1000000ull

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
}

static struct addr addr_of(const struct nftread_elem *e)
{
	return e->len == 4 ? addr_v4(e->key) : addr_v6(e->key);
}

static uint64_t end_of(const struct banlist *l, const struct nftread_elem *e)
{
	return l->now + (e->timed ? e->left * MS : FOREVER);
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
	return elem_add(l->elems, ELEM_BAN, &b->who.addr, b->until, l->now, text);
}

static void take_ban(struct banlist *l, const struct event *ev)
{
	struct ban b = { .who = ev->d.banned, .check = ev->d.check }, known;
	enum elem_result r;

	b.until = ev->when + ev->d.ban * NS;
	snprintf(b.reason, sizeof(b.reason), "%s", ev->d.reason);
	if (untouchable(l, &b.who)) {
		bump(&l->n.refused);
		state_ban_remove(l->state, &b.who);
		return;
	}
	if (state_ban_find(l->state, &b.who.addr, l->now, &known) && known.until > b.until)
		b.until = known.until;
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
		elem_offer(l->elems, ELEM_KNOWN, &ev->d.site, ev->when + life, l->now);
}

void banlist_take(struct banlist *l, const struct event *ev)
{
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

	if (untouchable(l, &b->who)) {
		elem_remove(l->elems, ELEM_BAN, &b->who.addr, l->now);
		state_ban_remove(l->state, &b->who);
		bump(&l->n.unbanned);
		return;
	}
	put_ban(l, b);
}

/* Takes over a ban found in the kernel; false: it may not or cannot stand.  written: just
 * now, by somebody who knows whom he means. */
static bool adopt_ban(struct banlist *l, const struct nftread_elem *e, bool written)
{
	struct addr key = addr_of(e);
	struct ban b = { .who = addr_site_prefix(&key), .proven = written };

	b.until = end_of(l, e);
	bantext_parse(e->comment, &b);
	if (!addr_eq(&key, &b.who.addr)) {
		/* the chain looks up whole /64s: this element would never match */
		elem_remove(l->elems, ELEM_BAN, &key, l->now);
		if (!untouchable(l, &b.who))
			put_ban(l, &b);
	} else if (untouchable(l, &b.who)) {
		elem_remove(l->elems, ELEM_BAN, &key, l->now);
	} else if (!elem_saw(l->elems, ELEM_BAN, &key, b.until)) {
		bump(&l->n.refused);
	}
	if (untouchable(l, &b.who))
		return false;
	return state_ban_add(l->state, &b, l->now);
}

static void log_ban(const char *what, const struct addr *site, const char *comment)
{
	char text[ADDR_TEXT];

	addr_print(site, text);
	log_info("%s%s: %s%s%s", text, addr_is_v4(site) ? "" : "/64", what, *comment ? ": " : "",
		 comment);
}

static void added(struct banlist *l, const struct nftread_elem *e)
{
	struct addr key = addr_of(e), site = addr_site(&key);
	struct prefix who = addr_site_prefix(&key);

	if (adopt_ban(l, e, true)) {
		bump(&l->n.by_hand);
		log_ban("banned by hand", &site, e->comment);
	} else {
		const struct never *spared = plan_spared(l->plan, &who);
		char what[NFTSET_COMMENT];

		snprintf(what, sizeof(what), spared ? "not banned by hand: it is %s" :
			 "banned by hand in the kernel only: bans.max%s",
			 spared ? spared->why : "");
		log_ban(what, &site, "");
	}
}

void banlist_known(const struct nftread_elem *e, void *arg)
{
	struct banlist *l = arg;
	struct addr key = addr_of(e);

	if (elem_offered(e->comment))
		elem_saw_offered(l->elems, ELEM_KNOWN, &key, end_of(l, e));
	else
		elem_saw(l->elems, ELEM_KNOWN, &key, end_of(l, e));
}

void banlist_found(const struct nftread_elem *e, void *arg)
{
	struct banlist *l = arg;

	if (adopt_ban(l, e, false))
		bump(&l->n.restored);
}

void banlist_seen(const struct nftread_elem *e, void *arg)
{
	struct banlist *l = arg;
	struct addr key = addr_of(e);

	if (elem_holds(l->elems, ELEM_BAN, &key))
		elem_saw(l->elems, ELEM_BAN, &key, end_of(l, e));
	else
		added(l, e);
}

void banlist_deleted(struct banlist *l, const struct addr *site)
{
	struct prefix who = addr_site_prefix(site);

	elem_lost(l->elems, ELEM_BAN, site);
	if (!state_ban_remove(l->state, &who))
		return;
	bump(&l->n.unbanned);
	log_ban("unbanned by hand", site, "");
}

void banlist_event(struct banlist *l, const struct nftread_event *ev)
{
	struct addr key = addr_of(&ev->elem);
	bool ban = strcmp(ev->set, "banned4") == 0 || strcmp(ev->set, "banned6") == 0;
	bool known = strcmp(ev->set, "known4") == 0 || strcmp(ev->set, "known6") == 0;

	if (ban && ev->kind == NFTREAD_ELEM_NEW)
		added(l, &ev->elem);
	else if (ban)
		banlist_deleted(l, &key);
	else if (known && ev->kind == NFTREAD_ELEM_NEW)
		elem_add(l->elems, ELEM_KNOWN, &key, end_of(l, &ev->elem), l->now, NULL);
	else if (known)
		elem_remove(l->elems, ELEM_KNOWN, &key, l->now); /* in the queue tables, too */
}
