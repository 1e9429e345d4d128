/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The feeds in the kernel: a chain of their own and sets of two kinds.  Single addresses live
 * in hash sets, where a change costs the same however many there are; prefixes in interval
 * sets, where current kernels pay for every range of the set with each transaction.
 *
 *   feed_hosts4/6, feed4/6: dropped, and counted, unless they are on
 *   feed_allow_hosts4/6, feed_allow4/6, or spared by what spares from bans
 *
 * Only differences are written, in transactions that hold the kernel's lock for some
 * milliseconds: bans go over another socket and wait for one of them at most.
 *
 * Ownership: feedset_open allocates, feedset_close takes NULL and leaves the kernel's sets as
 * they are.  Locking: none; one thread.  Errors: 0 or -errno.
 */
#ifndef SIPMOAT_FEEDSET_H
#define SIPMOAT_FEEDSET_H

#include <stdatomic.h>

#include "feedmix.h"

struct feedset;

int feedset_open(struct feedset **out);
void feedset_close(struct feedset *s);
uint32_t feedset_port(const struct feedset *s); /* of its netlink socket */

/* Empty sets, whatever was there, or, without any, none at all. */
int feedset_anew(struct feedset *s, bool any, bool enforce);
/* enforce: else those that are listed are counted, and not dropped. */
int feedset_rules(struct feedset *s, bool enforce);
/*
 * Makes the kernel hold *fresh, which is the set's from then on.  After an error, or -EINTR
 * when *stop was set meanwhile, nobody knows what the kernel holds: feedset_anew is due.
 */
int feedset_put(struct feedset *s, enum feed_list list, struct feedmix *fresh,
		const atomic_bool *stop);
/* What the kernel holds. */
const struct feedmix *feedset_held(const struct feedset *s, enum feed_list list);

#endif
