/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exact sliding windows: how many events a key had in the last `window`, counted
 * from the log of their times and not from a decaying approximation.
 *
 * A record holds up to 29 times.  For budgets up to 29 each event has its own
 * time: the event that exceeds the budget is found exactly, to one 32768th of the
 * window.  For larger budgets k = ceil(scale / 29) events share the time of the
 * first of them: a burst is still counted exactly, and an event may leave the
 * window at most one group early, never late, so nobody is refused too soon.
 * Events over the budget are not recorded: what is let through in any window is
 * the budget, and for the larger ones less than a group more (pipes.h is exact there).
 *
 * Locking: inside, through table.  Units: ns.
 */
#ifndef SIPMOAT_METER_H
#define SIPMOAT_METER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct meter;
struct table;

struct meter_limit {
	uint32_t budget; /* events allowed in any window */
	uint32_t scale;  /* largest budget this kind of key ever has; >= budget, <= 2^20 */
	uint64_t window; /* ns, at least 4 TABLE_SLACK */
};

struct meter *meter_new(uint32_t records);
void meter_free(struct meter *m);
struct meter *meter_of(struct table *t); /* t: records of meters_size() (store.h) */

/*
 * key: see key.h.  One more event.  *over: it exceeds the budget and was not
 * recorded.  Returns the events in the window, this one included.  Events of one
 * key under another window or another scale / 29 are counted apart.
 */
uint32_t meter_add(struct meter *m, uint64_t key, const struct meter_limit *l, uint64_t now,
		   bool *over);
/* Takes back the newest event. */
void meter_refund(struct meter *m, uint64_t key, const struct meter_limit *l, uint64_t now);
/* Events in the window by now; changes nothing. */
uint32_t meter_count(struct meter *m, uint64_t key, const struct meter_limit *l, uint64_t now);
void meter_prefetch(const struct meter *m, uint64_t key, const struct meter_limit *l);

#endif
