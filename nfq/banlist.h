/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bans between state, which decides, and the kernel's sets, which act: every way
 * in which one may come, end, or be refused, and the counting of it.
 *
 * Ownership: embedded in its owner, who sets all but n and keeps
 * them alive.  Locking: one thread; banlist_count: any.
 * Units: now in ns of the engine's clock, set by the owner before each call.
 */
#ifndef SIPMOAT_BANLIST_H
#define SIPMOAT_BANLIST_H

#include <stdatomic.h>

#include "ban.h"
#include "elem.h"
#include "hand.h"
#include "nets.h"
#include "nftread.h"
#include "plan.h"

struct banlist {
	struct state *state;
	struct elem *elems;
	struct nets *nets;
	struct hand *hand;
	const struct plan *plan;
	uint64_t now, lifted; /* lifted: when a ban was taken away last */
	bool strays; /* the kernel bans somebody of whom state and elems know nothing */
	struct {
		atomic_uint_fast64_t banned, unbanned, prolonged, by_hand, refused, restored;
		atomic_uint_fast64_t live4, live6, marked4, marked6;
	} n;
};

/* From the workers: d.ban, d.known, d.called and d.mark_time. */
void banlist_take(struct banlist *l, const struct event *ev);
/* One of state's bans: sees to it that the kernel holds it.  arg: the banlist. */
void banlist_check(const struct ban *b, void *arg);

/* A new one of state's, or one in the place of another, which was dropped: false: no room. */
bool banlist_put(struct banlist *l, const struct ban *b);
/* From the kernel only; or from everywhere: false: there was none. */
void banlist_drop(struct banlist *l, const struct prefix *who, bool allow);
bool banlist_lift(struct banlist *l, const struct prefix *who, bool allow);
/* Whom the new settings spare; state may have forgotten what the kernel still holds. */
void banlist_lift_spared(struct banlist *l, uint64_t now);

/* Of an earlier run, where the kernel knows nothing of it: in state only. */
void banlist_kept(struct banlist *l, const struct ban *kept, size_t n);
/* From the kernel.  arg: the banlist. */
void banlist_found(const struct nftread_elem *e, void *arg); /* left by an earlier run */
void banlist_known(const struct nftread_elem *e, void *arg); /* of a known set */
void banlist_marked(const struct nftread_elem *e, void *arg); /* of a map of marks */
void banlist_seen(const struct nftread_elem *e, void *arg);  /* in a pass over a banned set */
/* Somebody added or deleted an element of one of our sets. */
void banlist_event(struct banlist *l, const struct nftread_event *ev);
/* The kernel no longer holds it, by somebody's wish. */
void banlist_deleted(struct banlist *l, const struct addr *site);

/* A prefix that others wrote into a set of nets.h, or an earlier run left there (start); and
 * one that they took away. */
void banlist_net(struct banlist *l, const struct prefix *who, bool allow, uint64_t until,
		 const char *comment, bool start);
void banlist_net_gone(struct banlist *l, const struct prefix *who, bool allow);
/* What an element says of whom, and until when. */
struct addr banlist_key(const struct nftread_elem *e);
uint64_t banlist_end(const struct banlist *l, const struct nftread_elem *e);

void banlist_publish(struct banlist *l);
void banlist_count(struct banlist *l, struct ban_counts *out);

#endif
