/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the memory holds, as an answer: which rows are asked for, and how they are said.
 *
 * Ownership: listing_read takes, listing_answer gives back.  Locking: the control thread.
 */
#ifndef SIPMOAT_LISTING_H
#define SIPMOAT_LISTING_H

#include "commands.h"
#include "pick.h"
#include "seen.h"

struct listing {
	const struct asking *on;
	const struct ruleset *rules; /* in force until listing_answer */
	uint64_t now, wall;
	uint64_t most;
	const char *user, *state, *call_id; /* NULL: any */
	struct prefix source;
	bool has_source;
	struct pick pick;
};

/* Rows of that size, in that order; states: those there are, NULL: none, which ends them, too.
 * false: refused, and no listing_answer is due. */
bool listing_read(const struct asking *a, struct listing *l, size_t size,
		  int (*by)(const void *x, const void *y), const char *const *states);
/* Says what was picked, under that name; walked: it is all there. */
void listing_answer(struct listing *l, bool walked, const char *name,
		    void (*put)(const struct listing *l, const void *row));

bool listing_is_from(const struct listing *l, const struct addr *a);
bool listing_is_user(const struct listing *l, const char *user);
bool listing_is_state(const struct listing *l, const char *state);
bool listing_is_call(const struct listing *l, const char *call_id);

/* Members of a row: those of which nothing is known are left out. */
void listing_put_time(const struct listing *l, const char *key, uint64_t at);
void listing_put_text(const struct listing *l, const char *key, const char *text);
void listing_put_addr(const struct listing *l, const char *key, const struct addr *a);
void listing_put_place(const struct listing *l, const struct addr *a);

#endif
