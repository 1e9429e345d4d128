/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Country databases of all schemas, implausible ones, and our own bogon table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "confdir.h"
#include "geo.h"

#define DE GEO_CODE('D', 'E')
#define FR GEO_CODE('F', 'R')
#define US GEO_CODE('U', 'S')
#define NONE "/nonexistent/database"

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

/* Writes NAME in the folder with tests/lib/mmdb.py and gives its path; rows: the schema first. */
static const char *make_database(struct confdir *d, const char *name, const char *options,
				 const char *rows)
{
	static char path[128];
	char command[512];

	snprintf(path, sizeof(path), "%s/%s", d->path, name);
	snprintf(command, sizeof(command), "tests/lib/mmdb.py %s %s %s", options, path, rows);
	assert_int_equal(system(command), 0);
	return path;
}

static struct addr addr(const char *text)
{
	struct addr a = { { 0 } };

	assert_int_equal(addr_parse(slice_of(text), &a), 0);
	return a;
}

static uint32_t country(const struct geo *g, const char *text)
{
	struct addr a = addr(text);

	return geo_country(g, &a);
}

static uint32_t asn(const struct geo *g, const char *text)
{
	struct addr a = addr(text);

	return geo_asn(g, &a);
}

static struct geo *open_database(struct confdir *d, const char *countries, const char *asns)
{
	conf_report_free(&d->report);
	return geo_open(countries, asns, &d->report);
}

static void test_schemas(void **state)
{
	static const char *const schemas[] = { "maxmind", "dbip", "ip-location-db", "ipinfo-old" };
	struct confdir *d = *state;

	for (unsigned i = 0; i < sizeof(schemas) / sizeof(schemas[0]); i++) {
		char rows[128];
		struct geo *g;

		snprintf(rows, sizeof(rows), "%s 5.0.0.0/8=DE 2a00::/16=FR 5.6.0.0/16=FR",
			 schemas[i]);
		g = open_database(d, make_database(d, "c.mmdb", "", rows), NONE);
		assert_non_null(g);
		assert_true(geo_has_country(g));
		assert_false(geo_has_asn(g));
		assert_int_equal(country(g, "5.1.2.3"), DE);
		assert_int_equal(country(g, "::ffff:5.1.2.3"), DE);
		assert_int_equal(country(g, "5.6.7.8"), FR);
		assert_int_equal(country(g, "2a00::1"), FR);
		assert_int_equal(country(g, "8.8.8.8"), US);
		assert_int_equal(country(g, "6.0.0.1"), 0);
		assert_int_equal(country(g, "2a0f::1"), 0);
		assert_int_equal(asn(g, "8.8.8.8"), 0);
		geo_free(g);
	}
	geo_free(NULL);
	assert_false(geo_has_country(NULL));
	assert_false(geo_has_asn(NULL));
}

static void test_registered_only(void **state)
{
	struct confdir *d = *state;
	struct geo *g = open_database(
		d, make_database(d, "c.mmdb", "", "maxmind 5.0.0.0/8=registered:DE"), NONE);

	assert_non_null(g);
	assert_int_equal(country(g, "5.1.2.3"), DE);
	geo_free(g);
}

/* What is no code of a country, and no number of a network, is nothing. */
static void test_nonsense(void **state)
{
	struct confdir *d = *state;
	struct geo *g = open_database(d, make_database(d, "c.mmdb", "", "maxmind 5.0.0.0/8=de "
						       "6.0.0.0/8=DEU 7.0.0.0/8=D1"), NONE);

	assert_non_null(g);
	assert_int_equal(country(g, "5.1.2.3"), 0);
	assert_int_equal(country(g, "6.1.2.3"), 0);
	assert_int_equal(country(g, "7.1.2.3"), 0);
	geo_free(g);
	g = open_database(d, NONE, make_database(d, "a.mmdb", "",
						 "asn-text 5.0.0.0/8=4294967297 6.0.0.0/8=1x"));
	assert_non_null(g);
	assert_int_equal(asn(g, "5.1.2.3"), 0);
	assert_int_equal(asn(g, "6.1.2.3"), 0);
	geo_free(g);
}

static void test_networks(void **state)
{
	static const char *const schemas[] = { "asn", "asn-text" };
	struct confdir *d = *state;

	for (unsigned i = 0; i < 2; i++) {
		char rows[64];
		struct geo *g;

		snprintf(rows, sizeof(rows), "%s 5.0.0.0/8=64496 2a00::/16=4200000001", schemas[i]);
		g = open_database(d, NONE, make_database(d, "a.mmdb", "", rows));
		assert_non_null(g);
		assert_true(geo_has_asn(g));
		assert_false(geo_has_country(g));
		assert_int_equal(asn(g, "5.1.2.3"), 64496);
		assert_int_equal(asn(g, "2a00::1"), 4200000001u);
		assert_int_equal(asn(g, "6.0.0.1"), 0);
		geo_free(g);
	}
}

static void test_one_family(void **state)
{
	struct confdir *d = *state;
	struct geo *g = open_database(d, make_database(d, "c.mmdb", "--ip-version 4",
						       "maxmind 5.0.0.0/8=DE"), NONE);

	assert_non_null(g);
	assert_int_equal(country(g, "5.1.2.3"), DE);
	assert_int_equal(country(g, "2a00::1"), 0);
	assert_true(confdir_says(d, "it does not know IPv6"));
	geo_free(g);
	g = open_database(d, make_database(d, "c.mmdb", "--probes 6", "dbip 2a00::/16=DE"), NONE);
	assert_non_null(g);
	assert_int_equal(country(g, "2a00::1"), DE);
	assert_true(confdir_says(d, "it does not know IPv4"));
	geo_free(g);
	g = open_database(d, make_database(d, "c.mmdb", "", "dbip"), NONE);
	assert_non_null(g);
	assert_false(confdir_says(d, "does not know"));
	geo_free(g);
}

static void refused(struct confdir *d, const char *path, const char *why)
{
	struct geo *g = open_database(d, path, NONE);

	if (g || !confdir_says(d, why))
		confdir_print(d);
	assert_null(g);
	assert_true(confdir_says(d, why));
	assert_int_equal(d->report.errors, 0);
}

static void test_implausible(void **state)
{
	struct confdir *d = *state;
	char path[128];

	refused(d, make_database(d, "c.mmdb", "--probes none", "maxmind 5.0.0.0/8=DE"),
		"well-known addresses");
	refused(d, make_database(d, "c.mmdb", "--probes same", "maxmind"), "well-known addresses");
	/* two different answers; three, and no more than these answers */
	refused(d, make_database(d, "c.mmdb", "--probes same", "maxmind 8.8.8.0/24=US"),
		"well-known addresses");
	refused(d, make_database(d, "c.mmdb", "--probes none",
				 "maxmind 8.8.8.0/24=US 193.0.6.0/24=NL 77.88.8.0/24=RU"),
		"well-known addresses");
	/* the other kind of database */
	refused(d, make_database(d, "c.mmdb", "", "asn"), "(its type is \"Test-asn\")");
	refused(d, NONE, "No such file");
	refused(d, d->path, "Is a directory");
	confdir_write(d, "c.mmdb", "not a database");
	snprintf(path, sizeof(path), "%s/c.mmdb", d->path);
	refused(d, path, "database not used: ");
	confdir_write(d, "c.mmdb", "");
	refused(d, path, "database not used: ");
}

/* Cut and damaged files are refused or answer something; they never crash. */
static void test_damage(void **state)
{
	struct confdir *d = *state;
	const char *path = make_database(d, "c.mmdb", "", "maxmind 5.0.0.0/8=DE");
	FILE *f = fopen(path, "r");
	char bytes[16384], *copy;
	size_t n = fread(bytes, 1, sizeof(bytes), f);
	uint32_t r = 5;

	fclose(f);
	assert_true(n > 1000 && n < sizeof(bytes));
	copy = malloc(n);
	assert_non_null(copy);
	for (unsigned round = 0; round < 600; round++) {
		struct geo *g;

		memcpy(copy, bytes, n);
		for (unsigned i = 0; i < 1 + round % 8; i++) {
			r = r * 1664525 + 1013904223;
			copy[(r >> 8) % n] ^= (char)(1 << (r >> 28) % 8);
		}
		confdir_write_bytes(d, "c.mmdb", copy, round % 3 ? n : n * (round + 1) / 601);
		g = open_database(d, path, NONE);
		if (g) {
			(void)country(g, "5.1.2.3");
			(void)country(g, "2a00::1");
		}
		geo_free(g);
	}
	free(copy);
}

/* Replacing or truncating the file in place must not reach what is in use. */
static void test_replaced_in_place(void **state)
{
	struct confdir *d = *state;
	const char *path = make_database(d, "c.mmdb", "", "maxmind 5.0.0.0/8=DE");
	struct geo *g = open_database(d, path, NONE);

	assert_non_null(g);
	assert_int_equal(truncate(path, 0), 0);
	assert_int_equal(country(g, "5.1.2.3"), DE);
	make_database(d, "c.mmdb", "", "maxmind 5.0.0.0/8=FR");
	assert_int_equal(country(g, "5.1.2.3"), DE);
	geo_free(g);
	g = open_database(d, path, NONE);
	assert_int_equal(country(g, "5.1.2.3"), FR);
	geo_free(g);
}

static void test_bogons(void **state)
{
	static const struct {
		const char *text;
		bool bogon, private;
	} rows[] = {
		{ "0.1.2.3", true, false },       { "10.0.0.1", true, true },
		{ "9.255.255.255", false, false }, { "11.0.0.0", false, false },
		{ "100.64.0.1", true, true },     { "100.127.255.255", true, true },
		{ "100.63.255.255", false, false }, { "100.128.0.0", false, false },
		{ "127.0.0.1", true, true },      { "169.254.1.1", true, true },
		{ "172.16.0.1", true, true },     { "172.31.255.255", true, true },
		{ "172.15.0.1", false, false },   { "172.32.0.0", false, false },
		{ "192.0.2.1", true, false },     { "192.168.1.1", true, true },
		{ "192.169.0.0", false, false },  { "198.18.0.1", true, false },
		{ "198.19.255.255", true, false }, { "198.20.0.0", false, false },
		{ "198.51.100.1", true, false },  { "203.0.113.9", true, false },
		{ "203.0.114.0", false, false },  { "223.255.255.255", false, false },
		{ "224.0.0.1", true, false },     { "255.255.255.255", true, false },
		{ "8.8.8.8", false, false },      { "::", true, false },
		{ "::1", true, true },            { "::2", true, false },
		{ "2001:db8::1", true, false },   { "2001:db9::1", false, false },
		{ "2001::1", true, false },       { "2001:4860::1", false, false },
		{ "2002::1", false, false },      { "3fff::1", true, false },
		{ "3fff:1000::1", false, false }, { "fc00::1", true, true },
		{ "fdff::1", true, true },        { "fe80::1", true, true },
		{ "febf::1", true, true },        { "fec0::1", true, false },
		{ "ff02::1", true, false },       { "64:ff9b:1::1", true, true },
		{ "64:ff9b::808:808", false, false }, { "2a00::1", false, false },
	};
	struct confdir *d = *state;
	struct geo *g = open_database(
		d, make_database(d, "c.mmdb", "", "maxmind 203.0.113.0/24=AU 10.0.0.0/8=DE"), NONE);

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct addr a = addr(rows[i].text);

		if (addr_is_bogon(&a) != rows[i].bogon || addr_is_private(&a) != rows[i].private)
			fprintf(stderr, "%s\n", rows[i].text);
		assert_int_equal(addr_is_bogon(&a), rows[i].bogon);
		assert_int_equal(addr_is_private(&a), rows[i].private);
	}
	/* whatever a database says of them */
	assert_non_null(g);
	assert_int_equal(country(g, "203.0.113.9"), 0);
	assert_int_equal(country(g, "10.0.0.1"), 0);
	geo_free(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_schemas, setup, teardown),
		cmocka_unit_test_setup_teardown(test_registered_only, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nonsense, setup, teardown),
		cmocka_unit_test_setup_teardown(test_networks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_one_family, setup, teardown),
		cmocka_unit_test_setup_teardown(test_implausible, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damage, setup, teardown),
		cmocka_unit_test_setup_teardown(test_replaced_in_place, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bogons, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
