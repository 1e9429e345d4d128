/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The thread that keeps the kernel's side true: the nftables table with its
 * sets and chains (nftset.c), the steering into the queues (steer.c), and the
 * elements of the banned and known sets, which mirror state's bans.
 *
 * Ownership: ban_start copies what it needs from conf but state, hand and rings, which
 * must outlive the thread.  Locking: one thread writes to nftables; callers only
 * leave messages.  Errors: 0 or -errno with one clear line in err.
 */
#ifndef SIPMOAT_BAN_H
#define SIPMOAT_BAN_H

#include "engine.h"
#include "ring.h"

#define BAN_ERROR 256

struct ban_thread;
struct byhand;
struct hand;

struct ban_conf {
	const struct ruleset *rules; /* settings, trusted prefixes: read during the call */
	struct state *state;
	struct hand *hand;           /* what is banned and allowed by hand */
	const struct ban *kept;      /* bans of an earlier run, for when the kernel has none of */
	size_t kept_n;               /* it: read during the call */
	/* one per worker: events with d.ban, d.mark_time, d.known or d.called */
	struct ring *const *ring;
	unsigned rings;
	unsigned workers;            /* queues: strangers first.., known first + workers.. */
	int wake_fd;                 /* eventfd that workers write after putting */
	/* who else writes into our table (feeds.h): its netlink port, 0: nobody, and what is
	 * called when somebody may have removed what it wrote; never blocks, or NULL */
	uint32_t other_port;
	void (*on_lost)(void *arg);
	void *lost_arg;
	/* called when packets of a site get a mark from now on; likewise */
	void (*on_mark)(void *arg, const struct addr *site);
	void *mark_arg;
};

/*
 * Makes or adopts the table, reads the bans still in the kernel back into state,
 * writes the trusted sets; steers nothing yet.  -EPERM: no CAP_NET_ADMIN;
 * -ENOENT and the like: a kernel feature is missing, err says which.
 */
int ban_start(struct ban_thread **out, const struct ban_conf *conf, char err[BAN_ERROR]);
/* Grows with every turn of the thread, every five seconds at least, and with every transaction
 * within one. */
uint64_t ban_beats(struct ban_thread *t);
/* Puts the steering chains in; call when all queues are bound. */
int ban_steer(struct ban_thread *t, char err[BAN_ERROR]);
/* New generation: ports, trusted, police, scope ...; reconciles the bans. */
int ban_reload(struct ban_thread *t, const struct ruleset *rules, char err[BAN_ERROR]);
/* What an operator wants: in state and kernel when it returns. */
void ban_by_hand(struct ban_thread *t, struct byhand *o);
/* Steers no packet into the queues any more (first half of a graceful stop); what
 * waits there stays, and so do the bans. */
void ban_unsteer(struct ban_thread *t);
/* Writes what is still waiting, removes the steering, ends the thread.  Call when
 * the queues are drained: what still waits in them is lost now.  Takes NULL. */
void ban_stop(struct ban_thread *t);

struct ban_counts {
	uint64_t banned, unbanned, prolonged, by_hand, refused, restored; /* totals */
	uint64_t live4, live6; /* elements believed to be in the kernel */
	uint64_t marked4, marked6; /* likewise in the maps of marks */
	bool native; /* steered by nft's queue, else by the xt target */
	bool broken; /* what others changed in our tables is not put back yet */
	bool stale;  /* the last reload did not reach them */
};
void ban_count(struct ban_thread *t, struct ban_counts *out);
/* The known sources, for the caller to free; 0 or -ENOMEM.  Not after ban_stop. */
int ban_known(struct ban_thread *t, struct addr **sites, size_t *n);

#endif
