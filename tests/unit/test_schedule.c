/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When a schedule holds: weeks, nights, days that are taken out, clocks that change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "civil.h"
#include "confdir.h"
#include "ruleset.h"
#include "schedule.h"
#include "state/state.h"

static int setup(void **state)
{
	*state = confdir_new();
	return 0;
}

static int teardown(void **state)
{
	confdir_free(*state);
	return 0;
}

static struct ruleset *load(struct confdir *d, const char *keys)
{
	char text[1024];
	struct ruleset *rs;

	snprintf(text, sizeof(text), "schedules = ( { name = \"s\"; %s } );", keys);
	rs = confdir_load_text(d, text);
	if (!rs)
		confdir_print(d);
	assert_non_null(rs);
	return rs;
}

/* "2026-11-23 08:00:59", UTC */
static uint64_t utc(const char *text)
{
	unsigned y, mo, day, h, m, s;

	assert_int_equal(sscanf(text, "%u-%u-%u %u:%u:%u", &y, &mo, &day, &h, &m, &s), 6);
	return (uint64_t)(civil_days(y, mo, day) * 86400 + h * 3600 + m * 60 + s);
}

struct moment {
	const char *at;
	bool holds;
};

static void expect(struct confdir *d, const char *keys, const struct moment *m, unsigned n)
{
	struct ruleset *rs = load(d, keys);

	for (unsigned i = 0; i < n; i++)
		if (schedule_holds(rs, 0, utc(m[i].at)) != m[i].holds)
			fail_msg("%s: %s should %shold", keys, m[i].at, m[i].holds ? "" : "not ");
	ruleset_free(rs);
}

#define EXPECT(d, keys, ...) \
	do { \
		static const struct moment moments[] = { __VA_ARGS__ }; \
		expect(d, keys, moments, sizeof(moments) / sizeof(moments[0])); \
	} while (0)

/* 2026-11-23 is a Monday. */
static void test_week(void **state)
{
	struct confdir *d = *state;

	EXPECT(d, "times = [ \"Mon-Fri 08:00-18:00\" ];", { "2026-11-23 07:59:59", false },
	       { "2026-11-23 08:00:00", true }, { "2026-11-23 17:59:59", true },
	       { "2026-11-23 18:00:00", false }, { "2026-11-27 12:00:00", true },
	       { "2026-11-28 12:00:00", false }, { "2026-11-29 12:00:00", false },
	       { "2026-11-30 12:00:00", true });
}

static void test_forms(void **state)
{
	struct confdir *d = *state;

	EXPECT(d, "times = [ \"sat,SUNDAY\", \"wednesday  9:00 - 9:01\" ];",
	       { "2026-11-27 23:59:59", false }, { "2026-11-28 00:00:00", true },
	       { "2026-11-29 23:59:59", true }, { "2026-11-30 00:00:00", false },
	       { "2026-11-25 08:59:59", false }, { "2026-11-25 09:00:59", true },
	       { "2026-11-25 09:01:00", false });
	EXPECT(d, "times = [ \"Sat-Mon\" ];", { "2026-11-27 12:00:00", false },
	       { "2026-11-28 12:00:00", true }, { "2026-11-29 12:00:00", true },
	       { "2026-11-30 12:00:00", true }, { "2026-12-01 12:00:00", false });
	EXPECT(d, "times = [ \"daily\" ];", { "2026-11-23 00:00:00", true },
	       { "2026-11-29 23:59:59", true });
	EXPECT(d, "times = [ \"00:00-24:00\" ];", { "2026-11-23 00:00:00", true },
	       { "2026-11-29 23:59:59", true });
	EXPECT(d, "times = [ \"daily 22:00-24:00\" ];", { "2026-11-23 21:59:59", false },
	       { "2026-11-23 23:59:59", true }, { "2026-11-24 00:00:00", false });
}

static void test_over_midnight(void **state)
{
	struct confdir *d = *state;

	EXPECT(d, "times = [ \"Sat 22:00-06:00\" ];", { "2026-11-28 05:00:00", false },
	       { "2026-11-28 21:59:59", false }, { "2026-11-28 22:00:00", true },
	       { "2026-11-29 05:59:59", true }, { "2026-11-29 06:00:00", false },
	       { "2026-11-29 22:00:00", false });
	/* the week ends on Sunday */
	EXPECT(d, "times = [ \"Sun 22:00-06:00\" ];", { "2026-11-29 23:00:00", true },
	       { "2026-11-30 05:59:59", true }, { "2026-11-30 06:00:00", false },
	       { "2026-11-23 05:59:59", true });
}

static void test_except(void **state)
{
	struct confdir *d = *state;

	EXPECT(d, "times = [ \"daily\" ]; except = [ \"12-25\", \"2027-04-02\", \"02-29\" ];",
	       { "2026-12-24 23:59:59", true }, { "2026-12-25 00:00:00", false },
	       { "2026-12-25 23:59:59", false }, { "2026-12-26 00:00:00", true },
	       { "2031-12-25 12:00:00", false }, { "2027-04-02 12:00:00", false },
	       { "2026-04-02 12:00:00", true }, { "2028-04-02 12:00:00", true },
	       { "2028-02-29 12:00:00", false }, { "2027-02-28 12:00:00", true },
	       { "2027-03-01 12:00:00", true });
	/* the day of the zone, and of the moment that is asked for */
	EXPECT(d, "zone = \"Asia/Tokyo\"; times = [ \"22:00-06:00\" ]; except = [ \"12-25\" ];",
	       { "2026-12-24 14:59:59", true }, { "2026-12-24 15:00:00", false },
	       { "2026-12-25 14:59:59", false }, { "2026-12-25 15:00:00", true });
}

/* Clocks go forward: the hour from 2 to 3 is not there.  They go back: it is there twice. */
static void test_clocks_change(void **state)
{
	struct confdir *d = *state;

	EXPECT(d, "zone = \"Europe/Berlin\"; times = [ \"daily 02:30-03:30\" ];",
	       { "2026-03-28 01:30:00", true },  { "2026-03-28 02:29:59", true },
	       { "2026-03-28 02:30:00", false }, { "2026-03-29 00:59:59", false },
	       { "2026-03-29 01:00:00", true },  { "2026-03-29 01:29:59", true },
	       { "2026-03-29 01:30:00", false }, { "2026-03-30 00:30:00", true },
	       { "2026-03-30 00:29:59", false }, { "2026-10-25 00:29:59", false },
	       { "2026-10-25 00:30:00", true },  { "2026-10-25 00:59:59", true },
	       { "2026-10-25 01:00:00", false }, { "2026-10-25 01:29:59", false },
	       { "2026-10-25 01:30:00", true },  { "2026-10-25 02:29:59", true },
	       { "2026-10-25 02:30:00", false });
	EXPECT(d, "zone = \"America/New_York\"; times = [ \"Sun 00:00-03:00\" ];",
	       { "2026-03-08 04:59:59", false }, { "2026-03-08 05:00:00", true },
	       { "2026-03-08 06:59:59", true },  { "2026-03-08 07:00:00", false },
	       { "2026-11-01 03:59:59", false }, { "2026-11-01 04:00:00", true },
	       { "2026-11-01 07:59:59", true },  { "2026-11-01 08:00:00", false });
	/* half an hour only: 02:00 is 01:30 again */
	EXPECT(d, "zone = \"Australia/Lord_Howe\"; times = [ \"daily 01:45-02:15\" ];",
	       { "2026-04-04 14:44:59", false }, { "2026-04-04 14:45:00", true },
	       { "2026-04-04 15:00:00", false }, { "2026-04-04 15:15:00", true },
	       { "2026-04-04 15:44:59", true },  { "2026-04-04 15:45:00", false },
	       { "2026-10-03 15:14:59", false }, { "2026-10-03 15:15:00", true },
	       { "2026-10-03 15:29:59", true },  { "2026-10-03 15:30:00", false });
	EXPECT(d, "zone = \"Australia/Sydney\"; times = [ \"Sat 22:00-02:30\" ];",
	       { "2026-04-04 10:59:59", false }, { "2026-04-04 11:00:00", true },
	       { "2026-04-04 15:29:59", true },  { "2026-04-04 15:30:00", false },
	       { "2026-04-04 16:00:00", true },  { "2026-04-04 16:29:59", true },
	       { "2026-04-04 16:30:00", false }, { "2026-10-03 15:59:59", true },
	       { "2026-10-03 16:00:00", false });
}

static void test_unknown_time(void **state)
{
	struct ruleset *rs = load(*state, "times = [ \"daily\" ];");
	struct schedule_ref yes = { 0, false }, no = { 0, true }, any = { -1, false };

	assert_false(schedule_holds(rs, 0, 0));
	assert_false(schedule_holds(rs, 1, 1000));
	assert_true(schedule_holds(rs, 0, INT64_MAX / 2));
	assert_false(schedule_holds(rs, 0, UINT64_MAX));
	assert_true(schedule_fits(rs, yes, 1000) && !schedule_fits(rs, no, 1000));
	assert_true(!schedule_fits(rs, yes, 0) && !schedule_fits(rs, no, 0));
	assert_true(schedule_fits(rs, any, 0));
	ruleset_free(rs);
}

static void test_refused(void **state)
{
	static const char *const frames[] = {
		"", "Mon-Fri 8-18", "Mon-Fri 08:00", "Mon-Fri 08:00-", "Mon-Fri 08:00-25:00",
		"Mon-Fri 24:00-06:00", "Mon-Fri 08:00-08:00", "Mon-Fri 08:60-09:00",
		"Mo 08:00-09:00",
		"Mon- 08:00-09:00", "Mon, 08:00-09:00", "Mon-Tue-Wed", "08:00-09:00 Mon",
		"Mon Tue 08:00-09:00", "Mon 08:00-09:00-10:00", "Mon 008:00-09:00", "every day",
		"daily,Mon", "Mon -8:00-09:00", "Mon 0a:00-09:00", "24:30-25:00", "Mon 08:00-24:01",
	};
	static const char *const days[] = {
		"", "1225", "12-25-2026", "2026-13-01", "2026-02-29", "00-10", "04-31", "2-3",
		"2026-12-25 ", "26-12-25", "2026/12/25", "xx-yy", "0000-00-00",
	};
	struct confdir *d = *state;
	char text[256];

	for (unsigned i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
		snprintf(text, sizeof(text),
			 "schedules = (\n{ name = \"a\"; times = [ \"daily\" ]; },\n"
			 "{ name = \"s\";\n times = [ \"%s\" ]; } );", frames[i]);
		if (confdir_load_text(d, text))
			fail_msg("taken: %s", frames[i]);
		snprintf(text, sizeof(text), "sipmoat.conf:4: schedules[1].times: %s%s%s",
			 frames[i][0] ? "\"" : "", frames[i],
			 frames[i][0] ? "\" is no time frame: write" : "has an empty entry");
		if (!confdir_says(d, text))
			confdir_print(d);
		assert_true(confdir_says(d, text));
	}
	for (unsigned i = 0; i < sizeof(days) / sizeof(days[0]); i++) {
		snprintf(text, sizeof(text),
			 "schedules = ( { name = \"s\"; times = [ \"daily\" ];\n"
			 "except = [ \"%s\" ]; } );", days[i]);
		if (confdir_load_text(d, text))
			fail_msg("taken: %s", days[i]);
		assert_true(confdir_says(d, "sipmoat.conf:2: schedules[0].except: "));
	}
}

/* What clocks show is followed at once when somebody sets them. */
static void test_wall(void **state)
{
	static const struct settings sizes = { .meters = 64, .ban_max = 64 };
	static const uint8_t seed[16] = { 5 };
	struct state *st = state_new(&sizes, seed);

	(void)state;
	assert_non_null(st);
	assert_int_equal(state_wall(st, 100 * NS), 0);
	state_set_wall(st, 100 * NS, 100); /* both clocks show the same: known all the same */
	assert_int_equal(state_wall(st, 100 * NS), 100);
	assert_int_equal(state_wall(st, 160 * NS), 160);
	state_set_wall(st, 200 * NS, 1795437000);
	assert_int_equal(state_wall(st, 201 * NS), 1795437001);
	state_set_wall(st, 202 * NS, 50);
	assert_int_equal(state_wall(st, 202 * NS), 50);
	state_free(st);
}

/* The kernel knows no time: it trusts only who is trusted at any. */
static void test_trusted_zone(void **state)
{
	static const char *const zones[] = { "", "schedule = \"s\"; ", "schedule = \"!s\"; " };
	char text[256];
	size_t n;

	for (unsigned i = 0; i < 3; i++) {
		struct ruleset *rs;

		snprintf(text, sizeof(text),
			 "times = [ \"daily\" ]; } ); zones = ( { name = \"z\"; trust = true; %s"
			 "addresses = [ \"203.0.113.7\" ];", zones[i]);
		rs = load(*state, text);
		(void)ruleset_trusted(rs, &n);
		assert_int_equal(n, i == 0);
		ruleset_free(rs);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_week, setup, teardown),
		cmocka_unit_test_setup_teardown(test_forms, setup, teardown),
		cmocka_unit_test_setup_teardown(test_over_midnight, setup, teardown),
		cmocka_unit_test_setup_teardown(test_except, setup, teardown),
		cmocka_unit_test_setup_teardown(test_clocks_change, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unknown_time, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test(test_wall),
		cmocka_unit_test_setup_teardown(test_trusted_zone, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
