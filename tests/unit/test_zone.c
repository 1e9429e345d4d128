/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which zone a source is in: the first whose conditions all hold. */
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
#include "state/state.h"

struct field {
	struct confdir *d;
	struct state *st;
};

static int setup(void **state)
{
	static const uint8_t seed[16] = { 3 };
	static const struct settings sizes = { .meters = 1024, .sources = 1024, .tokens = 1024,
					       .ban_max = 64 };
	struct field *f = calloc(1, sizeof(*f));
	char command[512];

	f->d = confdir_new();
	f->st = state_new(&sizes, seed);
	*state = f;
	snprintf(command, sizeof(command),
		 "tests/lib/mmdb.py %s/c.mmdb maxmind 5.0.0.0/8=DE 6.0.0.0/8=FR && "
		 "tests/lib/mmdb.py %s/a.mmdb asn 5.1.0.0/16=64496 6.0.0.0/8=64496",
		 f->d->path, f->d->path);
	return system(command);
}

static int teardown(void **state)
{
	struct field *f = *state;

	state_free(f->st);
	confdir_free(f->d);
	free(f);
	return 0;
}

static struct ruleset *load(struct field *f, const char *zones)
{
	char text[2048];
	struct ruleset *rs;

	snprintf(text, sizeof(text), "geo = { country = \"%s/c.mmdb\"; asn = \"%s/a.mmdb\"; };\n"
		 "zones = ( %s );\n", f->d->path, f->d->path, zones);
	rs = confdir_load_text(f->d, text);
	if (!rs || f->d->report.n)
		confdir_print(f->d);
	assert_non_null(rs);
	assert_int_equal(f->d->report.n, 0);
	return rs;
}

static struct addr addr(const char *text)
{
	struct addr a = { { 0 } };

	assert_int_equal(addr_parse(slice_of(text), &a), 0);
	return a;
}

static const char *zone(struct field *f, const struct ruleset *rs, const char *src, uint8_t proto)
{
	struct pkt pkt = { .src = addr(src), .proto = proto };
	struct addr site = addr_site(&pkt.src);

	return ruleset_zone_name(rs, zone_find(rs, f->st, &pkt, key_of_addr(f->st, &site),
					       10 * NS));
}

/* A server inside accepts a registration of the phone. */
static void register_phone(struct field *f, const char *phone)
{
	static const char answer[] =
		"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP x;branch=z9hG4bK2\r\n"
		"From: <sip:1@example.com>;tag=a\r\nTo: <sip:1@example.com>;tag=c\r\n"
		"Call-ID: c1\r\nCSeq: 2 REGISTER\r\nContact: <sip:1@x>;expires=3600\r\n"
		"Content-Length: 0\r\n\r\n";
	struct pkt pkt = { .src = addr("192.0.2.10"), .dst = addr(phone), .sport = 5060,
			   .dport = 5062, .proto = PROTO_UDP, .dir = DIR_OUTBOUND };
	struct sip_msg sip;

	pkt.payload = slice_of(answer);
	sip_parse(&sip, pkt.payload);
	source_learn(f->st, &pkt, &sip, 5 * NS);
}

static void test_first_wins(void **state)
{
	struct field *f = *state;
	struct ruleset *rs = load(
		f, "{ name = \"one\"; addresses = [ \"5.1.1.1\" ]; },"
		   "{ name = \"wide\"; addresses = [ \"5.1.0.0/16\", \"2001:db8::/32\" ]; },"
		   "{ name = \"wider\"; addresses = [ \"5.0.0.0/8\" ]; }");

	assert_string_equal(zone(f, rs, "5.1.1.1", PROTO_UDP), "one");
	assert_string_equal(zone(f, rs, "5.1.1.2", PROTO_TCP), "wide");
	assert_string_equal(zone(f, rs, "5.2.1.2", PROTO_UDP), "wider");
	assert_string_equal(zone(f, rs, "2001:db8:9::1", PROTO_UDP), "wide");
	assert_string_equal(zone(f, rs, "6.1.1.1", PROTO_UDP), "default");
	ruleset_free(rs);
}

static void test_all_conditions(void **state)
{
	struct field *f = *state;
	struct ruleset *rs = load(
		f, "{ name = \"both\"; countries = [ \"DE\", \"FR\" ]; asns = [ \"AS64496\" ]; "
		   "transport = \"tcp\"; },"
		   "{ name = \"de\"; countries = [ \"DE\" ]; },"
		   "{ name = \"tcp\"; transport = \"tcp\"; }");

	assert_string_equal(zone(f, rs, "5.1.1.1", PROTO_TCP), "both");
	assert_string_equal(zone(f, rs, "6.1.1.1", PROTO_TCP), "both");
	assert_string_equal(zone(f, rs, "5.2.1.1", PROTO_TCP), "de"); /* no such AS */
	assert_string_equal(zone(f, rs, "5.1.1.1", PROTO_UDP), "de");
	assert_string_equal(zone(f, rs, "6.1.1.1", PROTO_UDP), "default");
	assert_string_equal(zone(f, rs, "12.0.0.1", PROTO_TCP), "tcp");
	assert_string_equal(zone(f, rs, "10.0.0.1", PROTO_UDP), "default");
	ruleset_free(rs);
}

static void test_registered(void **state)
{
	struct field *f = *state;
	struct ruleset *rs = load(
		f, "{ name = \"home\"; registered = true; countries = [ \"DE\" ]; },"
		   "{ name = \"stranger\"; registered = false; transport = \"udp\"; },"
		   "{ name = \"known\"; registered = true; }");

	assert_string_equal(zone(f, rs, "5.1.1.1", PROTO_UDP), "stranger");
	assert_string_equal(zone(f, rs, "5.1.1.1", PROTO_TCP), "default");
	register_phone(f, "5.1.1.1");
	register_phone(f, "12.0.0.1");
	register_phone(f, "2a00:1:2:3::4");
	assert_string_equal(zone(f, rs, "5.1.1.1", PROTO_UDP), "home");
	assert_string_equal(zone(f, rs, "12.0.0.1", PROTO_UDP), "known");
	assert_string_equal(zone(f, rs, "2a00:1:2:3::99", PROTO_UDP), "known"); /* its site */
	assert_string_equal(zone(f, rs, "12.0.0.2", PROTO_UDP), "stranger");
	ruleset_free(rs);
}

/* Without its database a condition never holds; the other zones work on. */
static void test_no_database(void **state)
{
	struct field *f = *state;
	struct ruleset *rs = confdir_load_text(
		f->d, "geo = { country = \"/nonexistent\"; asn = \"/nonexistent\"; };\n"
		      "zones = ( { name = \"de\"; countries = [ \"DE\" ]; },"
		      "{ name = \"as\"; asns = [ \"AS64496\" ]; },"
		      "{ name = \"udp\"; transport = \"udp\"; } );");

	assert_non_null(rs);
	assert_string_equal(zone(f, rs, "5.1.1.1", PROTO_UDP), "udp");
	ruleset_free(rs);
}

static enum found trusted_run(struct field *f, const struct ruleset *rs, const char *src)
{
	struct pkt pkt = { .src = addr(src), .proto = PROTO_UDP };
	struct probe p = { .pkt = &pkt, .rules = rs, .state = f->st, .now = 10 * NS };
	struct evidence ev;
	unsigned i = 0;

	while (i < check_count && checks[i] != &check_trusted)
		i++;
	assert_true(i < check_count);
	p.zone = &rs->zone[zone_find(rs, f->st, &pkt, 0, p.now)];
	return check_trusted.run(&p, p.zone->conf[i], &ev);
}

static void test_trust(void **state)
{
	struct field *f = *state;
	struct ruleset *rs;

	confdir_write(f->d, "conf.d/t.conf", "trusted = { addresses = [ \"6.6.6.0/24\" ]; };");
	rs = load(f, "{ name = \"de\"; countries = [ \"DE\" ]; trust = true; },"
		     "{ name = \"fr\"; countries = [ \"FR\" ]; trusted = { addresses = [ ]; }; }");
	assert_int_equal(trusted_run(f, rs, "5.1.1.1"), TRUST);
	assert_int_equal(trusted_run(f, rs, "6.6.6.6"), CLEAR); /* its zone trusts nobody */
	assert_int_equal(trusted_run(f, rs, "12.0.0.1"), CLEAR);
	assert_int_equal(trusted_run(f, rs, "127.0.0.1"), CLEAR);
	ruleset_free(rs);
	rs = load(f, "");
	assert_int_equal(trusted_run(f, rs, "6.6.6.6"), TRUST);
	assert_int_equal(trusted_run(f, rs, "6.6.7.6"), CLEAR);
	ruleset_free(rs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_first_wins, setup, teardown),
		cmocka_unit_test_setup_teardown(test_all_conditions, setup, teardown),
		cmocka_unit_test_setup_teardown(test_registered, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_database, setup, teardown),
		cmocka_unit_test_setup_teardown(test_trust, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
