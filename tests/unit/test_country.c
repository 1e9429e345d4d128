/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The country check: lists, networks, the unknown, the private. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "checks.h"
#include "confdir.h"
#include "geo.h"
#include "ruleset.h"

/* 5/8 DE AS64496, 6/8 FR AS64497, 7/8 US without AS, 9/8 AS64499 without country */
static int setup(void **state)
{
	struct confdir *d = confdir_new();
	char command[512];

	snprintf(command, sizeof(command),
		 "tests/lib/mmdb.py %s/c.mmdb maxmind 5.0.0.0/8=DE 6.0.0.0/8=FR 7.0.0.0/8=US "
		 "2a00::/16=DE && tests/lib/mmdb.py %s/a.mmdb asn 5.0.0.0/8=64496 "
		 "6.0.0.0/8=64497 9.0.0.0/8=64499", d->path, d->path);
	*state = d;
	return system(command);
}

static int teardown(void **state)
{
	confdir_free(*state);
	return 0;
}

static unsigned country_index(void)
{
	unsigned i = 0;

	while (i < check_count && checks[i] != &check_country)
		i++;
	assert_true(i < check_count);
	return i;
}

static struct ruleset *load(struct confdir *d, const char *keys)
{
	char text[1024];
	struct ruleset *rs;

	snprintf(text, sizeof(text), /* a relative path: beside the config */
		 "geo = { country = \"c.mmdb\"; asn = \"%s/a.mmdb\"; };\n"
		 "country = { mode = \"enforce\"; %s };\n", d->path, keys);
	rs = confdir_load_text(d, text);
	if (!rs)
		confdir_print(d);
	assert_non_null(rs);
	return rs;
}

static enum found run(const struct ruleset *rs, const char *src, struct evidence *ev)
{
	struct pkt pkt = { .proto = PROTO_UDP };
	struct probe p = { .pkt = &pkt, .rules = rs, .zone = &rs->zone[0], .now = 1 };

	assert_int_equal(addr_parse(slice_of(src), &pkt.src), 0);
	memset(ev, 0, sizeof(*ev));
	return check_country.run(&p, rs->zone[0].conf[country_index()], ev);
}

/* One letter an address: '.' passes, '!' is refused. */
static void expect(struct confdir *d, const char *keys, const char *verdicts)
{
	static const char *const src[] = {
		"5.0.0.1",     "6.0.0.1",   "7.0.0.1",     "9.0.0.1", "12.0.0.1",
		"203.0.113.9", "10.0.0.1",  "127.0.0.1",   "2a00::1", "fd00::1",
	};
	struct ruleset *rs = load(d, keys);
	char found[sizeof(src) / sizeof(src[0]) + 1] = "";
	struct evidence ev;

	assert_int_equal(d->report.n, 0);
	for (unsigned i = 0; i < sizeof(src) / sizeof(src[0]); i++) {
		found[i] = run(rs, src[i], &ev) == HIT ? '!' : '.';
		assert_int_equal(found[i] == '!', ev.reason[0] && found[i] == '!');
	}
	if (strcmp(found, verdicts) != 0)
		fprintf(stderr, "%s\n", keys);
	assert_string_equal(found, verdicts);
	ruleset_free(rs);
}

static void test_lists(void **state)
{
	struct confdir *d = *state;

	/*                                       DE FR US AS ?? bogon 10 127 DE6 fd */
	expect(d, "deny = [ \"FR\" ];",                                  ".!........");
	expect(d, "deny = [ \"fr\", \"us\" ];",                          ".!!.......");
	expect(d, "allow = [ \"DE\" ];",                                 ".!!.......");
	expect(d, "allow = [ \"DE\" ]; unknown = \"refuse\";",           ".!!!!!....");
	expect(d, "unknown = \"refuse\";",                               "...!!!....");
	expect(d, "allow = [ \"DE\", \"FR\" ]; deny = [ \"FR\" ];",      ".!!.......");
	expect(d, "asn_deny = [ \"AS64496\" ];",                         "!.........");
	expect(d, "asn_allow = [ \"AS64496\" ];",                        ".!.!......");
	expect(d, "asn_allow = [ \"64496\" ]; unknown = \"refuse\";",    ".!!!!!..!.");
	expect(d, "allow = [ \"FR\" ]; asn_allow = [ \"AS64499\" ];",    "!.!.....!.");
	expect(d, "allow = [ \"DE\" ]; asn_deny = [ \"AS64496\" ];",     "!!!.......");
	expect(d, "allow = [ \"US\" ]; asn_allow = [ \"AS64499\" ]; unknown = \"refuse\";",
	       "!!..!!..!.");
}

static void test_reasons(void **state)
{
	struct confdir *d = *state;
	struct ruleset *rs = load(d, "allow = [ \"DE\" ]; deny = [ \"FR\" ]; "
				     "asn_deny = [ \"AS64499\" ]; unknown = \"refuse\";");
	struct evidence ev;

	assert_int_equal(run(rs, "6.0.0.1", &ev), HIT);
	assert_string_equal(ev.reason, "country FR is denied");
	assert_int_equal(run(rs, "7.0.0.1", &ev), HIT);
	assert_string_equal(ev.reason, "country US is not on the allow list");
	assert_int_equal(run(rs, "9.0.0.1", &ev), HIT);
	assert_string_equal(ev.reason, "AS64499 is denied");
	assert_int_equal(run(rs, "12.0.0.1", &ev), HIT);
	assert_string_equal(ev.reason, "country unknown");
	ruleset_free(rs);
}

/* No database: the check finds nothing, `check` calls it an error, all else works. */
static void test_no_database(void **state)
{
	struct confdir *d = *state;
	struct evidence ev;
	struct ruleset *rs = confdir_load_text(
		d, "geo = { country = \"/nonexistent\"; asn = \"/nonexistent\"; };\n"
		   "country = { mode = \"enforce\"; allow = [ \"DE\" ]; unknown = \"refuse\"; };");

	assert_non_null(rs);
	assert_int_equal(d->report.degraded, 1);
	assert_int_equal(run(rs, "6.0.0.1", &ev), CLEAR);
	ruleset_free(rs);
	rs = confdir_load_text(d, "country = { mode = \"enforce\"; };");
	assert_non_null(rs);
	assert_true(d->report.degraded > 0);
	ruleset_free(rs);
}

static void test_one_database(void **state)
{
	struct confdir *d = *state;
	struct evidence ev;
	char text[512];
	struct ruleset *rs;

	snprintf(text, sizeof(text),
		 "geo = { country = \"/nonexistent\"; asn = \"%s/a.mmdb\"; };\n"
		 "country = { mode = \"enforce\"; allow = [ \"DE\" ]; asn_allow = [ \"AS1\" ]; "
		 "asn_deny = [ \"AS64497\" ]; unknown = \"refuse\"; };", d->path);
	rs = confdir_load_text(d, text);
	assert_non_null(rs);
	assert_int_equal(d->report.degraded, 1);
	assert_int_equal(run(rs, "6.0.0.1", &ev), HIT);
	assert_int_equal(run(rs, "5.0.0.1", &ev), CLEAR);
	/* nobody is refused for a database that is not there */
	assert_int_equal(run(rs, "12.0.0.1", &ev), CLEAR);
	ruleset_free(rs);
}

/* Of what a server sends, whom it goes to is told. */
static void told_of_the_outside_end(void **state)
{
	struct ruleset *rs = load(*state, "");
	struct pkt pkt = { .proto = PROTO_UDP };
	struct decision d = { .dir = DIR_OUTBOUND };
	struct about about;

	assert_int_equal(addr_parse(SLICE("5.0.0.1"), &pkt.src), 0);
	assert_int_equal(addr_parse(SLICE("6.0.0.1"), &pkt.dst), 0);
	engine_about(rs, NULL, &pkt, &d, &about);
	assert_string_equal(about.country, "FR");
	d.dir = DIR_INBOUND;
	engine_about(rs, NULL, &pkt, &d, &about);
	assert_string_equal(about.country, "DE");
	ruleset_free(rs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_lists, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reasons, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_database, setup, teardown),
		cmocka_unit_test_setup_teardown(test_one_database, setup, teardown),
		cmocka_unit_test_setup_teardown(told_of_the_outside_end, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
