/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bans of prefixes, and allowances, in the kernel: the interval sets banned_nets4/6 and
 * allowed4/6.  Prefixes may lie in each other, intervals of a set may not: so the sets hold
 * the pieces, each with the end and the words of whatever lasts longest there, and end by
 * themselves as the prefixes do.  Any change writes them anew, in one transaction.
 *
 * Ownership: nets_open allocates; nft is the caller's and must outlive it.
 * Locking: none; one thread.  Units: ns of the engine's clock.
 */
#ifndef SIPMOAT_NETS_H
#define SIPMOAT_NETS_H

#include "elem.h"
#include "pieces.h"

enum nets_kind { NETS_BAN, NETS_ALLOW, NETS_KINDS };

#define NETS_MOST 4096 /* prefixes of each kind */

struct nets;

int nets_open(struct nets **out, struct nftset *nft);
void nets_close(struct nets *n); /* takes NULL */

/* The later end wins; to shorten, remove it before.  ELEM_REFUSED: there are NETS_MOST. */
enum elem_result nets_put(struct nets *n, enum nets_kind kind, const struct prefix *who,
			  uint64_t until, uint64_t now, const char *text);
bool nets_remove(struct nets *n, enum nets_kind kind, const struct prefix *who);
/* Those held, in the order of pieces_order. */
const struct piece_of *nets_list(const struct nets *n, enum nets_kind kind, size_t *count);

/* Is anybody of IPv4, or of IPv6, allowed? */
bool nets_allows(const struct nets *n, bool v4, uint64_t now);

/* Writes what has changed: at most a few times a second, unless at_once.  0, or -errno:
 * -ENOENT when our table is gone. */
int nets_flush(struct nets *n, uint64_t now, bool at_once);
/* When nets_flush has to be called again; 0: nothing waits. */
uint64_t nets_due(const struct nets *n);
/* The kernel holds something else than was written: all is to be written again. */
void nets_rewrite(struct nets *n);
/* The queue tables hold copies of the allowed sets from now on, or do not any more. */
void nets_copy(struct nets *n, bool copies);

/* Which kind that set of ours is of; false: of none. */
bool nets_is(const char *set, enum nets_kind *kind);
/* The pieces that were written last; their texts are not valid. */
size_t nets_written(const struct nets *n, enum nets_kind kind, const struct piece **out);

#endif
