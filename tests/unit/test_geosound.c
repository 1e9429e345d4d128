/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is asked of a new database before it takes the place of the old one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <unistd.h>

#include "confdir.h"
#include "geo.h"

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

/* Writes a file in the folder with tests/lib/mmdb.py: options, then its path, then rows. */
static void make(struct confdir *d, char path[128], const char *options, const char *rows)
{
	char command[512];

	snprintf(path, 128, "%s/new.mmdb", d->path);
	snprintf(command, sizeof(command), "tests/lib/mmdb.py %s %s %s", options, path, rows);
	assert_int_equal(system(command), 0);
}

/* "": sound */
static void judged(struct confdir *d, const char *path, enum geo_kind kind,
		   struct geo_survey *s, char why[GEO_WHY])
{
	struct geo *g;
	bool sound;

	conf_report_free(&d->report);
	g = geo_open_file(kind, path, &d->report);
	snprintf(why, GEO_WHY, g ? "" : "not opened");
	assert_true(g || d->report.n);
	if (!g)
		return;
	sound = geo_sound(g, kind, s, why);
	assert_int_equal(sound, !why[0]);
	assert_string_equal(geo_path(g, kind), path);
	geo_free(g);
}

static void test_sound(void **state)
{
	struct geo_survey s;
	char path[128], why[GEO_WHY];

	make(*state, path, "--world --built 1700000007", "maxmind");
	judged(*state, path, GEO_COUNTRY, &s, why);
	assert_string_equal(why, "");
	assert_int_equal(s.built, 1700000007);
	assert_int_equal(s.networks[0], 216);
	assert_int_equal(s.networks[1], 213);
	assert_true(s.countries >= 200 && s.countries <= 211);
	/* what leads to IPv4 a second time is not counted again; what is only registered is */
	make(*state, path, "--world --alias", "maxmind 5.0.0.0/8=registered:DE");
	judged(*state, path, GEO_COUNTRY, &s, why);
	assert_string_equal(why, "");
	assert_int_equal(s.networks[0], 217);
	assert_int_equal(s.networks[1], 213);
	make(*state, path, "--world", "asn");
	judged(*state, path, GEO_ASN, &s, why);
	assert_string_equal(why, "");
	assert_int_equal(s.countries, 0);
}

static void test_unsound(void **state)
{
	static const struct {
		const char *options, *rows, *why;
	} files[] = {
		{ "", "maxmind", "it knows 1" },
		{ "--world --countries 140", "maxmind", "should know 150" },
		{ "--world --probes 4", "dbip", "well-known IPv6" },
		{ "--world --probes 6", "dbip", "well-known IPv4" },
		{ "--world --ip-version 4", "dbip", "it has no IPv6 networks" },
		{ "--world --probes none", "dbip", "not opened" },
		{ "--world --probes same", "dbip", "not opened" },
		{ "--world", "asn", "not opened" },
		{ "--world", "dbip 193.0.6.0/24=FR 141.20.0.0/17=FR", "" }, /* two may be wrong */
		{ "--world", "dbip 193.0.6.0/24=FR 141.20.0.0/17=FR 133.11.0.0/20=FR",
		  "the last of them 141.20.1.3" },
	};

	for (unsigned i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct geo_survey s;
		char path[128], why[GEO_WHY];

		make(*state, path, files[i].options, files[i].rows);
		judged(*state, path, GEO_COUNTRY, &s, why);
		if (files[i].why[0] ? !strstr(why, files[i].why) : why[0])
			fail_msg("%s %s: %s", files[i].options, files[i].rows, why);
	}
}

static void test_unsound_networks(void **state)
{
	struct geo_survey s;
	char path[128], why[GEO_WHY];

	make(*state, path, "--world", "asn 193.0.6.0/24=1 130.59.0.0/17=1 129.240.0.0/17=1");
	judged(*state, path, GEO_ASN, &s, why);
	assert_non_null(strstr(why, "well-known IPv4"));
}

/* Where `text` begins in the file, and the bytes behind it. */
static long find(const char *path, const char *text, uint8_t behind[8])
{
	static char all[1 << 17];
	FILE *f = fopen(path, "r");
	const char *there;

	assert_non_null(f);
	there = memmem(all, fread(all, 1, sizeof(all) - 8, f), text, strlen(text));
	fclose(f);
	assert_non_null(there);
	memcpy(behind, there + strlen(text), 8);
	return there - all;
}

static void overwrite(const char *path, long at, const void *bytes, size_t n)
{
	FILE *f = fopen(path, "r+");

	assert_non_null(f);
	assert_int_equal(fseek(f, at, SEEK_SET), 0);
	assert_int_equal(fwrite(bytes, n, 1, f), 1);
	assert_int_equal(fclose(f), 0);
}

/* The tree is whole, and one entry leads out of the file. */
static void test_damaged_entry(void **state)
{
	struct geo_survey s;
	char path[128], why[GEO_WHY];
	uint8_t behind[8];

	make(*state, path, "--world", "dbip 5.0.0.0/8=QZ");
	judged(*state, path, GEO_COUNTRY, &s, why);
	assert_string_equal(why, "");
	/* its text becomes a pointer */
	overwrite(path, find(path, "BQZ", behind), "\x38\xff\xff\xff\xff", 5);
	judged(*state, path, GEO_COUNTRY, &s, why);
	assert_string_equal(why, "it is damaged");
}

/* Both records of each node lead to the next one: no circle, and 2^90 ways through. */
static void test_all_ways(void **state)
{
	struct geo_survey s;
	char path[128], why[GEO_WHY];
	uint8_t count[8];
	unsigned nodes;

	make(*state, path, "--world", "maxmind f000::/128=DE");
	find(path, "node_count", count);
	assert_int_equal(count[0], 0xc2); /* a uint32 of two bytes */
	nodes = count[1] * 256u + count[2];
	/* the last ones are the path to the longest prefix, one behind the other */
	for (unsigned i = nodes - 100; i < nodes - 10; i++) {
		uint8_t hi = (uint8_t)((i + 1) >> 8), lo = (uint8_t)(i + 1);

		overwrite(path, 6 * (long)i, (uint8_t[]){ 0, hi, lo, 0, hi, lo }, 6);
	}
	judged(*state, path, GEO_COUNTRY, &s, why);
	assert_string_equal(why, "it is damaged");
}

/* However it is cut or changed: never sound where it was read wrong, and never a crash. */
static void test_damaged(void **state)
{
	struct geo_survey s;
	char path[128], why[GEO_WHY];
	unsigned refused = 0;
	FILE *f;
	long n;

	make(*state, path, "--world", "maxmind");
	f = fopen(path, "r+");
	assert_non_null(f);
	fseek(f, 0, SEEK_END);
	n = ftell(f);
	for (long at = 0; at < n; at += 997) {
		int was;

		fseek(f, at, SEEK_SET);
		was = fgetc(f);
		fseek(f, at, SEEK_SET);
		fputc(was ^ 0x5a, f);
		fflush(f);
		judged(*state, path, GEO_COUNTRY, &s, why);
		refused += why[0] != '\0';
		fseek(f, at, SEEK_SET);
		fputc(was, f);
		fflush(f);
	}
	assert_true(refused);
	judged(*state, path, GEO_COUNTRY, &s, why);
	assert_string_equal(why, "");
	assert_int_equal(ftruncate(fileno(f), n / 2), 0);
	judged(*state, path, GEO_COUNTRY, &s, why);
	assert_string_not_equal(why, "");
	fclose(f);
}

/* A node that leads back to the root: no end, were the depth not bounded. */
static void test_circle(void **state)
{
	static const uint8_t root[6]; /* both records: node 0 */
	struct geo_survey s;
	char path[128], why[GEO_WHY];
	FILE *f;

	make(*state, path, "--world", "maxmind f000::/128=DE");
	f = fopen(path, "r+");
	assert_non_null(f);
	/* the last node made is the end of that path */
	for (long at = 0; at < 6 * 127; at += 6) {
		judged(*state, path, GEO_COUNTRY, &s, why);
		if (why[0])
			break;
		fseek(f, 6 * 200 + at, SEEK_SET);
		fwrite(root, sizeof(root), 1, f);
		fflush(f);
	}
	fclose(f);
	assert_string_not_equal(why, "");
}

static void test_succeeds(void **state)
{
	struct geo_survey old = { .built = 86400 * 100, .networks = { 1000, 3 } }, fresh = old;
	char why[GEO_WHY];

	(void)state;
	assert_true(geo_succeeds(&fresh, &old, why));
	fresh.networks[0] = 500;
	fresh.networks[1] = 1;
	assert_true(geo_succeeds(&fresh, &old, why));
	fresh.networks[0] = 499;
	assert_false(geo_succeeds(&fresh, &old, why));
	assert_string_equal(why, "it has 499 IPv4 networks, and the one in place 1000");
	fresh = old;
	fresh.networks[1] = 0;
	assert_false(geo_succeeds(&fresh, &old, why));
	assert_non_null(strstr(why, "IPv6"));
	fresh = old;
	fresh.built = 86400 * 98;
	assert_false(geo_succeeds(&fresh, &old, why));
	assert_string_equal(why, "it was made 2 days before the one in place");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_sound, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unsound, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damaged, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unsound_networks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damaged_entry, setup, teardown),
		cmocka_unit_test_setup_teardown(test_circle, setup, teardown),
		cmocka_unit_test_setup_teardown(test_all_ways, setup, teardown),
		cmocka_unit_test(test_succeeds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
