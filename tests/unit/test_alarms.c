/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "alarms.h"
#include "check.h"

#define WALL 1700000000

static struct report report;

static int well(void **arg)
{
	(void)arg;
	report = (struct report){ .wall = WALL, .workers = 2, .alive = 2, .bans_most = 10,
				  .standing.settings.mode = MODE_ENFORCE,
				  .bans = { .live4 = 9, .live6 = 9 }, .servers = 1,
				  .server[0].heard = true };
	return 0;
}

/* All that hold: their names, then the text of the first. */
static void expect(const char *names, const char *text)
{
	struct alarm a[ALARMS_MOST];
	unsigned n = alarms_of(&report, a);
	char all[256] = "";

	for (unsigned i = 0; i < n; i++) {
		strncat(all, i ? " " : "", sizeof(all) - strlen(all) - 1);
		strncat(all, a[i].name, sizeof(all) - strlen(all) - 1);
	}
	assert_string_equal(all, names);
	if (n)
		assert_string_equal(a[0].text, text);
}

static void all_is_well(void **arg)
{
	(void)arg;
	expect("", NULL);
}

static void one_at_a_time(void **arg)
{
	const char *because = "it holds 192.0.2.130, which is inside";

	report.alive = 1;
	expect("worker_lost", "1 of 2 workers are lost");
	well(arg);
	report.standing.overflowed[LANE_KNOWN] = WALL - 12;
	expect("queue_full", "packets of known sources found their queue full 12 s ago");
	report.standing.overflowed[LANE_KNOWN] = WALL - ALARM_LATELY;
	expect("", NULL);
	report.standing.overflowed[LANE_KNOWN] = WALL + 60; /* the clock was set back */
	expect("", NULL);
	well(arg);
	report.delay = ALARM_DELAY * 1000000 - 1;
	expect("", NULL);
	report.delay++;
	expect("delay", "packets wait 50 ms for a worker");
	well(arg);
	report.store = (struct store_counts){ true, .failing = true };
	expect("store_failing", "the memory cannot be saved: a restart will forget it");
	report.store.saved = WALL - 30;
	expect("store_failing", "the memory could not be saved for 30 s: a restart will forget "
	       "what is newer");
	well(arg);
	report.bans.broken = true;
	expect("tables_broken", "another program changes our nftables tables: packets may pass "
	       "unjudged; the log tells which (a second sipmoatd?)");
	well(arg);
	report.bans.stale = true;
	expect("tables_stale", "nftables did not take the last reload: the new rules judge, the "
	       "tables are as before; sipmoat reload tells why");
	well(arg);
	report.bans.live6 = 10;
	expect("bans_full", "there is no room for more bans (bans.max is 10)");
	well(arg);
	report.feeds = 1;
	memcpy(report.feed[0].name, "worst", 6);
	expect("", NULL);
	strncpy(report.feed[0].why, because, sizeof(report.feed[0].why) - 1);
	expect("feed_refused", "feed worst: its file is refused: it holds 192.0.2.130, which is "
	       "inside");
	well(arg);
	addr_parse(SLICE("192.0.2.130"), &report.server[0].server);
	report.server[0].heard = false;
	expect("server_unheard", "192.0.2.130 is asked and not heard: it is down, or its answers "
	       "take another way");
}

static void the_gravest_first(void **arg)
{
	struct alarm a[ALARMS_MOST];

	report.learning = 7;
	report.standing.settings.mode = MODE_OBSERVE;
	report.standing.refused = WALL - 3;
	report.standing.capped = WALL;
	report.servers = SERVERS_MOST;
	memset(report.server, 0, sizeof(report.server));
	report.alive = 0;
	report.feeds = FEED_MAX;
	for (unsigned i = 0; i < FEED_MAX; i++)
		report.feed[i].why[0] = 'x';
	(void)arg;
	assert_int_equal(alarms_of(&report, a), ALARMS_MOST);
	assert_string_equal(a[0].name, "worker_lost");
	assert_string_equal(a[1].name, "observe");
	assert_string_equal(a[2].name, "reload_refused");
	assert_string_equal(a[3].name, "feed_refused");
	assert_string_equal(a[ALARMS_MOST - 1].name, "server_unheard");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(all_is_well, well),
		cmocka_unit_test_setup(one_at_a_time, well),
		cmocka_unit_test_setup(the_gravest_first, well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
