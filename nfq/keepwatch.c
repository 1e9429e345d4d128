/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What others do to our tables: bans and allowances of theirs are taken over, all else is
 * put back. */
#include <errno.h>
#include <stdlib.h>

#include "keeping.h"
#include "log.h"
#include "netwatch.h"

static bool is_table(const struct nftread_event *ev, const struct nftset_table *t)
{
	return ev->family == t->family && strcmp(ev->table, t->name) == 0;
}

/* A rule or an element: bans and known sources are the operator's to change. */
static void take_change(struct keeper *k, const struct nftread_event *ev, bool main_table)
{
	static const char *const theirs[] = { "banned4", "banned6", "known4",
					      "known6", "marked4", "marked6",
					      "police4", "police6",
					      "police_known4", "police_known6" };
	bool element = ev->kind != NFTREAD_RULE_GONE;
	enum nets_kind kind;

	for (unsigned i = 0; element && i < sizeof(theirs) / sizeof(*theirs); i++) {
		if (strcmp(ev->set, theirs[i]) != 0)
			continue;
		if (main_table)
			banlist_event(&k->bans, ev);
		return;
	}
	if (element && nets_is(ev->set, &kind))
		k->nets_touched |= main_table;
	else if (element && strncmp(ev->set, "feed", 4) == 0)
		k->lost = true;
	else
		k->damage = DAMAGE_RULES;
}

static void compare_nets(struct keeper *k)
{
	int e = netwatch_compare(&k->bans, k->reader);

	/* without the table its end is told next */
	if (e < 0 && e != -ENOENT)
		log_error("nftables cannot be read: %s", strerror(-e));
}

static void take_nft_event(const struct nftread_event *ev, void *arg)
{
	struct keeper *k = arg;
	bool main_table = is_table(ev, &steer_main);
	bool queue_table = k->steered && k->kind == STEER_XT &&
			   (is_table(ev, &steer_queue4) || is_table(ev, &steer_queue6));

	if (ev->kind == NFTREAD_DONE) {
		if (k->damage)
			keeper_mend(k, k->damage, ev->name, ev->pid);
		if (!k->damage && k->lost)
			keeper_tell_lost(k);
		if (k->damage != DAMAGE_TABLE && k->nets_touched)
			compare_nets(k);
		k->damage = DAMAGE_NONE;
		k->nets_touched = false;
	} else if (!main_table && !queue_table) {
		return;
	} else if (ev->kind == NFTREAD_TABLE_GONE || ev->kind == NFTREAD_PART_GONE) {
		k->damage = DAMAGE_TABLE;
	} else if (k->damage != DAMAGE_TABLE) {
		/* elements of a table that is on its way out are nobody's wish */
		take_change(k, ev, main_table);
	}
}

struct missing {
	struct addr *site;
	size_t n, room;
};

static void note_missing(const struct addr *site, uint64_t until, void *arg)
{
	struct missing *m = arg;

	(void)until;
	if (m->n < m->room)
		m->site[m->n++] = *site;
}

/* Events were lost: reads the banned sets and finds out what others did. */
static void recheck(struct keeper *k)
{
	struct nftlink *l = k->reader;
	struct missing m = { NULL, 0, k->plan.ban_max };
	int e;

	log_info("events of nftables were lost, too many at once: reading the sets");
	keeper_flush(k, k->bans.now);
	if (!nftread_has_table(l, &steer_main)) {
		keeper_mend(k, DAMAGE_TABLE, "somebody", 0);
		return;
	}
	e = keeper_write_tables(k, &k->plan, false);
	k->broken |= e < 0;
	keeper_tell_lost(k);
	elem_pass_begin(k->bans.elems);
	if (e == 0)
		e = nftread_elems(l, &steer_main, "banned4", banlist_seen, &k->bans);
	if (e == 0)
		e = nftread_elems(l, &steer_main, "banned6", banlist_seen, &k->bans);
	m.site = e == 0 ? calloc(m.room, sizeof(*m.site)) : NULL;
	if (!m.site) {
		log_error("nftables cannot be read: %s", strerror(e ? -e : ENOMEM));
		return;
	}
	elem_pass_end(k->bans.elems, ELEM_BAN, k->bans.now, note_missing, &m);
	for (size_t i = 0; i < m.n; i++)
		banlist_deleted(&k->bans, &m.site[i]);
	free(m.site);
	compare_nets(k);
}

int keeper_fd(const struct keeper *k)
{
	return nftlink_fd(k->watch);
}

void keeper_watch(struct keeper *k, uint64_t now)
{
	k->bans.now = now;
	if (nftread_events(k->watch, take_nft_event, k) == -ENOBUFS) {
		k->damage = DAMAGE_NONE;
		recheck(k);
	}
	keeper_flush(k, now);
}
