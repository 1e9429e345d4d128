/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Everything that is counted, gathered in one place: for the log, for systemd's status line
 * and for the control socket.
 *
 * Ownership: values; a source borrows what it points to.
 * Locking: any thread; what is counted goes on meanwhile.
 */
#ifndef SIPMOAT_REPORT_H
#define SIPMOAT_REPORT_H

#include "ban.h"
#include "conntrack.h"
#include "feeds.h"
#include "hook.h"
#include "procfs.h"
#include "standing.h"
#include "store.h"
#include "worker.h"

struct report_source {
	struct standing_board *standing;
	struct worker *const *worker;
	unsigned workers;
	const struct settings *fixed; /* those of the start: what was sized and bound then */
	struct state *state;
	struct ban_thread *ban;
	struct conntrack *conntrack;
	struct feeds *feeds;
	const struct hook_runner *hook; /* NULL: there is none */
	const struct store *store;      /* likewise */
};

struct report_histogram {
	uint64_t bucket[STATS_BUCKETS + 1], count;
	uint64_t most, sum; /* ns */
};

/* The workers' counters, summed. */
struct report_totals {
#define X(field, help) uint64_t field;
	STATS(X)
#undef X
	uint64_t outcome[CHECK_MAX][OUTCOMES_COUNT], defects[DEFECT_COUNT];
	struct report_histogram delay[LANES], work;
};

struct report {
	uint64_t wall; /* s since 1970 */
	struct standing standing;
	struct report_totals totals;
	unsigned workers, alive;
	unsigned queue_first;
	uint64_t delay;    /* ns that packets wait now */
	uint64_t learning; /* s that it goes on, 0: it is over */
	struct table_fill table[TABLE_COUNT];
	struct ban_counts bans;
	uint64_t bans_most; /* that there may be of a family */
	struct call_counts calls;
	uint64_t contacts;
	struct conntrack_counts conntrack;
	struct hook_counts hook;
	struct store_counts store;
	struct feed_status feed[FEED_MAX];
	struct feeds_total feeds_total[FEED_LISTS];
	unsigned feeds;
	struct server_sight server[SERVERS_MOST];
	size_t servers;
};

void report_totals(const struct report_source *s, struct report_totals *out);
/* Looks at every record of every table: some ms. */
void report_gather(const struct report_source *s, struct report *out);
/* Everything, one subject a line, into the log. */
void report_log(const struct report_source *s);
/* One line for STATUS= and the last words. */
void report_line(const struct report_source *s, char *out, size_t room);

#endif
