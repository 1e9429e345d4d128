/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Times as people read them: short, and by the clock of this host. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <time.h>

#include "times.h"

static void assert_short(uint64_t seconds, const char *want)
{
	char text[TIME_TEXT];

	time_short(seconds, text);
	assert_string_equal(text, want);
}

static void two_units_at_most(void **unused)
{
	(void)unused;
	assert_short(0, "0s");
	assert_short(59, "59s");
	assert_short(60, "1m");
	assert_short(230, "3m50s");
	assert_short(3600, "1h");
	assert_short(3659, "1h");
	assert_short(7199, "1h59m");
	assert_short(86400 * 2 + 3599, "2d");
	assert_short(86400 * 400 + 3600, "400d1h");
	assert_short(UINT64_MAX, "213503982334601d7h");
}

static void events_by_the_clock_of_this_host(void **unused)
{
	char text[TIME_TEXT];

	(void)unused;
	setenv("TZ", "XXX-2", 1); /* two hours before UTC */
	tzset();
	time_told("2026-12-31T23:10:09.000001Z", text);
	assert_string_equal(text, "2027-01-01 01:10:09");
	time_told("never", text);
	assert_string_equal(text, "never");
	time_told("", text);
	assert_string_equal(text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_units_at_most),
		cmocka_unit_test(events_by_the_clock_of_this_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
