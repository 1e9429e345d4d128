/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counters as lines of text: the workers' sums, what the tables hold, the bans.
 *
 * Locking: the main thread; counters are read while the workers run.
 */
#ifndef SIPMOAT_REPORT_H
#define SIPMOAT_REPORT_H

#include "ban.h"
#include "conntrack.h"
#include "feeds.h"
#include "worker.h"

struct report_source {
	struct worker *const *worker;
	unsigned workers;
	struct state *state;
	struct ban_thread *ban;
	struct conntrack *conntrack;
	struct feeds *feeds;
};

/* Everything, one subject a line, into the log. */
void report_log(const struct report_source *s);
/* Bans that were not made, since the start. */
uint64_t report_capped(const struct report_source *s);
/* Packets that found a queue of their lane full, since the start. */
void report_lost(const struct report_source *s, uint64_t lost[LANES]);
/* One line for STATUS= and the last words. */
void report_line(const struct report_source *s, char *out, size_t room);

#endif
