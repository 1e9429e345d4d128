/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What became of packets, second by second, for the last hour: from counters that were read now
 * and then.
 *
 * Ownership: a value, all zero at first.  Locking: none of its own.
 * Units: seconds since 1970.
 */
#ifndef SIPMOAT_HISTORY_H
#define SIPMOAT_HISTORY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define HISTORY_SECONDS 3600

#define HISTORY(X) \
	X(accepted) \
	X(dropped) \
	X(answered) \
	X(observed)

enum history_series {
#define X(name) HISTORY_##name,
	HISTORY(X)
#undef X
	HISTORY_SERIES
};

struct history {
	bool known; /* what was counted up to `last` */
	uint64_t last;
	uint64_t total[HISTORY_SERIES];
	struct {
		uint64_t at; /* which second it is of; any other: nothing is known */
		uint32_t n[HISTORY_SERIES];
	} second[HISTORY_SECONDS];
};

/* What came since the last time is spread over the seconds between. */
void history_note(struct history *h, uint64_t now, const uint64_t total[HISTORY_SERIES]);
/* Nothing could be read: what comes next is counted from there. */
void history_gap(struct history *h);
/* As JSON members: from the first one behind `since` of which anything is known; null where
 * nothing is. */
void history_print(const struct history *h, uint64_t since, FILE *to);

#endif
