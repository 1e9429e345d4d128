/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What keeper.c, which writes, and keepwatch.c, which hears what others do, have in common.
 *
 * Locking: as keeper.h.
 */
#ifndef SIPMOAT_KEEPING_H
#define SIPMOAT_KEEPING_H

#include "banlist.h"
#include "keeper.h"
#include "renew.h"
#include "steer.h"

/* What somebody else did to our tables. */
enum damage {
	DAMAGE_NONE,
	DAMAGE_RULES, /* rules, or elements that the configuration sets: written again in place */
	DAMAGE_TABLE, /* a table, a chain or a set is gone: made anew */
};

struct keeper {
	struct nftset *nft;     /* writes */
	struct nftlink *reader; /* dumps: their answers trigger writes */
	struct nftlink *watch;  /* what others do */
	struct banlist bans;
	struct renew renew;
	struct plan plan;
	enum steer_kind kind;
	bool steered;
	bool serving;   /* packets may wait in the queues: no chain with a hook may go */
	bool old_queue; /* queue tables of an earlier run are still there */
	enum damage damage; /* done by the transaction whose events are being read */
	_Atomic bool broken; /* our tables do not stand as they should */
	_Atomic bool stale;  /* they are those of the configuration before */
	bool sure[2];   /* shed_sites(): IPv4, IPv6 */
	bool lost;      /* that transaction took something of what others wrote for us */
	bool nets_touched; /* ... changed a set of nets.h */
	void (*on_lost)(void *arg);
	void *lost_arg;
	unsigned restores; /* what is left of RESTORES_AT_ONCE */
	uint64_t restores_at; /* when that was last filled up */
};

int keeper_write_tables(struct keeper *k, const struct plan *p, bool anew);
/* Feeds have to write theirs again. */
void keeper_tell_lost(struct keeper *k);
/* Puts back what somebody has damaged: at once, unless it was so too often lately. */
void keeper_mend(struct keeper *k, enum damage damage, const char *who, uint32_t pid);

#endif
