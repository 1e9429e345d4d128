/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "stats.h"

#define ASSERT_COUNTS(s, ...) \
	do { \
		struct stats want = { __VA_ARGS__ }; \
		assert_memory_equal(s, &want, sizeof(want)); \
	} while (0)

static void packets_are_counted_once_each(void **unused)
{
	static struct stats s;
	struct pkt pkt = { .proto = PROTO_UDP, .payload = SLICE("x") };
	struct decision d = { .check = CHECK_NONE, .parsed = true, .kind = SIP_REQUEST,
			      .defect = DEFECT_COUNT };

	(void)unused;
	stats_count(&s, &pkt, &d);
	ASSERT_COUNTS(&s, .packets = 1, .inbound = 1, .requests = 1, .accepted = 1);
	d.kind = SIP_RESPONSE;
	d.dir = DIR_OUTBOUND;
	stats_count(&s, &pkt, &d);
	d.kind = SIP_KEEPALIVE;
	d.dir = DIR_INTERNAL;
	stats_count(&s, &pkt, &d);
	pkt.payload.n = 0; /* a bare TCP ACK is no keepalive */
	stats_count(&s, &pkt, &d);
	ASSERT_COUNTS(&s, .packets = 4, .inbound = 1, .outbound = 1, .internal = 2,
		      .requests = 1, .responses = 1, .keepalives = 1, .accepted = 4);
}

static void hits_and_drops(void **unused)
{
	static struct stats s;
	struct pkt pkt = { .flags = PKT_TRUNCATED, .payload = SLICE("x") };
	struct decision d = { .check = 3, .notify = true, .observed = true, .parsed = true,
			      .defect = DEFECT_VIA };

	(void)unused;
	stats_count(&s, &pkt, &d);
	ASSERT_COUNTS(&s, .packets = 1, .inbound = 1, .not_sip = 1, .damaged = 1, .accepted = 1,
		      .observed = 1, .outcome[3][OUTCOME_observed] = 1, .defects[DEFECT_VIA] = 1);
	pkt.flags = PKT_FRAGMENT; /* not damaged */
	d.observed = false;
	d.verdict = VERDICT_DROP;
	d.ban = 300;
	d.defect = DEFECT_NOT_SIP;
	stats_count(&s, &pkt, &d);
	ASSERT_COUNTS(&s, .packets = 2, .inbound = 2, .not_sip = 2, .damaged = 1, .accepted = 1,
		      .dropped = 1, .observed = 1, .bans = 1,
		      .outcome[3] = { [OUTCOME_observed] = 1, [OUTCOME_dropped] = 1 },
		      .defects = { [DEFECT_VIA] = 1, [DEFECT_NOT_SIP] = 1 });
	d.check = CHECK_NONE;
	d.defect = DEFECT_COUNT;
	d.parsed = false;
	stats_count(&s, &pkt, &d);
	ASSERT_COUNTS(&s, .packets = 3, .inbound = 3, .not_sip = 2, .damaged = 1, .accepted = 1,
		      .dropped = 2, .observed = 1, .bans = 2,
		      .outcome[3] = { [OUTCOME_observed] = 1, [OUTCOME_dropped] = 1 },
		      .defects = { [DEFECT_VIA] = 1, [DEFECT_NOT_SIP] = 1 });
}

static void times_fall_into_buckets(void **unused)
{
	static struct stats s;
	const uint64_t ends[] = STATS_DELAY_ENDS;

	(void)unused;
	stats_delayed(&s, LANE_KNOWN, 0);
	stats_delayed(&s, LANE_KNOWN, ends[0]);
	stats_delayed(&s, LANE_KNOWN, ends[0] + 1);
	stats_delayed(&s, LANE_KNOWN, ends[STATS_BUCKETS - 1] + 1);
	stats_worked(&s, 4, 4 * 700);
	ASSERT_COUNTS(&s, .delay[LANE_KNOWN] = { .bucket = { 2, 1, [STATS_BUCKETS] = 1 },
						 .most = ends[STATS_BUCKETS - 1] + 1,
						 .sum = 2 * ends[0] + ends[STATS_BUCKETS - 1] + 2 },
		      .work = { .bucket = { [1] = 4 }, .most = 700, .sum = 4 * 700 });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_are_counted_once_each),
		cmocka_unit_test(hits_and_drops),
		cmocka_unit_test(times_fall_into_buckets),
	};

	return cmocka_run_group_tests_name("stats", tests, NULL, NULL);
}
