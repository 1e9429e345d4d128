/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A telephone number and the way it was dialled: its last digits, and what stood
 * before them (an outside line, an access code, a country code in one of its forms).
 *
 * Ownership: values.  Locking: none.
 */
#ifndef SIPMOAT_DIALLED_H
#define SIPMOAT_DIALLED_H

#include <stdbool.h>
#include <stdint.h>

#include "slice.h"

struct state;

#define DIALLED_DIGITS 9 /* without country and trunk code most numbers have no more */
#define DIALLED_WAYS 64

struct dialled {
	uint64_t number; /* hash of the last digits, never 0 */
	uint64_t way;    /* one bit: a hash of what stood before them */
};

/* false: no number, or a short one. */
bool dialled_read(const struct state *st, struct slice uri, struct dialled *out);

/* The numbers that were tried last, and in which ways within two halves of a window.  A
 * scanner takes one number through all its prefixes; all zero is an empty log. */
#define DIALLED_NUMBERS 4
struct dialled_log {
	struct {
		uint64_t number; /* 0: free */
		uint64_t now, before;
	} at[DIALLED_NUMBERS];
};

void dialled_note(struct dialled_log *log, const struct dialled *d);
void dialled_turn(struct dialled_log *log, unsigned halves); /* that have gone by */
unsigned dialled_ways(const struct dialled_log *log); /* of the number that has most */

#endif
