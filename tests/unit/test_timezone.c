/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What clocks show, beside what libc says, and files that are damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "civil.h"
#include "posixtz.h"
#include "timezone.h"

#define SLICE_TEXT(text) text, sizeof(text) - 1
#define YEAR(y) ((int64_t)((y) - 1970) * 31556952)

static const char *const zones[] = {
	"UTC", "Europe/Berlin", "Europe/London", "Europe/Dublin", "Europe/Lisbon",
	"Europe/Istanbul", "Europe/Moscow", "Europe/Chisinau",
	"America/New_York", "America/Los_Angeles",
	"America/St_Johns", "America/Sao_Paulo", "America/Santiago", "America/Asuncion",
	"America/Havana", "America/Nuuk", "America/Scoresbysund", "America/Caracas",
	"America/Phoenix", "Atlantic/Azores", "Africa/Casablanca", "Africa/El_Aaiun",
	"Africa/Cairo", "Africa/Johannesburg", "Africa/Windhoek", "Asia/Tehran", "Asia/Gaza",
	"Asia/Jerusalem", "Asia/Kathmandu", "Asia/Kolkata", "Asia/Pyongyang", "Asia/Tokyo",
	"Asia/Amman", "Asia/Beirut", "Australia/Lord_Howe", "Australia/Sydney", "Australia/Eucla",
	"Australia/Adelaide", "Pacific/Auckland", "Pacific/Chatham", "Pacific/Apia",
	"Pacific/Kiritimati", "Pacific/Fiji", "Pacific/Norfolk", "Antarctica/Troll",
	"Antarctica/Casey", "Etc/GMT+5",
};

#define ZONES (sizeof(zones) / sizeof(zones[0]))

static struct timezone *load(const char *name)
{
	char why[TIMEZONE_ERROR] = "";
	struct timezone *tz = timezone_load(name, why);

	if (!tz)
		fail_msg("%s: %s", name, why);
	return tz;
}

static void same_as_libc(const struct timezone *tz, const char *name, int64_t at)
{
	time_t t = at;
	struct tm tm;

	localtime_r(&t, &tm);
	if (timezone_offset(tz, at) != tm.tm_gmtoff)
		fail_msg("%s at %lld: %d, libc says %ld", name, (long long)at,
			 (int)timezone_offset(tz, at), tm.tm_gmtoff);
}

/* Steps that no change of clocks has in common, and the two seconds around each one. */
static void compare(const char *name, int64_t from, int64_t to, int64_t step)
{
	struct timezone *tz = load(name);
	int32_t was = timezone_offset(tz, from);

	if (sizeof(time_t) < sizeof(to) && to > INT32_MAX)
		to = INT32_MAX; /* where the C library's time ends in 2038, ours does not */
	setenv("TZ", name, 1);
	tzset();
	for (int64_t at = from; at < to; at += step) {
		int64_t lo = at - step, hi = at;

		same_as_libc(tz, name, at);
		if (timezone_offset(tz, at) == was)
			continue;
		while (hi - lo > 1) {
			int64_t mid = lo + (hi - lo) / 2;

			if (timezone_offset(tz, mid) == was)
				lo = mid;
			else
				hi = mid;
		}
		same_as_libc(tz, name, lo);
		same_as_libc(tz, name, hi);
		was = timezone_offset(tz, at);
	}
	timezone_free(tz);
}

static void test_as_libc(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ZONES; i++)
		compare(zones[i], YEAR(1990), YEAR(2060), 7 * 3600 + 13);
}

/* Behind every table, and behind four hundred years of rule. */
static void test_far_future(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ZONES; i++) {
		compare(zones[i], YEAR(2099), YEAR(2102), 3 * 3600 + 7);
		compare(zones[i], YEAR(2405), YEAR(2412), 3 * 3600 + 7);
		compare(zones[i], YEAR(2808), YEAR(2811), 3 * 3600 + 7);
	}
}

/* Nights that were worked out by hand. */
static void test_nights(void **state)
{
	static const struct {
		const char *zone;
		int64_t at; /* the first second of the new time */
		int32_t before, after;
	} nights[] = {
		{ "Europe/Berlin", 1774746000, 3600, 7200 },          /* 2026-03-29 01:00 UTC */
		{ "Europe/Berlin", 1792890000, 7200, 3600 },          /* 2026-10-25 01:00 UTC */
		{ "America/New_York", 1772953200, -18000, -14400 },   /* 2026-03-08 07:00 UTC */
		{ "America/New_York", 1793512800, -14400, -18000 },   /* 2026-11-01 06:00 UTC */
		{ "Australia/Lord_Howe", 1775314800, 39600, 37800 },  /* 2026-04-04 15:00 UTC */
		{ "Australia/Lord_Howe", 1791041400, 37800, 39600 },  /* 2026-10-03 15:30 UTC */
		{ "Australia/Sydney", 1775318400, 39600, 36000 },     /* 2026-04-04 16:00 UTC */
		{ "Australia/Sydney", 1791043200, 36000, 39600 },     /* 2026-10-03 16:00 UTC */
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(nights) / sizeof(nights[0]); i++) {
		struct timezone *tz = load(nights[i].zone);

		assert_int_equal(timezone_offset(tz, nights[i].at - 1), nights[i].before);
		assert_int_equal(timezone_offset(tz, nights[i].at), nights[i].after);
		timezone_free(tz);
	}
}

static void test_rules(void **state)
{
	static const char *const bad[] = {
		"", "C", "CET", "CET-", "<CET-1", "CET-1CEST", "CET-1CEST,", "CET-1CEST,M3.5.0",
		"CET-1CEST,M3.5.0,", "CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.6.0,M10.5.0",
		"CET-1CEST,M3.0.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,J0,J300",
		"CET-1CEST,J366,J300", "CET-1CEST,M3.5.0/168,M10.5.0", "CET-1CEST,M3.5.0,M10.5.0 ",
		"CET-168", "CET-1:60", "CET-99999",
	};
	struct posixtz tz;

	(void)state;
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (posixtz_read(bad[i], strlen(bad[i]), &tz))
			fail_msg("taken: %s", bad[i]);
	assert_true(posixtz_read(SLICE_TEXT("<-0330>3:30:10"), &tz));
	assert_int_equal(tz.std, -(3 * 3600 + 30 * 60 + 10));
	assert_true(posixtz_read(SLICE_TEXT("A1B,J60,59/-1"), &tz));
	/* J60 is March 1; 59 counts the leap day */
	assert_int_equal(posixtz_start(&tz, 2027), civil_days(2027, 3, 1) * 86400 + 3 * 3600);
	assert_int_equal(posixtz_start(&tz, 2028), civil_days(2028, 3, 1) * 86400 + 3 * 3600);
	assert_int_equal(posixtz_end(&tz, 2027), civil_days(2027, 3, 1) * 86400 - 3600);
	assert_int_equal(posixtz_end(&tz, 2028), civil_days(2028, 2, 29) * 86400 - 3600);
}

static void test_names(void **state)
{
	static const char *const bad[] = {
		"", "/etc/localtime", "../../../etc/passwd", "Europe/../Europe/Berlin", "..", ".",
		"Europe", "Europe/Berlino", "tzdata.zi", "zone.tab", "Europe/Berlin ", "a\nb",
		"Europe//Berlin/", "right/Europe/Berlin",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	};
	char why[TIMEZONE_ERROR];

	(void)state;
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		why[0] = '\0';
		if (timezone_load(bad[i], why))
			fail_msg("taken: %s", bad[i]);
		assert_true(why[0]);
	}
}

/* Each cut and many a changed byte: refused or read, never beyond the end. */
static void test_damage(void **state)
{
	static const char *const files[] = { "Europe/Berlin", "Africa/Casablanca", "UTC" };
	char path[128], why[TIMEZONE_ERROR];

	(void)state;
	for (unsigned f = 0; f < 3; f++) {
		unsigned char *all = malloc(65536), *copy;
		uint32_t rnd = 7;
		FILE *in;
		size_t n;

		snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", files[f]);
		in = fopen(path, "r");
		assert_non_null(in);
		n = fread(all, 1, 65536, in);
		fclose(in);
		for (size_t cut = 0; cut < n; cut++) {
			copy = malloc(cut ? cut : 1); /* so that a sanitizer sees its end */
			memcpy(copy, all, cut);
			assert_null(timezone_read(copy, cut, why));
			free(copy);
		}
		copy = malloc(n);
		for (unsigned round = 0; round < 20000; round++) {
			struct timezone *tz;

			memcpy(copy, all, n);
			for (unsigned i = 0; i <= round % 3; i++) {
				rnd = rnd * 1664525 + 1013904223;
				copy[(rnd >> 8) % n] = (unsigned char)rnd;
			}
			tz = timezone_read(copy, n, why);
			if (tz)
				(void)timezone_offset(tz, (int64_t)rnd << 4);
			timezone_free(tz);
		}
		free(copy);
		free(all);
	}
}

static void test_calendar(void **state)
{
	(void)state;
	for (int64_t d = -200000; d < 400000; d += 17) {
		struct civil c = civil_of_days(d);

		assert_int_equal(civil_days(c.year, c.month, c.day), d);
		assert_true(c.day >= 1 && c.day <= civil_month_days(c.year, c.month));
	}
	assert_int_equal(civil_weekday(civil_days(2026, 11, 23)), 0);
	assert_int_equal(civil_weekday(civil_days(1969, 12, 28)), 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_libc), cmocka_unit_test(test_far_future),
		cmocka_unit_test(test_nights),	cmocka_unit_test(test_rules),
		cmocka_unit_test(test_names),	cmocka_unit_test(test_damage),
		cmocka_unit_test(test_calendar),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
