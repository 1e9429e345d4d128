/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long proven bans last, and whom those of prefixes leave alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "answer.h"
#include "rules.h"
#include "settle.h"
#include "state/flows.h"
#include "state/state.h"

#define SECONDS 300 /* what the check says */
#define SITES 200

static struct ruleset *rs;
static struct state *st;
static uint64_t now;

static void begin(const char *config)
{
	static const uint8_t seed[16] = { 3 };

	rs = rules_load(config);
	st = state_new(ruleset_settings(rs), seed);
	assert_non_null(st);
	now = 1000 * NS;
}

static void end(void)
{
	state_free(st);
	ruleset_free(rs);
}

static unsigned check_of(const char *name)
{
	for (unsigned i = 0; i < check_count; i++)
		if (strcmp(checks[i]->name, name) == 0)
			return i;
	fail();
	return 0;
}

/* A scanner from there, in a connection or with such a proof; what became of it. */
static struct decision scans_as(const struct segment *seg, enum proof proof, uint8_t net,
				uint8_t host)
{
	static const char text[] = "OPTIONS sip:a@192.0.2.10 SIP/2.0\r\n";
	const uint8_t from[4] = { 203, 0, net, host }, to[4] = { 192, 0, 2, 10 };
	const struct pkt pkt = { .src = addr_v4(from), .dst = addr_v4(to), .dir = DIR_INBOUND,
				 .payload = { text, sizeof(text) - 1 }, .proto = PROTO_TCP };
	struct probe p = { .pkt = &pkt, .segment = seg, .rules = rs, .zone = &rs->zone[0],
			   .state = st, .now = now, .proof = proof,
			   .site = addr_site(&pkt.src) };
	struct evidence ev = { .reason = "a scanner" };
	struct decision d = { .check = CHECK_NONE };
	struct answers out;

	p.site_key = key_of_addr(st, &p.site);
	(void)settle(&p, check_of("agent"), &ev, &out, &d);
	return d;
}

static struct decision scans_in(const struct segment *seg, uint8_t net, uint8_t host)
{
	return scans_as(seg, PROOF_NONE, net, host);
}

static struct decision scans(uint8_t net, uint8_t host)
{
	const struct segment seg = { .shown = true };

	return scans_in(&seg, net, host);
}

static uint64_t end_of(uint8_t net, uint8_t host)
{
	const uint8_t from[4] = { 203, 0, net, host };
	struct addr a = addr_v4(from);
	struct ban b;

	assert_true(state_ban_find(st, &a, now, &b));
	return b.until;
}

static void test_jitter(void **unused)
{
	const uint64_t told = SECONDS * NS;
	uint64_t least = UINT64_MAX, most = 0, all = 0;

	(void)unused;
	begin("bans = { jitter = 50; neighbours = 0; rate = 0; };\n");
	for (unsigned i = 0; i < SITES; i++) {
		uint64_t life;

		assert_int_equal(scans(113, (uint8_t)i).ban, SECONDS);
		life = end_of(113, (uint8_t)i) - now;
		assert_in_range(life, told, told + told / 2);
		least = life < least ? life : least;
		most = life > most ? life : most;
		all += life;
	}
	/* from end to end, and evenly */
	assert_true(least < told + told / 20 && most > told + told * 9 / 20);
	assert_in_range(all / SITES, told + told / 5, told + told * 3 / 10);
	end();
	begin("bans = { jitter = 0; };\n");
	(void)scans(113, 1);
	assert_int_equal(end_of(113, 1) - now, told);
	end();
}

/* Nobody who was banned before can tell when the next one ends. */
static void test_jitter_is_another_each_time(void **unused)
{
	uint64_t life[2];

	(void)unused;
	begin("bans = { jitter = 50; factor = 1; };\n");
	for (unsigned i = 0; i < 2; i++) {
		(void)scans(113, 1);
		life[i] = end_of(113, 1) - now;
		now += 1000 * NS;
	}
	assert_true(life[0] != life[1]);
	end();
}

/* Two workers have found the same in one connection. */
static void test_the_same_twice_is_one_ban(void **unused)
{
	(void)unused;
	begin("bans = { jitter = 0; };\n");
	assert_int_equal(scans(113, 1).ban_times, 1);
	assert_int_equal(scans(113, 1).ban_times, 1);
	now += 2 * SECONDS * NS;
	assert_int_equal(scans(113, 1).ban_times, 2);
	assert_int_equal(scans(113, 1).ban_times, 2);
	end();
}

/* Who is banned already is no new ban, however many there are in this second. */
static void test_the_same_is_not_capped(void **unused)
{
	struct decision d;

	(void)unused;
	begin("bans = { rate = 1; jitter = 0; };\n");
	assert_int_equal(scans(113, 1).ban, SECONDS);
	d = scans(113, 1);
	assert_int_equal(d.ban, SECONDS);
	assert_false(d.ban_capped);
	d = scans(113, 2);
	assert_int_equal(d.ban, 0);
	assert_true(d.ban_capped);
	assert_int_equal(d.verdict, VERDICT_DROP);
	end();
}

static bool whole(uint8_t net)
{
	struct decision d = { 0 };

	for (unsigned i = 1; i <= 8; i++)
		d = scans(net, (uint8_t)i);
	return d.banned.len == ADDR_V4_BITS + 24;
}

/* Trunks, and addresses of a zone that is trusted, are not banned with their neighbours. */
static void test_prefixes_with_others(void **unused)
{
	(void)unused;
	begin("memory = { learning = \"0s\"; };\n"
	      "trunks = ( { name = \"carrier\"; addresses = [ \"203.0.1.99\" ]; } );\n"
	      "zones = ( { name = \"far\"; addresses = [ \"203.0.2.99\" ]; },\n"
	      "  { name = \"office\"; addresses = [ \"203.0.3.99\" ]; trust = true; } );\n"
	      "bans = { never = [ \"203.0.4.99\" ]; };\n");
	assert_false(whole(1));
	assert_true(whole(2));
	assert_false(whole(3));
	assert_false(whole(4));
	assert_true(whole(5));
	end();
}

/* A ban that is longer than any may grow stays as long as the check says. */
static void test_a_long_one_stays(void **unused)
{
	(void)unused;
	begin("bans = { longest = \"10m\"; jitter = 0; };\nagent = { ban = \"1h\"; };\n");
	assert_int_equal(scans(113, 1).ban, 3600);
	now += 4000 * NS;
	assert_int_equal(scans(113, 1).ban, 3600);
	end();
	begin("bans = { longest = \"10m\"; jitter = 0; };\n");
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(scans(113, 1).ban, i ? 600 : SECONDS);
		now += 1000 * NS;
	}
	end();
}

/* What no server has confirmed may be forged from end to end. */
static void test_connections_that_nobody_saw(void **unused)
{
	const struct segment middle = { .shown = false }, guessed = { .guessed = true };
	struct decision d;

	(void)unused;
	begin("");
	d = scans_in(&guessed, 113, 1);
	assert_int_equal(d.verdict, VERDICT_DROP);
	assert_int_equal(d.ban, 0);
	d = scans_in(&middle, 113, 1);
	assert_int_equal(d.ban, SECONDS);
	assert_false(d.ban_proven);
	end();
}

/* Our own nonce, which we gave to nobody else, came back. */
static void test_a_decoy_came_back(void **unused)
{
	(void)unused;
	begin("bans = { neighbours = 0; };\n");
	assert_false(scans_as(NULL, PROOF_NONE, 113, 1).ban_proven);
	assert_true(scans_as(NULL, PROOF_DECOY, 113, 2).ban_proven);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_jitter),
		cmocka_unit_test(test_jitter_is_another_each_time),
		cmocka_unit_test(test_the_same_twice_is_one_ban),
		cmocka_unit_test(test_the_same_is_not_capped),
		cmocka_unit_test(test_prefixes_with_others),
		cmocka_unit_test(test_a_long_one_stays),
		cmocka_unit_test(test_connections_that_nobody_saw),
		cmocka_unit_test(test_a_decoy_came_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
