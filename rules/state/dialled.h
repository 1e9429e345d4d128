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

#endif
