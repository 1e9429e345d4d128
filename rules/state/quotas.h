/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Quotas: what an account, a site, a trunk ... has used up, by number, time or money.
 * Asking and taking are one step, so of those who ask at the same moment no more than the
 * limit allows get through.
 *
 * A window rolls: it is cut into QUOTA_PARTS parts, and a part leaves it as a whole, when
 * the last of it is old enough.  So no window ever holds more than the limit allows, no
 * day ends at midnight with a second quota behind it, and the time of day means nothing;
 * what is taken comes free up to a 24th of the window late.
 *
 * Keys: key_with() of what is counted, mixed with who counts; the same key with another
 * window, or another kind of count, is another record.
 *
 * A full table lets go first what nobody uses anything of, then what is used by whom
 * nothing is known.  Where all others rank higher nothing is counted, and nothing refused.
 *
 * Ownership: values.  Locking: inside.  Units: window in s, amounts in what the caller
 * counts, now in ns.
 */
#ifndef SIPMOAT_QUOTAS_H
#define SIPMOAT_QUOTAS_H

#include <stdbool.h>
#include <stdint.h>

#include "table.h"

struct state;

#define QUOTA_PARTS 24

struct quota {
	uint64_t key;
	uint32_t window; /* s; 0: what is taken stays taken until it is given back */
	uint32_t warn, act; /* at most so much; 0: no limit */
	uint8_t proven;  /* 0 to 2: how little strangers can do to have such a record */
};

enum quota_said {
	QUOTA_FREE,
	/* Taken, and with it the use went above warn: said once, and again when it had been
	 * down to three quarters of warn meanwhile. */
	QUOTA_WARN,
	QUOTA_OVER, /* above act: nothing was taken */
};

/* *used: with what was taken, or would have been. */
enum quota_said quota_take(struct state *st, const struct quota *q, uint32_t amount, uint64_t now,
			   uint32_t *used);
/* The same for what has happened already: it is taken whatever the limit. */
enum quota_said quota_add(struct state *st, const struct quota *q, uint32_t amount, uint64_t now,
			  uint32_t *used);
/* Gives back what was taken at `when`; more than there is gives back what there is. */
void quota_give(struct state *st, const struct quota *q, uint32_t amount, uint64_t when,
		uint64_t now);
uint32_t quota_used(struct state *st, const struct quota *q, uint64_t now);

/*
 * Different items (hashes) within the window: a further one that would be more than act is
 * not taken.  Exact up to 64 of them, but for one in a thousand that is taken for another;
 * beyond, as many as there are at least (distinct.h).  *fresh: this one was not there
 * before, and is what quota_give_item gives back.
 */
enum quota_said quota_distinct(struct state *st, const struct quota *q, uint32_t item,
			       uint64_t now, uint32_t *used, bool *fresh);
/* The same item so often in a row, without another between, within the window. */
enum quota_said quota_same(struct state *st, const struct quota *q, uint32_t item, uint64_t now,
			   uint32_t *used);
/* What quota_distinct (a fresh one) or quota_same took at `when`. */
void quota_give_distinct(struct state *st, const struct quota *q, uint32_t item, uint64_t now);
void quota_give_same(struct state *st, const struct quota *q, uint32_t item, uint64_t when,
		     uint64_t now);
/* Share of those that were bad, in percent, of at least `least` in the window; _ended
 * counts one, _share asks. */
void quota_ended(struct state *st, const struct quota *q, bool bad, uint64_t now);
enum quota_said quota_share(struct state *st, const struct quota *q, uint32_t least, uint64_t now,
			    uint32_t *used);

/* After a restore: what is in use (window 0) is forgotten, for those who use it to take it
 * anew; nobody would give back what ended meanwhile. */
void quotas_restored(struct state *st);

#endif
