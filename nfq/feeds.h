/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Block lists and allow lists from files (settings.feeds), kept in the kernel by a thread of
 * its own: it looks for changed files, refuses what would hit our own, and writes what is
 * different.  Bans never wait for it.
 *
 * Ownership: feeds_new allocates, feeds_stop takes NULL; rules are read during the calls, state
 * and ban thread must outlive it.  Locking: feeds_lost, feeds_status: any thread.
 */
#ifndef SIPMOAT_FEEDS_THREAD_H
#define SIPMOAT_FEEDS_THREAD_H

#include "ban.h"
#include "feedfile.h"

struct feeds;

int feeds_new(struct feeds **out); /* 0 or -errno */
/* For ban_conf: our netlink port, and what is to be called with the feeds as arg. */
uint32_t feeds_port(const struct feeds *f);
void feeds_lost(void *feeds);

/* The ban thread runs.  0 or -errno. */
int feeds_start(struct feeds *f, const struct ruleset *rules, struct state *st,
		struct ban_thread *ban);
int feeds_reload(struct feeds *f, const struct ruleset *rules);
void feeds_stop(struct feeds *f); /* the kernel's sets stay */

struct feed_status {
	char name[FEED_NAME];
	char path[256]; /* cut */
	char why[FEEDFILE_WHY]; /* why the file as it is now is not in force; "" = it is */
	bool allow;
	uint64_t entries;  /* in force */
	uint64_t prefixes; /* of them that are more than one address */
	uint32_t wrong, ignored; /* of the file they came from */
	uint64_t loaded;   /* s since 1970, 0 = never */
};
struct feeds_total {
	uint64_t addresses, ranges; /* in the kernel, without duplicates */
	bool writing;               /* it does not hold all of it yet */
};
/* Fills out with at most FEED_MAX; returns how many. */
unsigned feeds_status(struct feeds *f, struct feed_status out[FEED_MAX],
		      struct feeds_total total[FEED_LISTS]);
/* The list that an address is on, one to allow before one to block.  Looks at every entry. */
bool feeds_find(struct feeds *f, const struct addr *a, struct feed_status *out);

#endif
