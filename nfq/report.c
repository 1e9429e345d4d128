/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report.h"

#include <inttypes.h>
#include <stdio.h>

#include "check.h"
#include "log.h"
#include "procfs.h"

struct totals {
#define X(field, help) uint64_t field;
	STATS(X)
#undef X
	uint64_t hits[CHECK_MAX], drops[CHECK_MAX];
	bool lost_known;
};

static uint64_t value_of(const atomic_uint_fast64_t *c)
{
	return atomic_load_explicit(c, memory_order_relaxed);
}

/*
 * Lost in the kernel: the queue was full, or its socket's buffer was.  Our queues
 * are bound, so one that is not found means that /proc tells root only: then
 * nothing is known, which is not the same as nothing lost.
 */
static bool lost_of(const struct report_source *s, uint64_t *lost)
{
	struct procfs_queue q;

	for (unsigned i = 0; i < 2 * s->workers; i++) {
		if (!procfs_queue_find((uint16_t)(s->queue_first + i), &q))
			return false;
		*lost += q.full_dropped + q.user_dropped;
	}
	return true;
}

static struct totals totals_of(const struct report_source *s)
{
	struct totals t = { 0 };

	for (unsigned i = 0; i < s->workers; i++) {
		const struct stats *st = worker_stats(s->worker[i]);

#define X(field, help) t.field += value_of(&st->field);
		STATS(X)
#undef X
		for (unsigned c = 0; c < CHECK_MAX; c++) {
			t.hits[c] += value_of(&st->hits[c]);
			t.drops[c] += value_of(&st->drops[c]);
		}
	}
	t.lost_known = lost_of(s, &t.queue_lost);
	return t;
}

void report_line(const struct report_source *s, char *out, size_t room)
{
	struct totals t = totals_of(s);
	struct ban_counts b;
	char lost[48] = "";

	ban_count(s->ban, &b);
	if (t.lost_known)
		snprintf(lost, sizeof(lost), ", %" PRIu64 " lost in full queues", t.queue_lost);
	snprintf(out, room,
		 "%" PRIu64 " packets seen, %" PRIu64 " dropped%s; %" PRIu64
		 " banned now, %" PRIu64 " since the start",
		 t.packets, t.dropped, lost, b.live4 + b.live6, b.banned);
}

void report_log(const struct report_source *s)
{
	struct totals t = totals_of(s);
	struct ban_counts b;
	char text[512];

#define X(field, help) log_info("%-12s %12" PRIu64 "  %s", #field, t.field, help);
	STATS(X)
#undef X
	if (!t.lost_known)
		log_info("queue_lost is not known: /proc/net/netfilter/nfnetlink_queue cannot be "
			 "read (it is for root)");
	for (unsigned c = 0; c < check_count; c++)
		log_info("check %-12s %" PRIu64 " hits, %" PRIu64 " dropped", check_name(c),
			 t.hits[c], t.drops[c]);
	state_describe(s->state, text, sizeof(text));
	log_info("tables: %s", text);
	ban_count(s->ban, &b);
	log_info("bans: %" PRIu64 " IPv4 and %" PRIu64 " IPv6 in the kernel; since the start "
		 "%" PRIu64 " made, %" PRIu64 " prolonged, %" PRIu64 " lifted (%" PRIu64
		 " by hand), %" PRIu64 " refused, %" PRIu64 " read back",
		 b.live4, b.live6, b.banned, b.prolonged, b.unbanned, b.by_hand, b.refused,
		 b.restored);
}
